package agency

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cocarde.example/internal/acct"
)

func builtinSet(t testing.TB) *Registry {
	r, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStarter(t *testing.T) {
	t.Parallel()
	r := builtinSet(t)
	for mail, want := range map[string]string{ // attested domain, name, country, match
		"culture.gouv.fr":               "culture.gouv.fr|Ministère de la Culture|FR|exact",
		"dgfip.finances.gouv.fr":        "dgfip.finances.gouv.fr|Direction générale des finances publiques|FR|exact",
		"insee.fr":                      "insee.fr|Institut national de la statistique et des études économiques|FR|exact",
		"senat.fr":                      "senat.fr|Sénat|FR|exact",
		"assemblee-nationale.fr":        "assemblee-nationale.fr|Assemblée nationale|FR|exact",
		"ac-orleans-tours.fr":           "ac-orleans-tours.fr|Académie d'Orléans-Tours|FR|exact",
		"dac.interieur.gouv.fr":         "interieur.gouv.fr|Ministère de l'Intérieur|FR|subdomains",
		"nord.gouv.fr":                  "nord.gouv.fr||FR|subdomains",
		"creps-dijon.sports.gouv.fr":    "creps-dijon.sports.gouv.fr||FR|subdomains",
		"ec.europa.eu":                  "ec.europa.eu|European Commission|EU|subdomains",
		"europarl.europa.eu":            "europarl.europa.eu|European Parliament|EU|exact",
		"enisa.europa.eu":               "enisa.europa.eu||EU|subdomains",
		"mail.numerique.gouv.fr":        "mail.numerique.gouv.fr||FR|subdomains",
		"gendarmerie.interieur.gouv.fr": "gendarmerie.interieur.gouv.fr|Gendarmerie nationale|FR|exact",
	} {
		m, err := r.Match(host(t, mail))
		if err != nil {
			t.Errorf("%s: %v", mail, err)
			continue
		}
		got := strings.Join([]string{m.Domain.String(), m.Name, m.Country, string(m.Rule.Match)}, "|")
		if got != want || m.NeedsMX != (m.Rule.Match == Subdomains) {
			t.Errorf("%s: %s, MX %v; want %s", mail, got, m.NeedsMX, want)
		}
	}
	for mail, want := range map[string]error{
		"culture-gouv.fr": ErrNotListed, "gouv.fr.evil.org": ErrNotListed, "xgouv.fr": ErrNotListed,
		"culture.gouv.fr.example": ErrNotListed, "gouv.com": ErrNotListed, "insee.fr.org": ErrNotListed,
		"eleves.ac-paris.fr": ErrNotListed, "xac-paris.fr": ErrNotListed, "europa.eu.org": ErrNotListed,
		"goüv.fr":          ErrNotListed,
		"ext.ec.europa.eu": ErrExcluded, "ext.europarl.europa.eu": ErrExcluded,
	} {
		if _, err := r.Match(host(t, mail)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", mail, err, want)
		}
	}
}

func TestStarterHasThirtyAcademies(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, rule := range builtinSet(t).Rules() {
		if strings.HasPrefix(rule.Name, "Académie d") {
			names[rule.Name] = true
		}
		if rule.Tier == Agency && freeMail[rule.Domain.String()] {
			t.Errorf("%s is a free provider too", rule.Domain)
		}
	}
	if len(names) != 30 {
		t.Errorf("%d académies", len(names))
	}
}

// lines gives the entries of a public list kept beside the repository.
func lines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("the public lists are not beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(data))
}

func TestMailDomainsInUseMatch(t *testing.T) {
	t.Parallel()
	r := builtinSet(t)
	named := 0
	for _, domain := range lines(t, "fr/proconnect-gouvfr-domains.txt") {
		m, err := r.Match(host(t, domain))
		if err != nil {
			t.Errorf("%s: %v", domain, err)
		}
		if m.Name != "" {
			named++
		}
	}
	if named < 50 {
		t.Errorf("only %d of the State's mail domains are known by name", named)
	}
	for _, domain := range lines(t, "fr/proconnect-other-gouv-domains.txt") {
		if m, err := r.Match(host(t, domain)); strings.HasPrefix(domain, "ac-") && (err != nil || m.Name == "") {
			t.Errorf("%s: %q, %v", domain, m.Name, err)
		}
	}
}

func TestProvidersOfTheListsNeverMatch(t *testing.T) {
	t.Parallel()
	r := builtinSet(t)
	told := 0
	free := lines(t, "fr/proconnect-most-used-free-email-domains.txt")
	for _, domain := range free {
		if _, err := r.Match(host(t, domain)); !errors.Is(err, ErrNotListed) {
			t.Errorf("%s: %v", domain, err)
		}
		a, err := acct.ParseAddress("marie@" + domain)
		if err != nil {
			t.Fatal(err)
		}
		if errors.Is(CheckMailbox(a), ErrFreeMail) {
			told++
		}
	}
	if told < len(free)-1 { // laposte.fr is an employer's
		t.Errorf("%d of %d free providers are told as such", told, len(free))
	}
	for _, domain := range lines(t, "misc/disposable_email_blocklist.conf") {
		h, err := acct.ParseHost(domain)
		if err != nil {
			continue // refused even earlier
		}
		if _, err := r.Match(h); !errors.Is(err, ErrNotListed) {
			t.Errorf("%s: %v", domain, err)
		}
	}
}

func BenchmarkParseStarter(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(strings.NewReader(starter)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	r, h := builtinSet(b), host(b, "a.b.nord.gouv.fr")
	for b.Loop() {
		if _, err := r.Match(h); err != nil {
			b.Fatal(err)
		}
	}
}
