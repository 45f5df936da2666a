package locale

import "strings"

// Problem gives the title and the explanation of a problem code in a language;
// ok is false for a code that no file has.
func Problem(lang, code string) (title, text string, ok bool) {
	title, err := Text(lang, "title."+code, nil)
	if err != nil {
		return "", "", false
	}
	text, err = Text(lang, "problem."+code, nil)
	return title, text, err == nil
}

// Refusal gives what to tell of a refusal: its title and text, and the language
// of the text. The message that came with it is English, and often closer to the
// case than the explanation of its code, so that it stands for readers of English
// and for a code without an explanation, which is then its own title.
func Refusal(lang, code, message string) (title, text, textLang string) {
	title, text, ok := Problem(lang, code)
	if !ok {
		words := strings.ReplaceAll(code, "_", " ")
		return strings.ToUpper(words[:1]) + words[1:], message, english
	}
	if lang == english {
		return title, message, english
	}
	return title, text, lang
}

// english is the language of the messages of faults.
const english = "en"
