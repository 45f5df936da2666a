package attest_test

import (
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

func TestBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.begins(t, marie, "Marie.Dupont+lettre@culture.gouv.fr")
	if b.State != attest.AwaitingAccountProof || b.Handle.String() != marie || len(b.ID) != 12 ||
		b.BadgeURL != issuer+"/b/"+b.BadgeURL[len(issuer)+3:] || b.Agency.Domain != itsDomain || b.Agency.Country != "FR" ||
		!b.ExpiresAt.Equal(began.Add(24*time.Hour)) || b.Token == "" || b.Browser == "" || b.Token == b.Browser {
		t.Errorf("%+v", b.View)
	}
	if strings.Contains(b.BadgeURL, b.ID) {
		t.Error("the badge's id gives the request's away")
	}
	if n := len(w.outbox(t)); n != 0 {
		t.Errorf("%d entries in the outbox before anything is proven", n)
	}
	r, err := w.store.Request(t.Context(), b.ID)
	must(t, err)
	if plain, err := w.vault.Open("mailbox", r.Mailbox); err != nil || string(plain) != "Marie.Dupont+lettre@culture.gouv.fr" {
		t.Errorf("%q, %v", plain, err)
	}
}

func TestBeginRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change      func(*attest.Beginning)
		code, field string
	}{
		"no handle":          {func(b *attest.Beginning) { b.Handle = "" }, "", "/handle"},
		"two ats":            {func(b *attest.Beginning) { b.Handle = "@a@gouv.fr@evil.org" }, "", "/handle"},
		"confusable handle":  {func(b *attest.Beginning) { b.Handle = "@m\u0430rie@social.example" }, "", "/handle"},
		"no address":         {func(b *attest.Beginning) { b.Email = "" }, "", "/email"},
		"two ats in address": {func(b *attest.Beginning) { b.Email = "a@gouv.fr@evil.org" }, "", "/email"},
		"quoted":             {func(b *attest.Beginning) { b.Email = `"marie dupont"@culture.gouv.fr` }, "", "/email"},
		"literal":            {func(b *attest.Beginning) { b.Email = "marie@[192.0.2.1]" }, "", "/email"},
		"look-alike":         {func(b *attest.Beginning) { b.Email = "marie@culture-gouv.fr" }, "", "/email"},
		"free mail":          {func(b *attest.Beginning) { b.Email = "marie@gmail.com" }, "", "/email"},
		"role":               {func(b *attest.Beginning) { b.Email = "postmaster@culture.gouv.fr" }, "", "/email"},
		"no reply":           {func(b *attest.Beginning) { b.Email = "noreply@culture.gouv.fr" }, "", "/email"},
		"method":             {func(b *attest.Beginning) { b.Method = "fax" }, "account_proof_unsupported", "/account_proof/method"},
		"language":           {func(b *attest.Beginning) { b.Lang = "br" }, "language_unsupported", "/lang"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			asked := asks(marie, mailbox)
			c.change(&asked)
			_, err := w.Begin(t.Context(), asked)
			f, ok := fault.Of(err)
			if !ok || f.Field != c.field || c.code != "" && f.Code != c.code {
				t.Fatalf("%v at %q, want %s at %s", err, f.Field, c.code, c.field)
			}
			if w.fediverse.resolved != 0 || len(w.mx.asked) != 0 {
				t.Error("the network was asked")
			}
		})
	}
}

func TestBeginWithoutMailServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *attest.RequestsConfig) { c.Mail = false })
	_, err := w.Begin(t.Context(), asks(marie, mailbox))
	wantCode(t, err, "mail_not_configured")
	if w.fediverse.resolved != 0 {
		t.Error("the network was asked")
	}
}

func TestBeginUnknownAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Begin(t.Context(), asks("@nobody@social.example", mailbox))
	wantCode(t, err, "handle_not_found")
	if f, _ := fault.Of(err); f.Field != "/handle" {
		t.Errorf("at %q", f.Field)
	}
}

