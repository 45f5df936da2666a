package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocarde.example/internal/retention"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8080" || c.Database != filepath.Join("cocarde-data", "cocarde.db") ||
		c.SecretFile != filepath.Join("cocarde-data", "secret") {
		t.Errorf("defaults: %+v", c)
	}
	if c.Lang != "en" {
		t.Errorf("the default language is %q", c.Lang)
	}
	if c, err := Load("", []string{"COCARDE_LANG=fr"}); err != nil || c.Lang != "fr" {
		t.Errorf("%q, %v", c.Lang, err)
	}
	if c.Mailbox() != retention.Mailbox {
		t.Errorf("mailboxes are kept for %v", c.Mailbox())
	}
	if c, err := Load("", []string{"COCARDE_MAILBOX_DAYS=30"}); err != nil || c.Mailbox() != 30*24*time.Hour {
		t.Errorf("30 days are %v, %v", c.Mailbox(), err)
	}
	if !c.Closing().IsZero() {
		t.Errorf("it closes on %v", c.Closing())
	}
	if c, err := Load("", []string{"COCARDE_CLOSES=2027-06-30"}); err != nil || c.Closing() != time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC) {
		t.Errorf("it closes on %v, %v", c.Closing(), err)
	}
	if got := c.Origin("127.0.0.1:8080"); got != "http://127.0.0.1:8080" {
		t.Errorf("origin %q", got)
	}
}

func TestEnvironmentPrevailsOverFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(path, []byte("# ours\nCOCARDE_ADDR=127.0.0.1:1\nCOCARDE_URL=https://a.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, []string{"COCARDE_ADDR=127.0.0.1:2", "HOME=/"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:2" || c.URL != "https://a.example" {
		t.Errorf("%+v", c)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ env, says string }{
		"unknown name":       {"COCARDE_ADRR=x", "COCARDE_ADRR"},
		"bad address":        {"COCARDE_ADDR=nowhere", "host:port"},
		"public, no origin":  {"COCARDE_ADDR=0.0.0.0:80", "COCARDE_URL"},
		"http elsewhere":     {"COCARDE_URL=http://a.example", "must be https"},
		"path in origin":     {"COCARDE_URL=https://a.example/x", "not an origin"},
		"slash in origin":    {"COCARDE_URL=https://a.example/", "not an origin"},
		"user in origin":     {"COCARDE_URL=https://u@a.example", "not an origin"},
		"upper case origin":  {"COCARDE_URL=https://A.example", "not an origin"},
		"empty port":         {"COCARDE_URL=https://a.example:", "port"},
		"usual port":         {"COCARDE_URL=https://a.example:443", "port"},
		"port too large":     {"COCARDE_URL=https://a.example:99999", "port"},
		"dot at the end":     {"COCARDE_URL=https://a.example.", "host name"},
		"U-labels":           {"COCARDE_URL=https://é.example", "host name"},
		"short address":      {"COCARDE_URL=https://127.1", "host name"},
		"hyphen first":       {"COCARDE_URL=https://-a.example", "host name"},
		"other scheme":       {"COCARDE_URL=ftp://a.example", "must be https"},
		"no day":             {"COCARDE_CLOSES=soon", "2027-06-30"},
		"a day that is not":  {"COCARDE_CLOSES=2027-02-30", "2027-06-30"},
		"a moment":           {"COCARDE_CLOSES=2027-06-30T10:00:00Z", "2027-06-30"},
		"another century":    {"COCARDE_CLOSES=0227-06-30", "2027-06-30"},
		"no days":            {"COCARDE_MAILBOX_DAYS=0", "1 to 3650"},
		"too many days":      {"COCARDE_MAILBOX_DAYS=3651", "1 to 3650"},
		"a duration":         {"COCARDE_MAILBOX_DAYS=720h", "1 to 3650"},
		"bad resolver":       {"COCARDE_RESOLVER=127.0.0.1", "host:port"},
		"bad proxy":          {"COCARDE_TRUSTED_PROXIES=10.0.0.0/8,x", `"x"`},
		"another database":   {"COCARDE_DATABASE=mysql://x", "path of a SQLite file"},
		"its password":       {"COCARDE_DATABASE=postgres://u:word@h/d", "password file"},
		"its other password": {"COCARDE_DATABASE=postgres://u@h/d?password=word", "password file"},
		"its key's password": {"COCARDE_DATABASE=postgres://u@h/d?sslpassword=word", "password file"},
		"its keywords":       {"COCARDE_DATABASE=host=127.0.0.1 user=u password=word", "path of a SQLite file"},
		"its capitals":       {"COCARDE_DATABASE=POSTGRES://u@h/d", "path of a SQLite file"},
		"its lost slashes":   {"COCARDE_DATABASE=postgres:u@h/d", "path of a SQLite file"},
		"a file's URL":       {"COCARDE_DATABASE=file:cocarde.db", "path of a SQLite file"},
		"its broken URL":     {"COCARDE_DATABASE=postgres://u:word@h:x/d", "path of a SQLite file"},
		"unknown language":   {"COCARDE_LANG=tlh", "en, fr"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load("", []string{c.env})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}

func TestUnknownNameInFileIsNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(path, []byte("COCARDE_NOPE=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, nil)
	if err == nil || !strings.Contains(err.Error(), "COCARDE_NOPE") || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	c, err := Load("", []string{"COCARDE_TRUSTED_PROXIES=127.0.0.1, 10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Proxies(); len(got) != 2 || got[0].String() != "127.0.0.1/32" {
		t.Errorf("%v", got)
	}
}
