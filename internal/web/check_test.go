package web_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

var checks = []string{
	"format", "algorithm", "type", "critical", "issuer", "key", "signature", "disclosures",
	"claims", "vct", "time", "subject", "status", "log", "delegation", "account",
}

// reportOf is a report whose first failure is of this code; empty for none.
func reportOf(code verify.Code) verify.Report {
	r := verify.Report{Valid: code == "", Outcome: verify.OutcomeValid, Code: code, Status: "valid"}
	for _, name := range checks {
		r.Checks = append(r.Checks, verify.Check{Name: name, Outcome: verify.Passed})
	}
	for _, i := range []int{11, 13, 14, 15} {
		r.Checks[i] = verify.Check{Name: checks[i], Outcome: verify.Skipped, Detail: "not given"}
	}
	if code != "" {
		r.Outcome = verify.OutcomeInvalid
	}
	if code == verify.IssuerUnreachable || code == verify.StatusUnavailable {
		r.Outcome = verify.OutcomeUnknown
	}
	r.Attestation = &verify.Attested{
		Issuer: issuer, Handle: "@marie@social.example", Agency: verify.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture"},
		IssuedAt: whenAsked, ExpiresAt: whenAsked.Add(180 * 24 * time.Hour),
	}
	return r
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string][]string{
		"en": {"Check a badge", "<strong>Valid</strong>", "Now compare", "nothing was changed since", "Compare the handle yourself", `datetime="2026-11-22"`, "another account"},
		"fr": {"Vérifier un badge", "<strong>Valable</strong>", "Comparez maintenant", "rien n’a été modifié depuis", "Comparez l’identifiant vous-même", `datetime="2026-11-22"`, "un autre compte"},
	} {
		v := visit(t, lang, reportOf(""))
		v.get("/verify").is(200, words[0], `name="what"`).lacks("id=\"verdict\"")
		v.post("/verify", "what", " @marie@social.example\n").to("/verify?handle=%40marie%40social.example")
		byHandle := v.get("/verify?handle=%40marie%40social.example").is(200, words[1], words[3], words[4], words[5], "Ministère de la Culture", `href="/verify?handle=%40marie%40social.example"`)
		if n := strings.Count(byHandle.text, "<li class=\"passed\"") + strings.Count(byHandle.text, "<li class=\"skipped\""); n != 16 {
			t.Errorf("%d checks are told", n)
		}
		byHandle.lacks(words[2])
		v.get("/verify?id="+badge).is(200, words[1], words[2])
		v.get("/verify?account=%40karim%40social.example&id="+badge).is(200, words[6], `value="@karim@social.example"`)
	}
}

// TestCheckKeepsTokensOutOfURLs: a token is answered where it was sent.
func TestCheckKeepsTokensOutOfURLs(t *testing.T) {
	t.Parallel()
	v := visit(t, "en", reportOf(""))
	v.post("/verify", "what", disclosed).is(200, "<strong>Valid</strong>", "Now compare").lacks("?handle=", "?id=", "~disclosure~")
	v.post("/verify", "what", disclosed, "account", "marie@social.example").is(200, "<strong>Valid</strong>").lacks("Now compare")
	v.post("/verify", "what", disclosed, "account", "@karim@social.example").is(200, "It is for another account")
	for _, garbage := range []string{"eyJ", "~", strings.Repeat("a.", 30_000)} {
		v.post("/verify", "what", garbage).is(200, "This is not an attestation.")
	}
	v.post("/verify", "what", "eyJonas@social.example").to("/verify?handle=%40eyJonas%40social.example")
	for _, long := range []string{strings.Repeat(`"`, 60_000), "https://" + strings.Repeat("a", 60_000), strings.Repeat(`x"`, 15_000)} {
		for _, form := range [][]string{{"what", long}, {"what", badge, "account", long}, {"what", disclosed, "account", long}} {
			if page := v.post("/verify", form...); len(page.text) > maxPage {
				t.Errorf("%.20s: %d bytes", long, len(page.text))
			}
		}
	}
	v.post("/verify", "what", strings.Repeat("a", 70_000)).is(422, "An attestation has at most 64 KiB.")
	v.post("/verify", "what", strings.Repeat("a", 100_000)).is(413)
}

