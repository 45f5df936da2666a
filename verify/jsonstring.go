package verify

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string, whose opening quote is next.
func (r *reader) str() (string, error) {
	r.i++
	start := r.i
	for ; r.i < len(r.s); r.i++ {
		switch c := r.s[r.i]; {
		case c == '"':
			r.i++
			return r.s[start : r.i-1], nil
		case c == '\\':
			return r.escaped(start)
		case c < ' ':
			return "", errJSON
		}
	}
	return "", errJSON
}

// escaped reads on in a string that has escapes, from the first of them.
func (r *reader) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(r.s[start:r.i])
	for r.i < len(r.s) {
		c := r.s[r.i]
		r.i++
		switch {
		case c == '"':
			return b.String(), nil
		case c < ' ':
			return "", errJSON
		case c != '\\':
			b.WriteByte(c)
		default:
			ch, ok := r.escape()
			if !ok {
				return "", errJSON
			}
			b.WriteRune(ch)
		}
	}
	return "", errJSON
}

// escape reads what follows a backslash.
func (r *reader) escape() (rune, bool) {
	if r.i == len(r.s) {
		return 0, false
	}
	c := r.s[r.i]
	r.i++
	if c != 'u' {
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return 0, false
		}
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	ch, ok := r.hex4()
	if !ok || !utf16.IsSurrogate(ch) {
		return ch, ok
	}
	if !strings.HasPrefix(r.s[r.i:], `\u`) {
		return 0, false
	}
	r.i += 2
	low, ok := r.hex4()
	ch = utf16.DecodeRune(ch, low)
	return ch, ok && ch != utf8.RuneError
}

func (r *reader) hex4() (ch rune, ok bool) {
	if len(r.s)-r.i < 4 {
		return 0, false
	}
	for range 4 {
		c := r.s[r.i]
		r.i++
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		ch = ch<<4 | rune(c)
	}
	return ch, true
}
