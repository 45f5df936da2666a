package acct

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cocarde.example/internal/fault"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	local64 := strings.Repeat("l", 64)
	long := strings.Repeat(strings.Repeat("d", 61)+".", 3) + "x" // with xy: 254 bytes in all
	for in, want := range map[string]struct{ address, key, masked string }{
		"marie.curie@culture.gouv.fr":     {"marie.curie@culture.gouv.fr", "marie.curie@culture.gouv.fr", "m…@culture.gouv.fr"},
		local64 + "@" + long + "xy":       {local64 + "@" + long + "xy", local64 + "@" + long + "xy", "l…@" + long + "xy"},
		" Marie.Curie@Culture.GOUV.fr\n":  {"Marie.Curie@culture.gouv.fr", "marie.curie@culture.gouv.fr", "M…@culture.gouv.fr"},
		"marie+cocarde+x@gouv.fr":         {"marie+cocarde+x@gouv.fr", "marie@gouv.fr", "m…@gouv.fr"},
		"o'neil_x=y/z@gouv.fr":            {"o'neil_x=y/z@gouv.fr", "o'neil_x=y/z@gouv.fr", "o…@gouv.fr"},
		"a@gouv.fr":                       {"a@gouv.fr", "a@gouv.fr", "a…@gouv.fr"},
		"marie@académie.fr":               {"marie@xn--acadmie-eya.fr", "marie@xn--acadmie-eya.fr", "m…@xn--acadmie-eya.fr"},
		local64 + "@gouv.fr":              {local64 + "@gouv.fr", local64 + "@gouv.fr", "l…@gouv.fr"},
		"gouv.fr@xgouv.example":           {"gouv.fr@xgouv.example", "gouv.fr@xgouv.example", "g…@xgouv.example"},
		"1@mail.numerique.gouv.fr":        {"1@mail.numerique.gouv.fr", "1@mail.numerique.gouv.fr", "1…@mail.numerique.gouv.fr"},
		"xn--80a1aib@interieur.gouv.fr":   {"xn--80a1aib@interieur.gouv.fr", "xn--80a1aib@interieur.gouv.fr", "x…@interieur.gouv.fr"},
		"\tmarie-claire@justice.gouv.fr ": {"marie-claire@justice.gouv.fr", "marie-claire@justice.gouv.fr", "m…@justice.gouv.fr"},
	} {
		a, err := ParseAddress(in)
		if err != nil {
			t.Errorf("ParseAddress(%q): %v", in, err)
			continue
		}
		if a.String() != want.address || a.Key() != want.key || a.Masked() != want.masked ||
			a.Local()+"@"+a.Domain().String() != want.address {
			t.Errorf("ParseAddress(%q) = %s, key %s, masked %s", in, a.String(), a.Key(), a.Masked())
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("d", 61)
	for in, code := range map[string]string{
		"": "address_malformed", "@": "address_malformed", "marie": "address_malformed",
		"marie@": "address_malformed", "@gouv.fr": "address_malformed", "marie@fr": "address_malformed",
		"a@b@gouv.fr": "address_malformed", "a@gouv.fr@evil.org": "address_malformed", "a@@gouv.fr": "address_malformed",
		"a@gouv.fr.": "address_malformed", ".a@gouv.fr": "address_malformed", "a.@gouv.fr": "address_malformed",
		"a..b@gouv.fr": "address_malformed", "+tag@gouv.fr": "address_malformed", "a.+tag@gouv.fr": "address_malformed",
		"Marie <marie@gouv.fr>": "address_malformed", "<marie@gouv.fr>": "address_malformed",
		"marie@gouv.fr (Marie)": "address_malformed", "marie(x)@gouv.fr": "address_malformed",
		"a@gouv.fr,b@evil.org": "address_malformed", "a@gouv.fr;b@evil.org": "address_malformed",
		"a@gouv.fr b@evil.org": "address_malformed", "a b@gouv.fr": "address_malformed",
		"a@gouv.fr\r\nRCPT TO:<b@evil.org>": "address_malformed", "a\r\nBcc: b@gouv.fr": "address_malformed",
		"a\x00@gouv.fr": "address_malformed", "a@gouv.fr\x00": "address_malformed", "\xff@gouv.fr": "address_malformed",
		"a\\@evil.org": "address_malformed", "mailto:a@gouv.fr": "address_malformed", "a@gouv.fr:25": "address_malformed",
		"a@localhost": "address_malformed", "a@mail.localhost": "address_malformed", "a@localhost:25": "address_malformed",
		"a@gouv_x.fr": "address_malformed", "a@-gouv.fr": "address_malformed", "a@gouv..fr": "address_malformed",
		"@relay,@b:a@gouv.fr": "address_malformed", "a@xn--gouv-abc.fr": "address_malformed",
		strings.Repeat("l", 65) + "@gouv.fr":                                 "address_malformed",
		strings.Repeat("l", 64) + "@" + strings.Repeat(long+".", 3) + "wxyz": "address_malformed", // 255
		strings.Repeat("a", 10_000):                                          "address_malformed",
		"a@ｇouv.fr":                                                          "address_malformed",

		`"marie"@gouv.fr`: "address_quoted", `"a@gouv.fr"@evil.org`: "address_quoted", `"Marie" <a@gouv.fr>`: "address_quoted",
		`a@"gouv.fr"`: "address_quoted",

		"a@[127.0.0.1]": "address_literal", "a@[IPv6:::1]": "address_literal", "a@127.0.0.1": "address_literal",
		"a@2130706433": "address_literal", "a@0x7f.1": "address_literal", "a@[gouv.fr]": "address_literal",

		"х@gouv.fr": "address_not_ascii", "élise@gouv.fr": "address_not_ascii", "a\u200b@gouv.fr": "address_not_ascii",
		"ａ@gouv.fr": "address_not_ascii", "a\u202e@gouv.fr": "address_not_ascii",

		"a%gouv.fr@evil.org": "address_routed", "evil.org!a@gouv.fr": "address_routed", "a@gouv.fr%evil.org": "address_routed",

		"a@gоuv.fr": "address_confusable", "a@соса.com": "address_confusable", "a@xn--80ak6aa92e.com": "address_confusable",
	} {
		a, err := ParseAddress(in)
		if got := fault.Code(err); err == nil || got != code {
			t.Errorf("ParseAddress(%q) = %s, %v; want %s", in, a.String(), err, code)
		}
		if a != (Address{}) {
			t.Errorf("ParseAddress(%q) refuses and yet gives %s", in, a.String())
		}
	}
	if z := (Address{}); z.String() != "" || z.Key() != "" || z.Masked() != "" {
		t.Error("the zero Address is not empty")
	}
}

func TestAddressStaysOutOfLogs(t *testing.T) {
	t.Parallel()
	a, err := ParseAddress("secret.agent@culture.gouv.fr")
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		To  Address
		All []*Address
	}
	h := holder{a, []*Address{&a}}
	var out bytes.Buffer
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))} {
		log.Info("sent", "to", a, "also", &a, "in", h, "err", fmt.Errorf("to %v, %s, %q, %+v, %#v: %w", a, a, a, h, h, err))
	}
	if err := json.NewEncoder(&out).Encode(h); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "culture") {
		t.Errorf("the address stands in a log: %s", out.String())
	}
	if !strings.Contains(out.String(), "to=[redacted]") {
		t.Errorf("no sign of redaction: %s", out.String())
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"marie.curie+x@culture.gouv.fr", `"a"@gouv.fr`, "a@[::1]", "a%b@gouv.fr", "х@gouv.fr", "a@académie.fr", "a@localhost:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			requireFault(t, err, "address_", s)
			return
		}
		if again, err := ParseAddress(a.String()); err != nil || again != a {
			t.Errorf("ParseAddress(%q) = %s, which reads %s, %v", s, a.String(), again.String(), err)
		}
		if len(a.Local()) > 64 || len(a.String()) > 254 || a.Domain().Loopback() || strings.Count(a.String(), "@") != 1 ||
			strings.ContainsFunc(a.String(), func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("ParseAddress(%q) = %s", s, a.String())
		}
		key, err := ParseAddress(a.Key())
		if err != nil || key.Key() != a.Key() || strings.ToLower(a.Key()) != a.Key() || strings.Contains(a.Key(), "+") {
			t.Errorf("ParseAddress(%q): the key %q reads %q, %v", s, a.Key(), key.Key(), err)
		}
	})
}
