package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

const here = "/request/" + requestID

// underWay is a browser whose request stands at a state.
func underWay(t *testing.T, lang string, method attest.Method, state attest.State) *visitor {
	t.Helper()
	v := visit(t, lang, verify.Report{})
	v.answerAll(string(method), "yes")
	v.post("/request/new/summary").to(here)
	v.request.view.State = state
	return v
}

// TestStates: the page of a request says in each state what to do next.
func TestStates(t *testing.T) {
	t.Parallel()
	code := &attest.CodeView{TriesLeft: 3, ExpiresAt: whenAsked.Add(5 * time.Minute)}
	ended := &attest.CodeView{TriesLeft: 3, ExpiresAt: whenAsked}
	for name, c := range map[string]struct {
		method attest.Method
		state  attest.State
		code   *attest.CodeView
		left   int
		en, fr string
		has    []string
	}{
		"sign in": {attest.ByOAuth, attest.AwaitingAccountProof, nil, 3, "Sign in at social.example", "Se connecter sur social.example",
			[]string{`href="https://social.example/oauth/authorize?client_id=c&amp;state=state-1" rel="noreferrer"`, "<details><summary>", here + "/withdrawal"}},
		"code shown elsewhere": {attest.ByOAuth, attest.AwaitingAccountProof, code, 3, "Code from the other browser", "Code affiché dans l’autre navigateur",
			[]string{"<details open><summary>", `name="code"`}},
		"link": {attest.ByLink, attest.AwaitingAccountProof, nil, 3, "Look at my profile now", "Regarder mon profil maintenant",
			[]string{`>` + issuer + "/b/" + badge + `</textarea>`, "Mastodon", "GoToSocial", "Misskey", here + "/account-proof", here + "/withdrawal"}},
		"code": {attest.ByOAuth, attest.AwaitingMailboxProof, code, 1, "The code still holds for 5 min. Tries left: 3.", "valable 5 min. Essais restants : 3.",
			[]string{`inputmode="numeric"`, `autocomplete="one-time-code"`, "culture.gouv.fr", here + "/mailbox-code", here + "/withdrawal"}},
		"code ended":    {attest.ByOAuth, attest.AwaitingMailboxProof, ended, 1, "Ask for a new one.", "Demandez-en un nouveau.", []string{here + "/mailbox-code"}},
		"no more codes": {attest.ByOAuth, attest.AwaitingMailboxProof, code, 0, "No more codes can be sent", "Plus aucun code ne peut", []string{`name="code"`}},
		"proven":        {attest.ByLink, attest.Proven, nil, 0, "Get my badge", "Recevoir mon badge", []string{"@marie@social.example", "Ministère de la Culture", here + "/withdrawal"}},
		"issued": {attest.ByOAuth, attest.Issued, nil, 0, "Your badge is ready", "Votre badge est prêt",
			[]string{`src="/b/` + badge + `.svg" alt="`, `>` + issuer + "/b/" + badge + `</textarea>`, here + "/attestation.txt", here + "/profile-check"}},
		"issued by link": {attest.ByLink, attest.Issued, nil, 0, "If it is still there, save your profile once more", "S’il y est toujours, enregistrez votre profil encore une fois", nil},
		"expired":        {attest.ByOAuth, attest.Expired, nil, 0, "its time is over", "son délai est écoulé", []string{`href="/request"`}},
		"withdrawn":      {attest.ByOAuth, attest.Withdrawn, nil, 0, "You have stopped this request", "Vous avez abandonné", []string{`href="/request"`}},
		"refused":        {attest.ByOAuth, attest.Refused, nil, 0, "after too many wrong codes", "trop de codes faux", []string{`href="/request"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for lang, words := range map[string]string{"en": c.en, "fr": c.fr} {
				v := underWay(t, lang, c.method, c.state)
				v.request.view.Code, v.request.view.CodesLeft = c.code, c.left
				page := v.get(here).is(200, append(c.has, strings.ReplaceAll(words, " :", "\u00a0:"))...)
				page.lacks(address, "role=\"alert\"")
			}
		})
	}
	v := underWay(t, "en", attest.ByOAuth, attest.AwaitingMailboxProof)
	v.request.view.Code, v.request.view.CodesLeft = code, 0
	v.get(here).lacks(here + "/mailbox-code")
	v.request.view.MailError = "mail_refused"
	v.get(here).is(200, "could not be delivered", "refuses this mail for good")
	v.request.view.Code, v.request.view.CodesLeft = ended, 1
	v.get(here).lacks(`name="code"`)
}

// TestElsewhere: only the browser that began the request sees it.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string]string{"en": "This request is not open in this browser", "fr": "Cette demande n’est pas ouverte dans ce navigateur"} {
		v := underWay(t, lang, attest.ByOAuth, attest.Issued)
		mine := v.cookies["__Host-cocarde-agent"]
		for _, cookie := range []string{"", "forged", mine[:len(mine)-2] + "AA", v.cookies["__Host-cocarde-request"]} {
			v.cookies["__Host-cocarde-agent"] = cookie
			v.get(here).is(403, words)
			v.get(here+"/attestation.txt").is(403, words)
			v.post(here+"/attestation").is(403, words)
		}
		v.cookies["__Host-cocarde-agent"] = mine
		v.get("/request/0123456789ab").is(403, words)
		v.get(here).is(200)
		if len(v.request.calls) > 0 {
			t.Errorf("a stranger did %v", v.request.calls)
		}
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	v := underWay(t, "en", attest.ByOAuth, attest.AwaitingAccountProof)
	v.now = whenAsked.Add(11 * time.Minute)
	v.get(here).is(200, "Prepare a new sign-in").lacks("oauth/authorize")
	v.now = whenAsked
	v.post(here + "/account-proof").to(here)
	v.get(here).is(200, "oauth/authorize")
	v.post(here+"/account-proof", "code", "ABCD efgh").to(here)
	v.request.view.State = attest.AwaitingMailboxProof
	v.post(here+"/mailbox-proof", "code", "1234 5678").to(here)
	v.post(here + "/mailbox-code").to(here)
	v.get(here).is(200, "A new code is on its way")
	v.get(here).is(200).lacks("A new code is on its way") // told once
	v.request.view.State = attest.Proven
	v.post(here + "/attestation").to(here)
	v.request.view.State = attest.Issued
	v.get(here).is(200)
	want := []string{"AdvanceAccount", "ConfirmAccount ABCD efgh", "ProveMailbox 1234 5678", "RenewCode", "Issue"}
	if !slices.Equal(v.request.calls, want) {
		t.Errorf("called %q", v.request.calls)
	}
	v.post(here + "/withdrawal").to(here)
	v.get(here).is(200, "You have stopped this request")
	v.get("/request").is(200).lacks(here)
}

// TestLooks: what was seen of the profile, and what is missing.
func TestLooks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seen   attest.Sighting
		en, fr []string
	}{
		{attest.Sighting{PageRead: true}, []string{"do not see any link", "profile: 0."}, []string{"aucun lien"}},
		{attest.Sighting{FieldLinks: 2, HeadLinks: 3, PageRead: true}, []string{"but not this one", "profile: 2.", "(rel=&#34;me&#34;): 3."}, []string{"pas celui-ci"}},
		{attest.Sighting{FieldLinks: 1}, []string{"could not be read"}, []string{"n’a pas pu être lue"}},
	} {
		for lang, words := range map[string][]string{"en": c.en, "fr": c.fr} {
			v := underWay(t, lang, attest.ByLink, attest.AwaitingAccountProof)
			v.request.seen = c.seen
			v.post(here + "/account-proof").to(here)
			v.get(here).is(200, append(words, `role="alert"`)...)
			v.get(here).is(200).lacks(`role="alert"`)
			v.request.seen.Found = true
			v.post(here + "/account-proof").to(here)
			v.get(here).is(200, here+"/mailbox-code").lacks(`role="alert"`)
		}
	}
	v := underWay(t, "en", attest.ByOAuth, attest.Issued)
	v.request.seen.Links = []attest.SeenLink{{Where: attest.InHead, Text: "https://a.example/"}}
	v.post(here + "/profile-check").to(here)
	v.get(here).is(200, "The link is not there yet", "<bdi>https://a.example/</bdi>")
	v.request.seen.Found = true
	v.post(here + "/profile-check").to(here)
	v.get(here).is(200, "Your profile shows the link of the badge.")
}

// TestABadgeNotInForce: the page of the request says so, since when and what it
// means, and does not have its link placed anywhere.
func TestABadgeNotInForce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state  attest.BadgeState
		en, fr []string
		file   bool
	}{
		{attest.BadgeSuspended, []string{"Your badge is suspended", "suspended on 23\u00a0November 2026", "Do not put its link in your profile", "To learn the reason"},
			[]string{"Votre badge est suspendu", "suspendu le 23\u00a0novembre 2026", "Ne placez pas son lien"}, true},
		{attest.BadgeRevoked, []string{"Your badge is revoked", "revoked on 23\u00a0November 2026", "Take its link out", `class="failed"`, `href="/request"`},
			[]string{"Votre badge est révoqué", "révoqué le 23\u00a0novembre 2026", "Retirez son lien"}, false},
		{attest.BadgeEnded, []string{"Your badge has ended", "ended on 23\u00a0November 2026", "Leave its link in your profile", `href="/b/` + badge + `/manage"`},
			[]string{"Votre badge a pris fin", "a pris fin le 23\u00a0novembre 2026", "Laissez son lien dans votre profil"}, false},
	} {
		for lang, words := range map[string][]string{"en": c.en, "fr": c.fr} {
			v := underWay(t, lang, attest.ByLink, attest.Issued)
			v.get(here).is(200, here+"/profile-check")
			v.request.badge.State, v.request.badge.ChangedAt = c.state, whenAsked.Add(24*time.Hour)
			v.request.seen.Found = true
			v.post(here + "/profile-check").to(here) // from a page that was shown before
			for range 2 {
				page := v.get(here).is(200, append(words, `href="/b/`+badge+`"`, `href="mailto:badges@example.org"`)...)
				page.lacks("is ready", "est prêt", "Mastodon", "<textarea", "you can prove, without us", "vous pouvez prouver", here+"/profile-check", "turns the link green")
				if strings.Contains(page.text, here+"/attestation.txt") != c.file {
					t.Errorf("%s: whether the page offers the file: %s", c.state, page.text)
				}
			}
			v.get(here+"/attestation.txt").is(200, disclosed)
		}
	}
}

// TestOnlyWhatWasSeenIsTold: that a profile has the link is told of the proof, until
// somebody looks.
func TestOnlyWhatWasSeenIsTold(t *testing.T) {
	t.Parallel()
	const before = "The link was in your profile when the account was proven."
	v := underWay(t, "en", attest.ByLink, attest.Issued)
	v.get(here).is(200, before)
	v.post(here + "/profile-check").to(here)
	v.get(here).is(200, "The link is not there yet").lacks(before)
	underWay(t, "en", attest.ByOAuth, attest.Issued).get(here).is(200).lacks(before)
}

// TestSeenLinks: the links themselves stand there, as text, each with what is wrong
// with it, and the one that is missing.
func TestSeenLinks(t *testing.T) {
	t.Parallel()
	nears := map[attest.Near][2]string{
		"":                  {"In a field of the profile.</li>", "Dans un champ du profil.</li>"},
		attest.NearHost:     {"a badge on another site", "d’un autre site"},
		attest.NearPage:     {"another page of this site", "une autre page de ce site"},
		attest.NearBadge:    {"the link of another badge", "le lien d’un autre badge"},
		attest.NearPicture:  {"without .svg or .png", "sans .svg ni .png"},
		attest.NearSlash:    {"one / too many", "barre oblique (/) de trop"},
		attest.NearScheme:   {"begins with https://", "commence par https://"},
		attest.NearQuery:    {"from the ? on", "point d’interrogation"},
		attest.NearFragment: {"from the # on", "du signe #"},
		attest.NearInexact:  {"nearly this link", "presque ce lien"},
	}
	for near, words := range nears {
		for n, lang := range []string{"en", "fr"} {
			v := underWay(t, lang, attest.ByLink, attest.AwaitingAccountProof)
			v.request.seen = attest.Sighting{FieldLinks: 1, Links: []attest.SeenLink{{Where: attest.InAttachment, Text: `https://a.example/?<b>&"x"`, Near: near}}}
			v.post(here + "/account-proof").to(here)
			v.get(here).is(200, `<bdi>https://a.example/?&lt;b&gt;&amp;&#34;x&#34;</bdi>`, words[n], "<code>"+issuer+"/b/"+badge+"</code>").
				lacks(`href="https://a.example`)
		}
	}
}

// TestOwnPage: the line for those who have no field, to be copied as it stands.
func TestOwnPage(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string]string{"en": "A page of your own", "fr": "Une page à vous"} {
		v := underWay(t, lang, attest.ByLink, attest.AwaitingAccountProof)
		v.get(here).is(200, words, "<code>https://social.example/@marie</code>", `&lt;link rel="me" href="`+issuer+"/b/"+badge+`"&gt;</textarea>`, "&lt;head&gt;").
			lacks(`<link rel="me"`)
		underWay(t, lang, attest.ByLink, attest.Issued).get(here).is(200).lacks(words)
	}
}