func TestCheckSubjects(t *testing.T) {
	t.Parallel()
	v := visit(t, "en", reportOf(""))
	for what, path := range map[string]string{
		badge:                                               "/verify?id=" + badge,
		issuer + "/b/" + badge:                              "/verify?id=" + badge,
		issuer + "/b/" + badge + "?lang=fr":                 "/verify?id=" + badge,
		issuer + "/b/" + badge + ".svg":                     "/verify?id=" + badge,
		issuer + "/b/" + badge + "/qr.png":                  "/verify?id=" + badge,
		issuer + "/verify?id=" + badge:                      "/verify?id=" + badge,
		issuer + "/verify?handle=%40marie%40social.example": "/verify?handle=%40marie%40social.example",
		issuer + "/v1/attestations/" + badge:                "/verify?id=" + badge,
		"HTTPS://COCARDE.example.gouv.fr/b/" + badge:        "/verify?id=" + badge,
		"Https://social.example/@marie":                     "/verify?handle=%40marie%40social.example",
		"acct:marie@social.example":                         "/verify?handle=%40marie%40social.example",
		"https://social.example/@marie":                     "/verify?handle=%40marie%40social.example",
		"https://social.example/@marie/":                    "/verify?handle=%40marie%40social.example",
		"https://social.example/b/@x/../@mari":              "",
		"https://elsewhere.example/b/" + badge:              "",
		"http://cocarde.example.gouv.fr/b/" + badge:         "",
		"https://%": "",
	} {
		answer := v.post("/verify", "what", what)
		if path == "" {
			answer.wrong(422, "what", "This link does not lead to a badge of this issuer.", "")
			continue
		}
		answer.to(path)
	}
	v.post("/verify", "what", badge, "account", "karim@social.example").to("/verify?account=karim%40social.example&id=" + badge)
	for _, typed := range []string{"", "   ", "marie", "social.example", "b4d9", "¿?"} {
		v.post("/verify", "what", typed).wrong(422, "what", "Paste what you want to check: a handle", ">"+strings.TrimSpace(typed)+"</textarea>")
	}
	v.post("/verify", "what", "marie@").wrong(422, "what", "Give the whole handle", ">marie@</textarea>")
	for _, link := range []string{issuer, issuer + "/b/", issuer + "/b/short", issuer + "/b/B4D9E000000I", issuer + "/verify", issuer + "/verify?id=x", issuer + "/@marie"} {
		v.post("/verify", "what", link).wrong(422, "what", "This link leads to this site, but to no badge.", ">"+link+"</textarea>")
	}
	v.post("/verify", "what", strings.TrimPrefix(issuer, "https://")+"/b/"+badge).to("/verify?id=" + badge)
	v.post("/verify", "what", badge, "account", "karim").wrong(422, "account", "Give the whole handle", `value="karim"`)
	v.get("/verify?handle=%3Cb%3E").wrong(422, "what", "Give the whole handle", "&lt;b&gt;</textarea>")
	v.get("/verify?id="+strings.Repeat("0", 12)).wrong(404, "what", "There is no badge under this link.", "").lacks("listed")
	v.get("/verify?handle=@karim@social.example").wrong(404, "what", "There is no attestation", "@karim@social.example</textarea>")
}

// TestCheckTakesWhatIsHandedOut: every line that a badge's page gives to copy leads
// to its report, and one that was made to mislead does not.
func TestCheckTakesWhatIsHandedOut(t *testing.T) {
	t.Parallel()
	_, page := open(t).do("GET", "/b/"+idOf(attest.BadgeValid))
	lines := regexp.MustCompile(`(?s)<textarea[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(page, -1)
	if len(lines) != 3 {
		t.Fatalf("%d lines to copy", len(lines))
	}
	v := visit(t, "en", reportOf(""))
	for _, line := range lines {
		v.post("/verify", "what", html.UnescapeString(line[1])).to("/verify?id=" + idOf(attest.BadgeValid))
	}
	link := issuer + "/b/" + badge
	v.post("/verify", "what", `<link rel="me" href="`+link+`">`).to("/verify?id=" + badge)
	v.post("/verify", "what", `<a rel="me" href="https://social.example/@marie">@marie</a>`).to("/verify?handle=%40marie%40social.example")
	for _, c := range [][2]string{
		{"[![x](" + link + ".svg)](" + issuer + "/b/000000000000)", "more than one badge"},
		{"[![x](" + link + ".svg)](https://social.example/@marie)", "more than one badge"},
		{"[![x](" + link + ".svg)](https://evil.example/b/" + badge + ")", "does not lead to a badge of this issuer"},
		{"[![x](" + link + ".svg)](https://evil.example/)", "does not lead to a badge of this issuer"},
		{"[x](" + issuer + "/)", "but to no badge"},
		{"<b>marie</b>", "Paste what you want to check"},
		{"[", "Paste what you want to check"},
		{"<" + strings.Repeat("https://", 500), "does not lead"},
	} {
		v.post("/verify", "what", c[0]).wrong(422, "what", c[1], "")
	}
	v.post("/verify", "what", "<"+strings.Repeat(" "+link, 1000)).is(200, "This is not an attestation.")
}

// TestVerdicts: every code has words, in each language.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, code := range []verify.Code{
		verify.MalformedToken, verify.AlgNotAllowed, verify.WrongTyp, verify.UnsupportedCrit, verify.IssuerUntrusted, verify.IssuerUnreachable,
		verify.IssuerMismatch, verify.KeyNotFound, verify.KeyRevoked, verify.BadSignature, verify.DisclosureInvalid, verify.ClaimMissing,
		verify.VCTUnsupported, verify.NotYetValid, verify.Expired, verify.SubjectMismatch, verify.StatusUnavailable, verify.StatusInvalid,
		verify.StatusRevoked, verify.StatusSuspended,
	} {
		for lang, words := range map[string][2]string{"en": {"Not valid", "Nobody can tell right now"}, "fr": {"Non valable", "Impossible à dire pour l’instant"}} {
			r := reportOf(code)
			want := words[0]
			if r.Outcome == verify.OutcomeUnknown {
				want = words[1]
			}
			v := visit(t, lang, r)
			v.get("/verify?id="+badge).is(200, "<strong>"+want+"</strong>").lacks("<strong>Valid</strong>", "<strong>Valable</strong>")
		}
	}
}
