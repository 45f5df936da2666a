package mail

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cocarde.example/attest"
	"cocarde.example/internal/locale"
)

var update = flag.Bool("update", false, "write the golden files anew")

func message(kind attest.MessageKind, lang string) attest.Message {
	m := attest.Message{
		Kind: kind, To: "marie.curie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org",
		Handle: "@marie@example.net", Instance: "social.example.net", Agency: "culture.gouv.fr",
	}
	if kind == attest.MailCode {
		m.Code, m.Minutes = "12345678", 10
		m.StopURL = "https://cocarde.example.org/request/stop/c2VhbGVk"
	} else {
		m.BadgeURL = "https://cocarde.example.org/b/0123456789ab"
	}
	return m
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Languages() {
		replacing := message(attest.MailCode, lang)
		replacing.Replaces = "@former@social.example.net"
		unlisted := message(attest.MailCode, lang)
		unlisted.ReplacesUnlisted = true
		for name, m := range map[string]attest.Message{
			"code":                    message(attest.MailCode, lang),
			"code-replacing":          replacing,
			"code-replacing-unlisted": unlisted,
			"issued":                  message(attest.MailIssued, lang),
			"replaced":                message(attest.MailReplaced, lang),
			"renewal-code": {Kind: attest.MailRenewalCode, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr",
				Code: "12345678", Minutes: 10, StopURL: "https://cocarde.example.org/request/stop/c2VhbGVk"},
			"access-code": {Kind: attest.MailAccessCode, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr",
				Code: "12345678", Minutes: 10, StopURL: "https://cocarde.example.org/request/stop/c2VhbGVk"},
			"reminder": {Kind: attest.MailReminder, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr",
				Ends: time.Date(2027, 5, 21, 10, 0, 0, 0, time.UTC), StopURL: "https://cocarde.example.org/request/stop/c2VhbGVk"},
			"withdrawn": {Kind: attest.MailWithdrawn, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr"},
			"reminder-closing": {Kind: attest.MailReminder, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr",
				Ends: time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC), StopURL: "https://cocarde.example.org/request/stop/c2VhbGVk", Closing: true},
			"withdrawn-closing":   {Kind: attest.MailWithdrawn, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr", Closing: true},
			"key-revoked-closing": {Kind: attest.MailKeyRevoked, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr", Closing: true},
			"key-revoked":         {Kind: attest.MailKeyRevoked, To: "marie@culture.gouv.fr", Lang: lang, Issuer: "https://cocarde.example.org", Agency: "culture.gouv.fr"},
		} {
			t.Run(lang+"/"+name, func(t *testing.T) {
				t.Parallel()
				l, err := write("Cocarde", "badges@agency.example", m)
				if err != nil {
					t.Fatal(err)
				}
				links := 1
				if m.Closing && m.StopURL == "" { // it leads nowhere
					links = 0
				}
				if n := strings.Count(l.body, "://"); n != links {
					t.Errorf("the mail has %d links, want %d", n, links)
				}
				for _, s := range []string{m.Handle, m.Instance, m.Agency, "Cocarde (cocarde.example.org)"} {
					if !strings.Contains(l.body, s) {
						t.Errorf("the mail does not name %s", s)
					}
				}
				if lang == "en" || lang == "fr" { // another language is one file more, and not its wording here
					golden(t, filepath.Join("testdata", name+"."+lang+".txt"), l.subject+"\n\n"+l.body)
				}
			})
		}
	}
}

// TestFootWithoutContact: where none is configured, the mail names none.
func TestFootWithoutContact(t *testing.T) {
	t.Parallel()
	l, err := write("Cocarde", "", message(attest.MailCode, "en"))
	if err != nil || !strings.HasSuffix(l.body, "Replies to it are not read.\n") {
		t.Errorf("%v: %s", err, l.body)
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*attest.Message){
		"kind":            func(m *attest.Message) { m.Kind = "newsletter" },
		"issuer":          func(m *attest.Message) { m.Issuer = "cocarde" },
		"line in handle":  func(m *attest.Message) { m.Handle = "@a@b.example\r\nBcc: x@y.example" },
		"line in url":     func(m *attest.Message) { m.StopURL += "\nhttps://evil.example" },
		"line in replace": func(m *attest.Message) { m.Replaces = "\r" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := message(attest.MailCode, "fr")
			change(&m)
			if l, err := write("Cocarde", "", m); err == nil {
				t.Errorf("wrote %q", l.body)
			}
		})
	}
}
