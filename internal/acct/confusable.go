package acct

import (
	"strings"
	"unicode"

	"cocarde.example/internal/fault"
)

// A name must not be readable as another name. Three rules stand for that, a
// compact form of Unicode TS #39 at its "single script" level:
//
//  1. A label's letters are of one script, and of one that living languages
//     write (Unicode Annex #31, table 5); Chinese, Japanese and Korean writing
//     count as one. ASCII digits and hyphens go with any; other digits, joiners,
//     symbols and, in alphabets, loose combining marks are refused.
//  2. A label whose every letter looks like an ASCII letter while some is not
//     one (lookalikes) is refused: соса in Cyrillic, fınances with a dotless i.
//  3. Unless another label shows the script plainly: россия.рус reads as
//     Cyrillic, though each letter of рус looks Latin.
//
// Marks on letters (é, ạ) are visible and pass: agencies write them.

// scripts lists the scripts that a label may use, under the name of the group
// within which they mix.
var scripts = []struct {
	group string
	table *unicode.RangeTable
}{
	{"Latin", unicode.Latin}, {"Greek", unicode.Greek}, {"Cyrillic", unicode.Cyrillic},
	{"Armenian", unicode.Armenian}, {"Georgian", unicode.Georgian},
	{"Arabic", unicode.Arabic}, {"Hebrew", unicode.Hebrew}, {"Thaana", unicode.Thaana},
	{"Han", unicode.Han}, {"Han", unicode.Hiragana}, {"Han", unicode.Katakana},
	{"Han", unicode.Bopomofo}, {"Han", unicode.Hangul},
	{"Bengali", unicode.Bengali}, {"Devanagari", unicode.Devanagari}, {"Ethiopic", unicode.Ethiopic},
	{"Gujarati", unicode.Gujarati}, {"Gurmukhi", unicode.Gurmukhi}, {"Kannada", unicode.Kannada},
	{"Khmer", unicode.Khmer}, {"Lao", unicode.Lao}, {"Malayalam", unicode.Malayalam},
	{"Myanmar", unicode.Myanmar}, {"Oriya", unicode.Oriya}, {"Sinhala", unicode.Sinhala},
	{"Tamil", unicode.Tamil}, {"Telugu", unicode.Telugu}, {"Thai", unicode.Thai},
	{"Tibetan", unicode.Tibetan},
}

// alphabets are the groups whose marked letters Unicode composes: a mark left
// over after composition hides on a letter (i̇) instead of spelling a word.
var alphabets = map[string]bool{"Latin": true, "Greek": true, "Cyrillic": true, "Armenian": true, "Georgian": true}

// lookalikes are lower-case letters that pass for ASCII letters in common
// fonts. Letters that only resemble capitals (в, м, н, т) are left out, or half
// of Russian would be refused.
const lookalikes = "" +
	"ıĸ" + // Latin
	"асԁеԍһіјӏорԛѕԝхуѵпгьҽѡүҁ" + // Cyrillic
	"αγικνορτυχωηϳ" + // Greek
	"օսոհցզաղյլւգքռ" + // Armenian
	"იოყძხჿ" + // Georgian
	"סוןיחד" + // Hebrew
	"ဝഠಠଠ" // Myanmar, Malayalam, Kannada, Oriya: round as an o

// everyday are the Latin and Cyrillic letters that people write with. The others
// of these scripts serve phonetics, clicks and old manuscripts (ɡ, ᴄ, ǃ, ꙇ) and
// count as look-alikes, known or not.
var everyday = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x00df, Hi: 0x017f, Stride: 1},  // western and central Europe, Turkish
	{Lo: 0x0199, Hi: 0x0199, Stride: 1},  // Hausa
	{Lo: 0x01a1, Hi: 0x01b0, Stride: 15}, // Vietnamese
	{Lo: 0x01b4, Hi: 0x01b4, Stride: 1},  // Hausa, Fula
	{Lo: 0x01ce, Hi: 0x01dc, Stride: 2},  // Pinyin
	{Lo: 0x01e7, Hi: 0x0233, Stride: 1},  // Romanian, Skolt Sami, Livonian
	{Lo: 0x0253, Hi: 0x0254, Stride: 1},  // Africa: ɓ ɔ
	{Lo: 0x0256, Hi: 0x0257, Stride: 1},  // ɖ ɗ
	{Lo: 0x0259, Hi: 0x025b, Stride: 2},  // ə ɛ
	{Lo: 0x0263, Hi: 0x0272, Stride: 15}, // ɣ ɲ
	{Lo: 0x0430, Hi: 0x052f, Stride: 1},  // Cyrillic
	{Lo: 0x1e00, Hi: 0x1eff, Stride: 1},  // letters with marks, Vietnamese
}}

// label is what the rules need to know of one label.
type label struct {
	group     string // script group of its letters; "" when it is ASCII
	lookalike bool   // every letter passes for an ASCII letter
}

// checkLabels applies the rules to a name in U-labels.
func checkLabels(name string) error {
	var labels []label
	plain := map[string]bool{}
	for text := range strings.SplitSeq(name, ".") {
		l, err := readLabel(text)
		if err != nil {
			return err
		}
		labels = append(labels, l)
		if !l.lookalike {
			plain[l.group] = true
		}
	}
	for _, l := range labels {
		if l.lookalike && !plain[l.group] {
			return confusableHost("The host name is written in letters that look Latin and are not. Check where it came from.")
		}
	}
	return nil
}

func readLabel(text string) (label, error) {
	l := label{lookalike: true}
	ascii, group := true, ""
	for _, r := range text {
		if r == '-' || '0' <= r && r <= '9' {
			continue
		}
		g := scriptOf(r)
		switch {
		case g == "" && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Mc, r):
			return l, malformedHost("The host name has a character that is neither a letter, a digit nor a hyphen.")
		case g == "": // a mark that every script shares
			g = group
		case !unicode.IsLetter(r) && !unicode.IsMark(r):
			return l, malformedHost("The host name has a character that is neither a letter, a digit from 0 to 9 nor a hyphen.")
		}
		if group != "" && g != group {
			return l, confusableHost("A label of the host name mixes letters of several scripts. Check where it came from.")
		}
		group = g
		if alphabets[g] && unicode.IsMark(r) {
			return l, confusableHost("The host name has a combining mark that may pass unseen. Check where it came from.")
		}
		if r > unicode.MaxASCII {
			ascii = false
			l.lookalike = l.lookalike && looksASCII(r, g)
		}
	}
	if ascii {
		return label{}, nil
	}
	l.group = group
	return l, nil
}

// looksASCII says whether a letter beyond ASCII passes for one of ASCII.
func looksASCII(r rune, group string) bool {
	return strings.ContainsRune(lookalikes, r) ||
		(group == "Latin" || group == "Cyrillic") && !unicode.Is(everyday, r)
}

// scriptOf gives the group of a character, "" when it has none of the listed
// scripts.
func scriptOf(r rune) string {
	if r == 'ー' { // shared by both Japanese syllabaries, so of no script of its own
		return "Han"
	}
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.group
		}
	}
	return ""
}

func confusableHost(message string) *fault.Error {
	return fault.New(fault.Invalid, "host_confusable", message)
}
