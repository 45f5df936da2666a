package badge

import (
	"sort"
	"strings"
	"unicode"
)

// fits tells whether the text, as set in t, is at most width wide.
func (p *press) fits(t item, text string, width float64) bool {
	return p.width(t.saying(text)) <= width
}

// shorten returns t's text, cut to width with an ellipsis. tail is the share of what
// is kept that stands after the ellipsis: 0 keeps the beginning alone.
func (p *press) shorten(t item, width, tail float64) string {
	if p.fits(t, t.text, width) {
		return t.text
	}
	runes := []rune(t.text)
	cut := func(keep int) string {
		end := int(float64(keep)*tail + 0.5)
		from := len(runes) - end
		for from < len(runes) && unicode.Is(unicode.M, runes[from]) {
			from++
		}
		return strings.TrimRight(string(runes[:keep-end]), " .,-") + ellipsis + strings.TrimLeft(string(runes[from:]), " ")
	}
	keep := sort.Search(len(runes), func(n int) bool { return !p.fits(t, cut(n), width) })
	return cut(max(keep-1, 0))
}

// hostTail is the share of a shortened host that is its end: a host's owner is named
// there.
const hostTail = 0.7

// handle returns a handle in width, as one line. Where it is too long, user and host
// are shortened each in its middle, and neither takes the room that the other needs.
func (p *press) handle(t item, width float64) string {
	t.handle = true
	user, host := splitHandle(t.text)
	if whole := user + host; p.fits(t, whole, width) {
		return whole
	}
	room := min(p.width(t.saying(user)), max(width*0.45, width-p.width(t.saying(host))))
	user = p.shorten(t.saying(user), room, 0.4)
	return user + p.shorten(t.saying(host), width-p.width(t.saying(user)), hostTail)
}

// splitHandle returns "@user" and "@host". The host of a handle in letters that run
// from right to left is held behind its user by an invisible mark.
func splitHandle(handle string) (user, host string) {
	i := strings.LastIndexByte(handle, '@')
	if i <= 0 {
		return handle, ""
	}
	user, host = handle[:i], handle[i:]
	for _, r := range handle {
		if r > unicode.MaxASCII {
			return user, string(leftMark) + host
		}
	}
	return user, host
}

// wrap returns t's text in at most limit lines of this width; the last one is
// shortened where words are left over.
func (p *press) wrap(t item, width float64, limit int) (lines []string, whole bool) {
	rest := strings.Fields(t.text)
	for len(rest) > 0 {
		n := sort.Search(len(rest), func(n int) bool {
			return !p.fits(t, strings.Join(rest[:n+1], " "), width)
		})
		if n < len(rest) && (n == 0 || len(lines) == limit-1) {
			return append(lines, p.shorten(t.saying(strings.Join(rest, " ")), width, 0)), false
		}
		lines = append(lines, strings.Join(rest[:n], " "))
		rest = rest[n:]
	}
	return lines, true
}
