package agency

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
)

func host(t interface{ Fatal(...any) }, s string) acct.Host {
	h, err := acct.ParseHost(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return h
}

const ministry = `
country: FR
source: https://example.org/
gouv.example         generic subdomains active
culture.gouv.example agency  exact      active    Culture
closed.gouv.example  agency  exact      suspended Closed
open.closed.gouv.example agency exact   active    Reopened
new.gouv.example     agency  exact      candidate New
univ.example         agency  subdomains active    -etu.* -alumni.* Université  de X
lab.etu.univ.example agency  exact      active    Lab
`

func TestMatch(t *testing.T) {
	t.Parallel()
	r, err := Parse(strings.NewReader(ministry))
	if err != nil {
		t.Fatal(err)
	}
	for mail, want := range map[string]struct {
		err          error
		domain, name string
		needsMX      bool
	}{
		"culture.gouv.example":       {nil, "culture.gouv.example", "Culture", false},
		"x.culture.gouv.example":     {nil, "x.culture.gouv.example", "", true}, // exact rules leave what is below to broader ones
		"gouv.example":               {nil, "gouv.example", "", true},
		"a.b.gouv.example":           {nil, "a.b.gouv.example", "", true},
		"new.gouv.example":           {nil, "new.gouv.example", "", true}, // the candidate is passed over
		"closed.gouv.example":        {err: ErrSuspended},
		"x.closed.gouv.example":      {err: ErrSuspended},
		"open.closed.gouv.example":   {nil, "open.closed.gouv.example", "Reopened", false},
		"x.open.closed.gouv.example": {err: ErrSuspended},
		"univ.example":               {nil, "univ.example", "Université de X", true},
		"lab.univ.example":           {nil, "univ.example", "Université de X", true},
		"etu.univ.example":           {err: ErrExcluded},
		"mail.etu.univ.example":      {err: ErrExcluded},
		"etu.mail.univ.example":      {err: ErrExcluded},
		"alumni.univ.example":        {err: ErrExcluded},
		"lab.etu.univ.example":       {nil, "lab.etu.univ.example", "Lab", false},
		"etude.univ.example":         {nil, "univ.example", "Université de X", true},
		"xgouv.example":              {err: ErrNotListed},
		"culture-gouv.example":       {err: ErrNotListed},
		"gouv.example.evil.org":      {err: ErrNotListed},
		"gouv.examples":              {err: ErrNotListed},
		"example.org":                {err: ErrNotListed},
		"gouv.localhost":             {err: ErrNotListed},
	} {
		m, err := r.Match(host(t, mail))
		if !errors.Is(err, want.err) || (err == nil) != (want.err == nil) {
			t.Errorf("%s: %v, want %v", mail, err, want.err)
			continue
		}
		if err == nil && (m.Domain.String() != want.domain || m.Name != want.name || m.NeedsMX != want.needsMX || m.Country != "FR") {
			t.Errorf("%s: %q %q %v %q", mail, m.Domain, m.Name, m.NeedsMX, m.Country)
		}
	}
	if _, err := r.Match(acct.Host{}); !errors.Is(err, ErrNotListed) {
		t.Errorf("the zero host: %v", err)
	}
	if n := len(r.Rules()); n != 7 {
		t.Errorf("%d rules, want 7 with the candidate", n)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const head = "country: FR\nsource: x\n"
	for text, want := range map[string]string{
		"a.example generic exact active":                                             "line 1: country",
		"country: FR\na.example generic exact active":                                "line 2: the source",
		"country: fr\nsource: x\na.example generic exact active":                     "line 3: country",
		head + "a.example generic exact":                                             "line 3: a rule has",
		head + "fr generic exact active":                                             "line 3: host_malformed",
		head + "localhost generic exact active":                                      "line 3: no public",
		head + "a.example nation exact active":                                       "line 3: tier",
		head + "a.example generic below active":                                      "line 3: match",
		head + "a.example generic exact on":                                          "line 3: state",
		head + "a.example agency exact active":                                       "line 3: a rule of tier",
		head + "a.example generic exact active Name":                                 "line 3: a rule of tier",
		head + "a.example generic exact active -etu.*":                               "line 3: an exact rule",
		head + "a.example generic subdomains active -etu":                            "line 3: an exclusion",
		head + "a.example generic subdomains active -.*":                             "line 3: an exclusion",
		head + "a.example generic subdomains active -a.b.*":                          "line 3: an exclusion",
		head + "a.example generic subdomains active -Etu.*":                          "line 3: an exclusion",
		head + "a.example generic exact active\nA.example generic subdomains active": "rule 2: a second one",
		head + strings.Repeat("a", 70_000):                                           "token too long",
	} {
		_, err := Parse(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
	both := head + "a.example generic exact active\na.example generic subdomains candidate"
	if _, err := Parse(strings.NewReader(both)); err != nil {
		t.Errorf("a candidate beside the rule in force: %v", err)
	}
}

// drawRegistry makes rules over a few labels, so that they nest and collide.
func drawRegistry(t *rapid.T) *Registry {
	domain := rapid.StringMatching(`([ab]\.){0,3}[cd]\.example`)
	var rules []Rule
	for _, d := range rapid.SliceOfNDistinct(domain, 0, 8, rapid.ID).Draw(t, "domains") {
		r := Rule{Domain: host(t, d), Tier: Generic, Country: "FR", Source: "x",
			Match: rapid.SampledFrom([]Pattern{Exact, Subdomains}).Draw(t, "match"),
			State: rapid.SampledFrom([]State{Active, Candidate, Suspended}).Draw(t, "state")}
		if r.Match == Subdomains && rapid.Bool().Draw(t, "except") {
			r.Except = []string{"b.*"}
		}
		if rapid.Bool().Draw(t, "agency") {
			r.Tier, r.Name = Agency, d
		}
		rules = append(rules, r)
	}
	registry, err := New(rules)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

var anyMail = rapid.StringMatching(`([ab]\.){0,4}[cd]\.example`)

func TestMatchIsTheLongestRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		registry, mail := drawRegistry(t), anyMail.Draw(t, "mail")
		var longest *Rule
		for _, rule := range registry.Rules() {
			d := rule.Domain.String()
			below := strings.HasSuffix(mail, "."+d)
			speaks := mail == d || below && (rule.Match == Subdomains || rule.State == Suspended)
			if speaks && rule.State != Candidate && (longest == nil || len(d) > len(longest.Domain.String())) {
				longest = &rule
			}
		}
		m, err := registry.Match(host(t, mail))
		switch {
		case longest == nil:
			if !errors.Is(err, ErrNotListed) {
				t.Fatalf("%s: %v without a rule", mail, err)
			}
		case longest.State == Suspended:
			if !errors.Is(err, ErrSuspended) {
				t.Fatalf("%s: %v under suspended %s", mail, err, longest.Domain)
			}
		case err == nil:
			if m.Rule.Domain != longest.Domain || (longest.Tier == Agency) != (m.Domain == longest.Domain && m.Name != "") &&
				longest.Domain.String() != mail {
				t.Fatalf("%s: %+v under %s", mail, m, longest.Domain)
			}
			if longest.Except != nil && strings.Contains(strings.TrimSuffix(mail, longest.Domain.String()), "b.") {
				t.Fatalf("%s: let in by %s", mail, longest.Domain)
			}
		case !errors.Is(err, ErrExcluded) || longest.Except == nil:
			t.Fatalf("%s: %v under %s", mail, err, longest.Domain)
		}
	})
}

// A refusal by suspension or exclusion holds for whatever is put before the
// domain, as long as no rule of its own lets that in.
func TestNoLabelEscapesARefusal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		registry, mail := drawRegistry(t), anyMail.Draw(t, "mail")
		_, err := registry.Match(host(t, mail))
		if !errors.Is(err, ErrSuspended) && !errors.Is(err, ErrExcluded) {
			return
		}
		longer := rapid.StringMatching(`([abz]\.){1,2}`).Draw(t, "labels") + mail
		m, err := registry.Match(host(t, longer))
		if err == nil && len(m.Rule.Domain.String()) <= len(mail) {
			t.Fatalf("%s is refused, %s is let in by %s", mail, longer, m.Rule.Domain)
		}
		if errors.Is(err, ErrNotListed) {
			t.Fatalf("%s is refused by a rule that does not know %s", mail, longer)
		}
	})
}

func TestRefusalsAreFaults(t *testing.T) {
	t.Parallel()
	for code, err := range map[string]*fault.Error{
		"domain_not_listed": ErrNotListed, "domain_suspended": ErrSuspended, "domain_excluded": ErrExcluded,
		"address_role": ErrRole, "address_free_mail": ErrFreeMail, "address_disposable": ErrDisposable,
	} {
		if err.Code != code || err.Message == "" || err.Kind == fault.Internal {
			t.Errorf("%s: %+v", code, err)
		}
	}
}
