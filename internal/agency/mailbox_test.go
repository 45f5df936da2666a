package agency

import (
	"errors"
	"testing"

	"cocarde.example/internal/acct"
)

func TestCheckMailbox(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		"marie.curie@culture.gouv.fr":        nil,
		"marie.curie+abuse@culture.gouv.fr":  nil,
		"m.list@culture.gouv.fr":             nil,
		"helen.support@culture.gouv.fr":      nil,
		"information.m@culture.gouv.fr":      nil,
		"rootes@culture.gouv.fr":             nil,
		"marie@notgmail.com":                 nil, // somebody else's refusal: it is not listed
		"marie@gmail.com.evil.org":           nil,
		"Postmaster@culture.gouv.fr":         ErrRole,
		"abuse+x@culture.gouv.fr":            ErrRole,
		"WEBMASTER@culture.gouv.fr":          ErrRole,
		"hostmaster@culture.gouv.fr":         ErrRole,
		"noc@culture.gouv.fr":                ErrRole,
		"security@culture.gouv.fr":           ErrRole,
		"contact@culture.gouv.fr":            ErrRole,
		"support@culture.gouv.fr":            ErrRole,
		"secretariat@culture.gouv.fr":        ErrRole,
		"root@culture.gouv.fr":               ErrRole,
		"no-reply@culture.gouv.fr":           ErrRole,
		"noreply@culture.gouv.fr":            ErrRole,
		"No.Reply@culture.gouv.fr":           ErrRole,
		"noreply-cocarde@culture.gouv.fr":    ErrRole,
		"cocarde-noreply@culture.gouv.fr":    ErrRole,
		"ne-pas-repondre@culture.gouv.fr":    ErrRole,
		"ne_pas_repondre@culture.gouv.fr":    ErrRole,
		"nepasrepondre@culture.gouv.fr":      ErrRole,
		"mailer-daemon@culture.gouv.fr":      ErrRole,
		"agents-request@culture.gouv.fr":     ErrRole,
		"owner-agents@culture.gouv.fr":       ErrRole,
		"agents-owner@culture.gouv.fr":       ErrRole,
		"agents-bounces@culture.gouv.fr":     ErrRole,
		"agents-bounces+m=x@culture.gouv.fr": ErrRole,
		"liste.agents@culture.gouv.fr":       ErrRole,
		"marie@gmail.com":                    ErrFreeMail,
		"gouv.fr@outlook.fr":                 ErrFreeMail,
		"contact@orange.fr":                  ErrFreeMail,
		"marie@x.proton.me":                  ErrFreeMail,
		"marie@yopmail.com":                  ErrDisposable,
		"marie@any.mailinator.com":           ErrDisposable,
		"marie@cool.fr.nf":                   ErrDisposable,
	} {
		a, err := acct.ParseAddress(in)
		if err != nil {
			t.Fatal(in, err)
		}
		if got := CheckMailbox(a); got == nil != (want == nil) || !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
}

func TestProvidersAreHosts(t *testing.T) {
	t.Parallel()
	for _, list := range []map[string]bool{freeMail, disposable} {
		for domain := range list {
			if h, err := acct.ParseHost(domain); err != nil || h.String() != domain {
				t.Errorf("%q: %v", domain, err)
			}
		}
	}
	for domain := range freeMail {
		if disposable[domain] {
			t.Errorf("%q stands in both lists", domain)
		}
	}
}
