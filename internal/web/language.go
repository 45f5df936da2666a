package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"

	"golang.org/x/text/language"
)

// languages are those of the pages; the first is for whoever asks for neither.
var languages = []string{"en", "fr"}

var matcher = language.NewMatcher([]language.Tag{language.English, language.French})

//go:embed texts
var textFiles embed.FS

// texts are a language's, by id, and its explanations of problems, by code.
type texts struct {
	Lang     string
	page     map[string]string
	problems map[string]string
}

// loadTexts reads what is embedded; the tests read it too, so that a fault in it
// never gets out.
func loadTexts() map[string]*texts {
	all := make(map[string]*texts, len(languages))
	for _, lang := range languages {
		all[lang] = &texts{
			Lang:     lang,
			page:     mustRead("texts/pages." + lang + ".json"),
			problems: mustRead("texts/problems." + lang + ".json"),
		}
	}
	return all
}

func mustRead(name string) map[string]string {
	text, err := textFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	var m map[string]string
	if err := json.Unmarshal(text, &m); err != nil {
		panic(fmt.Errorf("%s: %w", name, err))
	}
	return m
}

// T gives a text of the pages.
func (t *texts) T(id string) (string, error) {
	s, ok := t.page[id]
	if !ok {
		return "", fmt.Errorf("no text %q in %s", id, t.Lang)
	}
	return s, nil
}

// maxAcceptLanguage bounds what is read of the header, in bytes.
const maxAcceptLanguage = 256

// languageOf says in which language to answer.
func languageOf(r *http.Request) string {
	header := r.Header.Get("Accept-Language")
	if len(header) > maxAcceptLanguage {
		return languages[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return languages[0]
	}
	_, i, _ := matcher.Match(wanted...)
	return languages[i]
}
