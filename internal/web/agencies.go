package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"cocarde.example/internal/agency"
	"cocarde.example/internal/locale"
)

// maxAgencies bounds what one page lists: more than that nobody reads, and the
// page stays under 50 KB.
const maxAgencies = 100

// maxSearch bounds what is searched for, in bytes.
const maxSearch = 100

// agencyList is what the page of agencies shows.
type agencyList struct {
	Search    string
	Countries []country
	Found     int // that match
	Shown     int
}

type country struct {
	Code, Name string
	Rules      []agency.Rule
}

// listAgencies shows the mail domains that count, by country.
func (s *Web) listAgencies(w http.ResponseWriter, r *http.Request) error {
	search := strings.TrimSpace(r.URL.Query().Get("q"))
	if len(search) > maxSearch {
		search = ""
	}
	list := agencyList{Search: search}
	for _, rule := range s.agencies.Rules() {
		if rule.State != agency.Active || !matchesRule(rule, search) {
			continue
		}
		list.Found++
		if list.Shown < maxAgencies {
			list.Shown++
			list.add(rule, s.pages.languageOf(r))
		}
	}
	return s.pages.show(w, r, http.StatusOK, "agencies", list)
}

func (l *agencyList) add(rule agency.Rule, lang string) {
	i := slices.IndexFunc(l.Countries, func(c country) bool { return c.Code == rule.Country })
	if i < 0 {
		i = len(l.Countries)
		l.Countries = append(l.Countries, country{Code: rule.Country, Name: locale.Country(lang, rule.Country)})
	}
	l.Countries[i].Rules = append(l.Countries[i].Rules, rule)
}

// matchesRule finds a word of the name or a part of the domain, and what somebody
// has after the @ of a mail address.
func matchesRule(rule agency.Rule, search string) bool {
	search = plainText(search[strings.LastIndexByte(search, '@')+1:])
	domain := rule.Domain.String()
	return strings.Contains(domain, search) || strings.Contains(plainText(rule.Name), search) ||
		rule.Match == agency.Subdomains && strings.HasSuffix(search, "."+domain)
}

// plainText drops case and accents: what people leave out when they search.
func plainText(s string) string {
	drop := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	plain, _, err := transform.String(drop, s)
	if err != nil {
		plain = s
	}
	return strings.ToLower(plain)
}
