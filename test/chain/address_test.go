package chain

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
)

// lookingUpAt is a resolver that asks one server, known by the time it is asked.
func lookingUpAt(addr func() string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr())
	}}
}

func TestAnAddressThatProvesNothingIsRefused(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	for address, code := range map[string]string{
		"marie@example.org":                              "domain_not_listed",
		"marie@culture-gouv.fr":                          "domain_not_listed",
		"marie@gouv.fr.evil.org":                         "domain_not_listed",
		"marie@notgouv.fr":                               "domain_not_listed",
		"marie@culture.gouv.fr.":                         "address_malformed",
		"marie@culture.gouv..fr":                         "address_malformed",
		"marie@.gouv.fr":                                 "address_malformed",
		"marie@gouv":                                     "address_malformed",
		"marie@gmail.com":                                "address_free_mail",
		"marie@outlook.fr":                               "address_free_mail",
		"gouv.fr@outlook.fr":                             "address_free_mail",
		"marie@yopmail.com":                              "address_disposable",
		"marie@mail.yopmail.com":                         "address_disposable",
		"postmaster@culture.gouv.fr":                     "address_role",
		"Contact@culture.gouv.fr":                        "address_role",
		"no-reply@culture.gouv.fr":                       "address_role",
		"contact+marie@culture.gouv.fr":                  "address_role",
		"liste-agents@culture.gouv.fr":                   "address_role",
		`"marie"@culture.gouv.fr`:                        "address_quoted",
		`"a@gouv.fr"@evil.org`:                           "address_quoted",
		"marie@[192.0.2.1]":                              "address_literal",
		"marie@192.0.2.1":                                "address_literal",
		"marie@0x7f.1":                                   "address_literal",
		"marie@[IPv6:2001:db8::1]":                       "address_literal",
		"a@gouv.fr@evil.org":                             "address_malformed",
		"a%gouv.fr@culture.gouv.fr":                      "address_routed",
		"evil.org!marie@culture.gouv.fr":                 "address_routed",
		"Marie <marie@culture.gouv.fr>":                  "address_malformed",
		"marie@culture.gouv.fr, eve@evil.org":            "address_malformed",
		"marie@culture.gouv.fr\r\nBcc: e@evil.org":       "address_malformed",
		"marie@culture.gouv.fr\x00":                      "address_malformed",
		"marie dupont@culture.gouv.fr":                   "address_malformed",
		"@culture.gouv.fr":                               "address_malformed",
		"marie@":                                         "address_malformed",
		"marie":                                          "address_malformed",
		"":                                               "address_malformed",
		".marie@culture.gouv.fr":                         "address_malformed",
		"marie..d@culture.gouv.fr":                       "address_malformed",
		"+x@culture.gouv.fr":                             "address_malformed",
		"mаrie@culture.gouv.fr":                          "address_not_ascii",  // Cyrillic а
		"marie@сulture.gouv.fr":                          "address_confusable", // Cyrillic с
		"marie@culture.gоuv.fr":                          "address_confusable", // Cyrillic о
		"marie@xn--ulture-bkg.gouv.fr":                   "address_confusable", // the same in Punycode
		"marie@xn--culture-.gouv.fr":                     "address_malformed",
		"marie@ｃulture.gouv.fr":                          "address_malformed", // full width
		"marie@culture。gouv.fr":                          "address_malformed", // ideographic full stop
		"marie@localhost":                                "address_malformed",
		"marie@culture.gouv.fr:25":                       "address_malformed",
		strings.Repeat("a", 65) + "@culture.gouv.fr":     "address_malformed",
		"marie@" + strings.Repeat("a.", 200) + "gouv.fr": "address_malformed",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			a := w.agent(t, instance)
			a.mailbox = journal.hide("address", address)
			a.ask().refused(http.StatusBadRequest, code, "/email")
		})
	}
}

