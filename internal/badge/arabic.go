package badge

const (
	nonJoiner    = '\u200c'
	tatweel      = '\u0640'
	lam          = '\u0644'
	ellipsis     = "…"
	ellipsisRune = '…'
)

// forms is where a letter's presentation forms begin, in the order isolated, final,
// initial, medial, and how many of them there are: 1 joins nothing, 2 joins what
// stands before it, 4 joins both ways.
type forms struct {
	first rune
	count int
}

// arabic holds the letters of Arabic, Persian and Urdu that have presentation forms
// (Unicode, blocks Arabic Presentation Forms-A and -B).
var arabic = map[rune]forms{
	0x0621: {0xFE80, 1}, 0x0622: {0xFE81, 2}, 0x0623: {0xFE83, 2}, 0x0624: {0xFE85, 2},
	0x0625: {0xFE87, 2}, 0x0626: {0xFE89, 4}, 0x0627: {0xFE8D, 2}, 0x0628: {0xFE8F, 4},
	0x0629: {0xFE93, 2}, 0x062A: {0xFE95, 4}, 0x062B: {0xFE99, 4}, 0x062C: {0xFE9D, 4},
	0x062D: {0xFEA1, 4}, 0x062E: {0xFEA5, 4}, 0x062F: {0xFEA9, 2}, 0x0630: {0xFEAB, 2},
	0x0631: {0xFEAD, 2}, 0x0632: {0xFEAF, 2}, 0x0633: {0xFEB1, 4}, 0x0634: {0xFEB5, 4},
	0x0635: {0xFEB9, 4}, 0x0636: {0xFEBD, 4}, 0x0637: {0xFEC1, 4}, 0x0638: {0xFEC5, 4},
	0x0639: {0xFEC9, 4}, 0x063A: {0xFECD, 4}, 0x0641: {0xFED1, 4}, 0x0642: {0xFED5, 4},
	0x0643: {0xFED9, 4}, 0x0644: {0xFEDD, 4}, 0x0645: {0xFEE1, 4}, 0x0646: {0xFEE5, 4},
	0x0647: {0xFEE9, 4}, 0x0648: {0xFEED, 2}, 0x0649: {0xFEEF, 2}, 0x064A: {0xFEF1, 4},
	0x0679: {0xFB66, 4}, 0x067E: {0xFB56, 4}, 0x0686: {0xFB7A, 4}, 0x0688: {0xFB88, 2},
	0x0691: {0xFB8C, 2}, 0x0698: {0xFB8A, 2}, 0x06A9: {0xFB8E, 4}, 0x06AF: {0xFB92, 4},
	0x06BA: {0xFB9E, 2}, 0x06BE: {0xFBAA, 4}, 0x06CC: {0xFBFC, 4},
}

// lamAlef holds the ligatures, isolated, that lam makes with each alef; the final one
// follows.
var lamAlef = map[rune]rune{0x0622: 0xFEF5, 0x0623: 0xFEF7, 0x0625: 0xFEF9, 0x0627: 0xFEFB}

// joinsNext and joinsLast tell whether a letter reaches out to the one after it, and
// to the one before it.
func joinsNext(r rune) bool { return r == tatweel || arabic[r].count == 4 }
func joinsLast(r rune) bool { return r == tatweel || arabic[r].count >= 2 }

// joinArabic replaces each letter by the form that its neighbours ask for. Text is in
// the order of reading; what is not Arabic is left as it is.
func joinArabic(text []rune) []rune {
	out := make([]rune, 0, len(text))
	at := func(i int) rune {
		if i < 0 || i >= len(text) {
			return 0
		}
		return text[i]
	}
	for i := 0; i < len(text); i++ {
		r := text[i]
		last := joinsNext(at(i-1)) && joinsLast(r)
		if ligature, ok := lamAlef[at(i+1)]; ok && r == lam {
			if last {
				ligature++
			}
			out = append(out, ligature)
			i++
			continue
		}
		out = append(out, form(r, last, joinsNext(r) && joinsLast(at(i+1))))
	}
	return out
}

// form returns the shape of r joined to the letter before it, after it, or both.
func form(r rune, last, next bool) rune {
	f, ok := arabic[r]
	switch {
	case !ok:
		return r
	case last && next:
		return f.first + 3
	case next:
		return f.first + 2
	case last:
		return f.first + 1
	}
	return f.first
}
