package badge

import (
	"slices"

	gotext "github.com/go-text/typesetting/bidi"
	"golang.org/x/text/unicode/bidi"
)

// Marks of direction: invisible, strong, and never taken from a stranger's text.
const (
	leftMark  = '\u200e'
	rightMark = '\u200f'
)

// mirrored are the signs that face the other way where text runs from right to left.
var mirrored = map[rune]rune{
	'(': ')', ')': '(', '[': ']', ']': '[', '{': '}', '}': '{', '<': '>', '>': '<',
	'«': '»', '»': '«', '‹': '›', '›': '‹',
}

// firstStrongIsRight tells whether a line runs from right to left: its first letter
// does (UAX #9, P2 and P3).
func firstStrongIsRight(s string) bool {
	for _, r := range s {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}

// visual returns the line's characters from left to right as they are drawn: Arabic
// joined, runs reordered (UAX #9, L2), brackets mirrored (L4).
func visual(s string, rtl bool) []rune {
	mark := leftMark
	if rtl {
		mark = rightMark
	}
	text := append([]rune{mark}, joinArabic([]rune(s))...)
	var p gotext.Paragraph
	runs := p.Segment(text, gotext.Neutral)
	pieces := make([]gotext.Run, runs.NumRuns())
	for i := range pieces {
		pieces[i] = runs.Run(i)
	}
	reorder(pieces)
	out := make([]rune, 0, len(text))
	for _, piece := range pieces {
		from := len(out)
		for _, r := range text[piece.Start:piece.End] {
			if r == leftMark || r == rightMark || r == nonJoiner {
				continue
			}
			if m, ok := mirrored[r]; ok && piece.Level%2 == 1 {
				r = m
			}
			out = append(out, r)
		}
		if piece.Level%2 == 1 {
			slices.Reverse(out[from:])
		}
	}
	return out
}

// reorder turns runs from reading order into the order from left to right: from the
// deepest level to the first odd one, each stretch at that level or deeper is turned.
func reorder(runs []gotext.Run) {
	var deepest gotext.Level
	for _, r := range runs {
		deepest = max(deepest, r.Level)
	}
	for level := deepest; level > 0; level-- {
		for i := 0; i < len(runs); i++ {
			end := i
			for end < len(runs) && runs[end].Level >= level {
				end++
			}
			slices.Reverse(runs[i:end])
			i = end
		}
	}
}