func TestAMailDomainWithoutAnMXOfItsOwnIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	ask := func(t *testing.T, domain string) answer {
		t.Helper()
		a := w.agent(t, instance)
		a.mailbox = journal.hide("mailbox", unique("marie")+"@"+domain)
		return a.ask()
	}
	w.resolver.AddNullMX("muet.gouv.fr")
	w.resolver.AddA("ancien.gouv.fr", loopbackAddr)
	w.resolver.AddCNAME("alias.gouv.fr", "prefecture.gouv.fr")
	for domain, code := range map[string]string{
		"muet.gouv.fr": "mail_domain_no_mx", "ancien.gouv.fr": "mail_domain_no_mx",
		"alias.gouv.fr": "mail_domain_no_mx", "inconnu.gouv.fr": "mail_domain_unknown",
		"sous.prefecture.gouv.fr": "mail_domain_unknown",
	} {
		ask(t, domain).refused(http.StatusBadRequest, code, "/email")
	}
	var b begun
	ask(t, "prefecture.gouv.fr").want(http.StatusCreated).into(&b)
	if b.Agency.Domain != "prefecture.gouv.fr" || b.Agency.Name != "" {
		t.Errorf("a generic rule names %+v", b.Agency)
	}
	w.resolver.SetTruncate(true)
	ask(t, "prefecture.gouv.fr").want(http.StatusCreated)
	w.resolver.SetTruncate(false)
	w.resolver.SetServFail(true)
	got := ask(t, "prefecture.gouv.fr")
	got.refused(http.StatusServiceUnavailable, "dns_unavailable", "/email")
	got.retryAfter()
	ask(t, "culture.gouv.fr").want(http.StatusCreated) // named: no look-up
}

func TestAHandleThatNamesNobodyIsRefused(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	host := strings.TrimPrefix(instance.BaseURL(), "http://")
	for handle, want := range map[string]struct {
		status int
		code   string
	}{
		"@nobody@" + host:              {http.StatusNotFound, "handle_not_found"},
		"":                             {http.StatusBadRequest, "handle_malformed"},
		"@":                            {http.StatusBadRequest, "handle_malformed"},
		"@marie":                       {http.StatusBadRequest, "handle_malformed"},
		"@marie@":                      {http.StatusBadRequest, "handle_malformed"},
		"@@" + host:                    {http.StatusBadRequest, "handle_malformed"},
		"@marie@social.example@evil":   {http.StatusBadRequest, "handle_malformed"},
		"@marie@social.example.":       {http.StatusBadRequest, "handle_malformed"},
		"@marie@social":                {http.StatusBadRequest, "handle_malformed"},
		"@marie@social.example:8443":   {http.StatusBadRequest, "handle_malformed"},
		"@marie@social.example/x":      {http.StatusBadRequest, "handle_malformed"},
		"@marie@127.0.0.1":             {http.StatusBadRequest, "handle_malformed"},
		"@marie@2130706433":            {http.StatusBadRequest, "handle_malformed"},
		"@marie@0x7f000001":            {http.StatusBadRequest, "handle_malformed"},
		"@marie@[::1]":                 {http.StatusBadRequest, "handle_malformed"},
		"https://social.example/@m":    {http.StatusBadRequest, "handle_malformed"},
		"@mar ie@social.example":       {http.StatusBadRequest, "handle_malformed"},
		"@mаrie@social.example":        {http.StatusBadRequest, "handle_confusable"}, // Cyrillic а
		"@marie@ѕосіаӏ.example":        {http.StatusBadRequest, "handle_confusable"}, // all Cyrillic
		"@marie@sосial.example":        {http.StatusBadRequest, "handle_confusable"}, // mixed scripts
		"@marie@xn--scial-jye.example": {http.StatusBadRequest, "handle_confusable"}, // the same in Punycode
		"@marie@xn--social-.example":   {http.StatusBadRequest, "handle_malformed"},
		"@" + strings.Repeat("m", 65) + "@" + host: {http.StatusBadRequest, "handle_malformed"},
		"@m@" + strings.Repeat("s", 400):           {http.StatusBadRequest, "handle_malformed"},
	} {
		t.Run(handle, func(t *testing.T) {
			t.Parallel()
			a := w.agent(t, instance)
			a.handle = handle
			a.ask().refused(want.status, want.code, "/handle")
		})
	}
}