// Under a rule for all subdomains the mail domain needs an MX of its own; under
// a rule that names the agency it does not.
func TestBeginLooksUpMX(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mx.err = fault.New(fault.Invalid, "no_mx", "No mail server.")
	_, err := w.Begin(t.Context(), asks(marie, "marie@inconnu.gouv.fr"))
	wantCode(t, err, "no_mx")
	if f, _ := fault.Of(err); f.Field != "/email" {
		t.Errorf("at %q", f.Field)
	}
	if w.fediverse.resolved != 0 {
		t.Error("the account was looked up for a mailbox that is refused")
	}
	w.begins(t, marie, "marie@insee.fr")
	if len(w.mx.asked) != 1 || w.mx.asked[0] != "inconnu.gouv.fr" {
		t.Errorf("asked for %v", w.mx.asked)
	}
}

// Whether the mailbox has a badge already shows in nothing but the mail.
func TestBeginTellsNothingOfTheMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issued(t, marie, mailbox)
	known, unknown := w.begins(t, karim, mailbox), w.begins(t, karim, "autre.dupont@culture.gouv.fr")
	known.View, unknown.View = alike(known.View), alike(unknown.View)
	if known.View != unknown.View {
		t.Errorf("%+v\n%+v", known.View, unknown.View)
	}
}

// alike leaves out what is random.
func alike(v attest.View) attest.View {
	v.ID, v.BadgeURL, v.AuthorizeURL = "", "", ""
	return v
}

func TestBeginAccountHasBadge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issued(t, marie, mailbox)
	_, err := w.Begin(t.Context(), asks("@marie@SOCIAL.example", "karim@insee.fr"))
	wantCode(t, err, "account_has_badge")
	w.pass(attest.DefaultValidity)
	w.begins(t, marie, mailbox) // the former has expired
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    func(*attest.Limits)
		ask    func(n string) attest.Beginning
		window time.Duration
	}{
		"client": {func(l *attest.Limits) { l.RequestsPerClient = 2 }, func(n string) attest.Beginning {
			return asks("@a"+n+"@i"+n+".example", "m"+n+"@insee.fr")
		}, time.Hour},
		"handle": {func(l *attest.Limits) { l.RequestsPerHandle = 2 }, func(n string) attest.Beginning {
			return from(n, asks(marie, "m"+n+"@insee.fr"))
		}, time.Hour},
		"instance": {func(l *attest.Limits) { l.RequestsPerInstance = 2 }, func(n string) attest.Beginning {
			return from(n, asks("@a"+n+"@social.example", "m"+n+"@insee.fr"))
		}, time.Hour},
		"mailbox": {func(l *attest.Limits) { l.RequestsPerMailbox = 2 }, func(n string) attest.Beginning {
			return from(n, asks("@a"+n+"@i"+n+".example", "Same+"+n+"@insee.fr"))
		}, 24 * time.Hour},
		"total": {func(l *attest.Limits) { l.RequestsInTotal = 2 }, func(n string) attest.Beginning {
			return from(n, asks("@a"+n+"@i"+n+".example", "m"+n+"@insee.fr"))
		}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(rc *attest.RequestsConfig) { c.set(&rc.Limits) })
			for _, n := range []string{"1", "2"} {
				_, err := w.Begin(t.Context(), c.ask(n))
				must(t, err)
			}
			before := w.fediverse.resolved
			_, err := w.Begin(t.Context(), c.ask("3"))
			wantCode(t, err, "too_many_requests")
			if w.fediverse.resolved != before {
				t.Error("the network was asked")
			}
			f, _ := fault.Of(err)
			if f.RetryAfter <= 0 || f.RetryAfter > c.window {
				t.Errorf("come back after %s", f.RetryAfter)
			}
			w.pass(f.RetryAfter)
			_, err = w.Begin(t.Context(), c.ask("4"))
			must(t, err)
		})
	}
}

// from asks from another client each time.
func from(n string, b attest.Beginning) attest.Beginning {
	b.Client = "192.0.2." + n
	return b
}
