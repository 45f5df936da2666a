package fediverse

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cocarde.example/attest"
)

// pictures end the addresses of what is drawn of a page.
var pictures = []string{".svg", ".png"}

// others tells of links that are not the one looked for: a bounded number of them,
// each once (Mastodon repeats fields in the head), those that nearly are it first.
func others(links []attest.SeenLink, link string) []attest.SeenLink {
	var seen []attest.SeenLink
	told := map[string]bool{}
	for _, s := range links {
		if !told[s.Text] {
			seen = append(seen, attest.SeenLink{Where: s.Where, Text: shown(s.Text), Near: nearness(s.Text, link)})
		}
		told[s.Text] = true
	}
	slices.SortStableFunc(seen, func(a, b attest.SeenLink) int {
		return min(1, len(b.Near)) - min(1, len(a.Near))
	})
	return seen[:min(len(seen), attest.MaxSeen)]
}

// nearness tells why a link does not count that somebody may have meant for ours;
// empty for one that is just another.
func nearness(written, link string) attest.Near {
	w, err := url.Parse(strings.TrimSpace(written))
	l, errOurs := url.Parse(link)
	if err != nil || errOurs != nil || w.User != nil || w.Scheme != "https" && w.Scheme != "http" {
		return ""
	}
	badges := l.Path[:strings.LastIndexByte(l.Path, '/')+1]
	id := l.Path[len(badges):]
	rest, ofBadge := strings.CutPrefix(w.Path, badges)
	name := rest[:len(rest)-len(strings.TrimLeftFunc(rest, isWord))]
	switch sameHost := strings.EqualFold(w.Host, l.Host); {
	case !sameHost && ofBadge && len(name) == len(id):
		return attest.NearHost
	case !sameHost:
		return ""
	case !ofBadge:
		return attest.NearPage
	case name != id && len(name) == len(id):
		return attest.NearBadge
	case name != id:
		return attest.NearInexact
	}
	return addition(w, l, rest[len(id):], strings.Contains(written, "#"))
}

func isWord(r rune) bool { return r < utf8.RuneSelf && (unicode.IsLower(r) || unicode.IsDigit(r)) }

// addition tells what an address has more than ours, or otherwise, whose path
// begins as ours does and goes on with rest.
func addition(written, ours *url.URL, rest string, fragment bool) attest.Near {
	switch {
	case slices.ContainsFunc(pictures, func(end string) bool { return strings.HasSuffix(rest, end) }):
		return attest.NearPicture
	case rest == "/":
		return attest.NearSlash
	case rest != "":
		return attest.NearInexact
	case written.Scheme == "http" && ours.Scheme == "https":
		return attest.NearScheme
	case written.RawQuery != "" || written.ForceQuery:
		return attest.NearQuery
	case fragment:
		return attest.NearFragment
	}
	return attest.NearInexact
}

// shown is a stranger's text fit to be shown: cut to attest.MaxSeenText, and without
// what turns the direction of writing or cannot be seen.
func shown(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, text[:min(len(text), attest.MaxSeenText+1)]) // no more than is shown, and whether there was more
	if len(text) <= attest.MaxSeenText {
		return text
	}
	const more = "…"
	end := attest.MaxSeenText - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}
