package locale

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Default is the language of those for whom there is none of theirs, unless the
// issuer has set another.
const Default = "en"

//go:embed *.json
var files embed.FS

// Languages gives the languages that there are texts in, the default first, as
// BCP 47 tags.
var Languages = sync.OnceValue(func() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // embedded
	}
	found := []string{Default}
	for _, e := range entries {
		if lang := strings.TrimSuffix(e.Name(), ".json"); lang != Default {
			found = append(found, lang)
		}
	}
	return found
})

var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, lang := range Languages() {
		tags = append(tags, language.Make(lang))
	}
	return language.NewMatcher(tags)
})

var localizers = sync.OnceValue(func() map[string]*i18n.Localizer {
	bundle := i18n.NewBundle(language.Make(Default))
	found := map[string]*i18n.Localizer{}
	for _, lang := range Languages() {
		if _, err := bundle.LoadMessageFileFS(files, lang+".json"); err != nil {
			panic(fmt.Sprintf("locale: %s.json: %v", lang, err)) // embedded
		}
	}
	for _, lang := range Languages() {
		found[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return found
})

// Known says whether there are texts in a language.
func Known(lang string) bool {
	for _, known := range Languages() {
		if lang == known {
			return true
		}
	}
	return false
}

// maxAccept bounds what is read of an Accept-Language header, in bytes.
const maxAccept = 512

// maxMatched bounds how many headers are remembered; readers send few different ones.
const maxMatched = 512

// matched remembers what headers led to: reading one takes longer than serving a
// page that is kept in memory.
var matched struct {
	sync.RWMutex
	languages map[string]string
}

// Match gives the language that suits an Accept-Language header (RFC 9110
// §12.5.4) best; otherwise, if none does.
func Match(acceptLanguage, otherwise string) string {
	matched.RLock()
	lang, ok := matched.languages[acceptLanguage]
	matched.RUnlock()
	if !ok {
		lang = match(acceptLanguage)
		remember(acceptLanguage, lang)
	}
	if lang == "" {
		return otherwise
	}
	return lang
}

func remember(acceptLanguage, lang string) {
	if len(acceptLanguage) > maxAccept {
		return
	}
	matched.Lock()
	defer matched.Unlock()
	if matched.languages == nil || len(matched.languages) >= maxMatched {
		matched.languages = map[string]string{}
	}
	matched.languages[acceptLanguage] = lang
}

// match gives the empty string if no language suits.
func match(acceptLanguage string) string {
	if len(acceptLanguage) > maxAccept {
		return ""
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return ""
	}
	_, index, confidence := matcher().Match(tags...)
	if confidence == language.No {
		return ""
	}
	return Languages()[index]
}

// Choose gives the language to answer in: the one that was asked for by name, if
// there are texts in it, or else the one that suits the Accept-Language header best.
func Choose(asked, acceptLanguage string) string {
	if Known(asked) {
		return asked
	}
	return Match(acceptLanguage, Default)
}

// Name is what the language's speakers call it.
func Name(lang string) (string, error) { return Text(lang, "lang.name", nil) }

// Direction is how the language is written, as the dir attribute of HTML wants it:
// "ltr" or "rtl".
func Direction(lang string) (string, error) { return Text(lang, "lang.direction", nil) }

// Text gives a text with data in its placeholders, in the default language if
// there is none in the one asked for. An id that no file has, or data that does
// not fit, is a defect, and an error.
func Text(lang, id string, data any) (string, error) {
	if !Known(lang) {
		lang = Default
	}
	text, err := localizers()[lang].Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: data})
	if err != nil {
		return "", fmt.Errorf("text %q in %s: %w", id, lang, err)
	}
	return text, nil
}