// TestTheLongestSighting: whatever stands in a profile fits into the cookie that
// brings it to the page, beside a sign-in of the longest address.
func TestTheLongestSighting(t *testing.T) {
	t.Parallel()
	for _, sign := range []string{`"`, `\`, "<", "&", "é", "\ufffd", "𝕏"} {
		text := strings.Repeat(sign, attest.MaxSeenText/len(sign))
		v := underWay(t, "en", attest.ByOAuth, attest.AwaitingAccountProof)
		v.request.scopes = strings.Repeat("s", 2000-len(signInAt))
		v.post(here + "/account-proof").to(here)
		v.request.view.State = attest.Issued
		v.request.seen = attest.Sighting{FieldLinks: 1 << 20, HeadLinks: 1 << 20, PageRead: true}
		for range attest.MaxSeen {
			v.request.seen.Links = append(v.request.seen.Links, attest.SeenLink{Where: attest.InAttachment, Text: text, Near: attest.NearFragment})
		}
		v.post(here + "/profile-check").to(here)
		v.get(here).is(200, "from the # on")
	}
}

// TestCallbackLeadsBack: after the sign-in the request goes on where it began,
// and the callback's URL is left behind.
func TestCallbackLeadsBack(t *testing.T) {
	t.Parallel()
	const callback = "/oauth/callback/social.example?state=state-1&code=c"
	v := underWay(t, "fr", attest.ByOAuth, attest.AwaitingAccountProof)
	v.request.fails = fault.New(fault.Forbidden, "sign_in_denied", "Your instance did not let the sign-in through.")
	v.get(callback).to(here)
	v.get(here).is(200, "Votre instance n’a pas autorisé la connexion.", `role="alert"`, "Préparer une nouvelle connexion").lacks("oauth/authorize")
	v.get(here).is(200).lacks(`role="alert"`)
	v.request.fails = nil
	v.post(here + "/account-proof").to(here)
	v.get(callback).to(here)
	v.get(callback).is(200, "Votre compte est prouvé") // not the sign-in under way: no other page is led to
}

// TestTheRequestKeepsItsLanguage: whoever chose a language that the browser does
// not ask for comes back to it from the instance, and gets mails in it.
func TestTheRequestKeepsItsLanguage(t *testing.T) {
	t.Parallel()
	const callback = "/oauth/callback/social.example?state=state-1&code=c"
	v := underWay(t, "fr", attest.ByOAuth, attest.AwaitingAccountProof)
	v.lang = "en"
	v.do("GET", here+"?lang=en", nil, "Accept-Language: fr").is(200)
	if !slices.Equal(v.request.calls, []string{"SetLang en"}) {
		t.Errorf("called %q", v.request.calls)
	}
	v.do("GET", callback, nil, "Accept-Language: fr").to(here)
	v.do("GET", here, nil, "Accept-Language: fr").to(here + "?lang=en")
	v.request.view.State = attest.Issued
	v.do("GET", here+"?lang=en", nil, "Accept-Language: fr").is(200, `src="/b/`+badge+`.svg?lang=en"`)
	v.request.view.Lang = "tlh" // a language that there was once
	v.get(here).is(200)
}

func TestDownload(t *testing.T) {
	t.Parallel()
	v := underWay(t, "en", attest.ByOAuth, attest.Proven)
	v.get(here + "/attestation.txt").to(here) // looking issues nothing
	if len(v.request.calls) > 0 {
		t.Fatalf("called %q", v.request.calls)
	}
	v.request.view.State = attest.Issued
	file := v.get(here + "/attestation.txt").is(200)
	v.now = whenAsked.Add(24 * time.Hour)
	v.get(here + "/attestation.txt").to(here)
	v.request.fails = fault.New(fault.Gone, "request_expired", "This request has ended: its time is over.")
	v.post(here + "/profile-check").to(here)
	v.get(here).is(200, "This request has ended: its time is over.", "Your badge stays as it is.", `href="/b/`+badge+`"`).lacks("Nothing was published")
	v.get("/request").is(200).lacks(here)
	if file.text != disclosed+"\n" || file.header.Get("Content-Disposition") != `attachment; filename="cocarde-`+badge+`.txt"` ||
		file.header.Get("Content-Type") != "text/plain; charset=utf-8" || file.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%q %v", file.text, file.header)
	}
}
