package badge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxRunes = 300  // of any string that is drawn
	maxBytes = 4096 // looked at in any string, so that nothing huge costs time
	maxMarks = 2    // combining marks on one letter: more only serve to smear a line
)

// clean returns s as it may stand in a picture: valid UTF-8 in composed form, one
// line, at most maxRunes, without controls, invisible characters, and whatever could
// reorder the text beside it.
func clean(s string) string {
	s = norm.NFC.String(head(s))
	var out strings.Builder
	var runes, marks int
	var last rune
	for i, r := range s {
		if unicode.IsSpace(r) {
			r = ' '
		}
		switch {
		case r == ' ' && (last == ' ' || last == 0), unwanted(r) && !breaksJoin(r, last, s[i:]):
			continue
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxMarks || last == 0 {
				continue
			}
		default:
			marks = 0
		}
		if runes++; runes > maxRunes {
			return strings.TrimRight(cutRunes(out.String(), maxRunes-1), " ") + ellipsis
		}
		out.WriteRune(r)
		last = r
	}
	return strings.TrimRight(out.String(), " ")
}

// head returns the first maxBytes of s, without what is not UTF-8.
func head(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxBytes)], "")
}

// unwanted are controls, formatting (bidi overrides and isolates among it), private
// and unassigned characters, and those that show nothing.
func unwanted(r rune) bool {
	switch {
	case r == ' ':
		return false
	case r == utf8.RuneError, r == '\u2800':
		return true
	}
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Co, unicode.Cf,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// breaksJoin tells whether r is the non-joiner between two Arabic letters, where
// Persian needs it.
func breaksJoin(r, before rune, from string) bool {
	if r != nonJoiner || !unicode.Is(unicode.Arabic, before) {
		return false
	}
	after, _ := utf8.DecodeRuneInString(from[utf8.RuneLen(r):])
	return unicode.Is(unicode.Arabic, after)
}

// cleanLang returns lang if it looks like a language tag, else nothing.
func cleanLang(lang string) string {
	if len(lang) > 35 {
		return ""
	}
	for _, r := range lang {
		if r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)) {
			return ""
		}
	}
	return lang
}

// cutRunes returns the first n runes of s.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
