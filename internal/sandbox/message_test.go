package sandbox

import (
	"strings"
	"testing"
)

const mailHeader = "From: a@cocarde.example\nDate: Sun, 22 Nov 2026 10:00:00 +0100\nMessage-ID: <1@cocarde.example>\n"

func crlf(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

func TestParseMessage(t *testing.T) {
	t.Parallel()
	const alternative = `MIME-Version: 1.0
Subject: =?utf-8?B?Q29kZSDDqQ==?=
Content-Type: multipart/mixed; boundary="out"

--out
Content-Type: multipart/alternative; boundary=in

--in
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Votre code=C2=A0: 1234=C2=A05678.=
 Fin
--in
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+b3Vp
PC9wPg==
--in--
--out--
`
	m, err := parseMessage(crlf(mailHeader + alternative))
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "Code é" || m.Text != "Votre code\u00a0: 1234\u00a05678. Fin" || m.HTML != "<p>oui</p>" || Code(m) != "12345678" {
		t.Errorf("%q %q %q", m.Subject, m.Text, m.HTML)
	}
}

func TestParseMessageRefusals(t *testing.T) {
	t.Parallel()
	deep := ""
	for range 6 {
		deep += "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	}
	for name, rest := range map[string]string{
		"bad type":           "Content-Type: text/plain; charset\n\nx\n",
		"bad base64":         "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n?\n",
		"bad quoted":         "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n\x01\n",
		"unended multipart":  "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n",
		"multipart, no part": "Content-Type: multipart/mixed; boundary=b\n\nx\n",
		"too deep":           deep,
		"bad subject":        "Subject: =?klingon?q?x?=\n\nx\n",
		"broken header":      "no colon\n\nx\n",
	} {
		if _, err := parseMessage(crlf(mailHeader + rest)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"code: 12345678":              "12345678",
		"code: 1234 5678.":            "12345678",
		"1234\u202f5678":              "12345678",
		"a123456789 then\n87654321\n": "87654321",
		"123456789":                   "",
		"/b/12345678ab":               "",
		"12345678-1234":               "",
		"1234  5678":                  "",
		"":                            "",
	} {
		if got := Code(Message{Text: text}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add(crlf(mailHeader + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n"))
	f.Add(crlf(mailHeader + "Content-Transfer-Encoding: base64\n\nYQ==\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseMessage(raw)
		if err == nil && len(m.Text)+len(m.HTML) > 2*len(raw) {
			t.Errorf("%d bytes became %d", len(raw), len(m.Text)+len(m.HTML))
		}
		if code := Code(m); code != "" && len(code) != 8 {
			t.Errorf("code of %d characters", len(code))
		}
	})
}
