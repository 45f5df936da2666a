package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/web"
	"cocarde.example/verify"
)

var day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// shelf has one badge for each state; its id is made of the state's name.
type shelf struct {
	asked atomic.Int64
	state atomic.Value // of the badge "current00000"
}

func idOf(s attest.BadgeState) string {
	return strings.NewReplacer("i", "1", "l", "1", "o", "0", "u", "v").Replace(string(s) + "000000000000")[:12]
}

func (b *shelf) State(_ context.Context, id string) (attest.BadgeView, error) {
	b.asked.Add(1)
	for _, s := range []attest.BadgeState{attest.BadgeReserved, attest.BadgeValid, attest.BadgeSuspended, attest.BadgeRevoked, attest.BadgeEnded} {
		if id == idOf(s) {
			return viewOf(id, s), nil
		}
	}
	if s, ok := b.state.Load().(attest.BadgeState); ok && id == "cvrrent00000" {
		return viewOf(id, s), nil
	}
	return attest.BadgeView{}, fault.New(fault.NotFound, "badge_not_found", "There is no badge under this link.")
}

func viewOf(id string, s attest.BadgeState) attest.BadgeView {
	v := attest.BadgeView{ID: id, State: s, ChangedAt: day}
	if s == attest.BadgeReserved {
		return v
	}
	handle, err := acct.ParseHandle("@marie_d@social.example")
	if err != nil {
		panic(err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": issuer, "sub": "https://social.example/ap/116", "acct": handle.URI(),
		"vct": issuer + "/vct/agency-mailbox/v1", "iat": day.Unix(), "nbf": day.Unix(), "exp": day.AddDate(0, 6, 0).Unix(),
		"agency":        map[string]any{"domain": "culture.gouv.fr", "name": "Ministère de la Culture", "country": "FR"},
		"account_proof": map[string]any{"method": "oauth", "at": day.Unix()},
		"mailbox_proof": map[string]any{"method": "code", "at": day.Unix()},
		"status":        map[string]any{"status_list": map[string]any{"idx": 1, "uri": issuer + "/status/1"}},
		"jti":           "jti-1", "_sd_alg": "sha-256", "_sd": []string{strings.Repeat("A", 43)},
	})
	if err != nil {
		panic(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	token := b64([]byte(`{"alg":"ES256","typ":"dc+sd-jwt","kid":"k"}`)) + "." + b64(claims) + "." + b64(make([]byte, 64)) + "~"
	v.Published = &attest.Published{
		Badge: attest.Badge{
			ID: id, Kind: attest.AgencyMailbox, Listed: true, Status: verify.Valid,
			Actor:  attest.Actor{ID: "https://social.example/ap/116", URL: "https://social.example/@marie_d?a=1&b='é'", Handle: handle},
			Agency: attest.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"},
		},
		Attestation: attest.Attestation{JTI: "jti-1", BadgeID: id, Token: token, IssuedAt: day, ExpiresAt: day.AddDate(0, 6, 0)},
	}
	return v
}

// painter writes what it should draw.
type painter struct{ drawn atomic.Int64 }

func (p *painter) Rosette(size int) []byte        { return fmt.Appendf(nil, "<svg>%d</svg>", size) }
func (p *painter) SVG(c web.Card) []byte          { return fmt.Appendf(nil, "<svg>%+v</svg>", c) }
func (p *painter) PNG(c web.Card) ([]byte, error) { return fmt.Appendf(nil, "%+v", c), nil }
func (p *painter) QRSVG(url string) ([]byte, error) {
	return fmt.Appendf(nil, "<svg>%s</svg>", url), nil
}
func (p *painter) QRPNG(url string, px int) ([]byte, error) {
	return fmt.Appendf(nil, "%s %d", url, px), nil
}

func (p *painter) Preview(c web.Card) ([]byte, error) {
	p.drawn.Add(1)
	return fmt.Appendf(nil, "preview %+v", c), nil
}

var relMe = regexp.MustCompile(`<(a|link) rel="me" href="([^"]*)">`)

// TestGreenTick: the rules by which Mastodon and Misskey turn a field green.
func TestGreenTick(t *testing.T) {
	t.Parallel()
	s := open(t)
	answer, text := s.do("GET", "/b/"+idOf(attest.BadgeValid), "Accept: text/html", "User-Agent: Mastodon/4.6 (http.rb/5.3; +https://instance/)")
	if answer.StatusCode != http.StatusOK || len(answer.Cookies()) > 0 || len(text) > maxPage {
		t.Fatalf("%d, %d bytes, cookies %v", answer.StatusCode, len(text), answer.Cookies())
	}
	var got []string
	for _, m := range relMe.FindAllStringSubmatch(text, -1) {
		got = append(got, m[1]+" "+m[2])
	}
	// As HTML spells the addresses, character by character.
	const url, id = "https://social.example/@marie_d?a=1&amp;b=&#39;é&#39;", "https://social.example/ap/116"
	want := []string{"link " + url, "link " + id, "a " + url, "a " + id}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("rel=me:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if head, _, _ := strings.Cut(text, "</head>"); strings.Count(head, `rel="me"`) != 2 {
		t.Errorf("head:\n%s", head)
	}
	for _, accept := range []string{"Accept: application/activity+json", "Accept: image/png", "Accept: application/json;q=1"} {
		answer, _ := s.do("GET", "/b/"+idOf(attest.BadgeValid), accept)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %v", accept, answer.StatusCode, answer.Header)
		}
	}
}

// TestOnlyABadgeInForceVouches: no other badge leads to the profile.
func TestOnlyABadgeInForceVouches(t *testing.T) {
	t.Parallel()
	s := open(t)
	for state, word := range map[attest.BadgeState]string{
		attest.BadgeReserved: "Reserved", attest.BadgeSuspended: "Suspended", attest.BadgeRevoked: "Revoked", attest.BadgeEnded: "Ended",
	} {
		answer, text := s.do("GET", "/b/"+idOf(state))
		if answer.StatusCode != http.StatusOK || !strings.Contains(text, ">"+word+"<") || !strings.Contains(text, "22 November 2026") {
			t.Errorf("%s: %d %s", state, answer.StatusCode, text)
		}
		if strings.Contains(text, `rel="me"`) || strings.Contains(text, "https://social.example") {
			t.Errorf("%s leads to the profile", state)
		}
		if strings.Contains(text, "@marie_d") != (state != attest.BadgeReserved) || !strings.Contains(text, `content="noindex"`) {
			t.Errorf("%s: %s", state, text)
		}
		// The public sees until when it was to last and that there is more to it, never the reason.
		once := strings.Contains(text, "Was to hold until") && strings.Contains(text, "22\u00a0May 2027") && strings.Contains(text, "reasons are never made public")
		if once != (state != attest.BadgeReserved) || strings.Contains(text, "To be proven again before") {
			t.Errorf("%s: %s", state, text)
		}
		if strings.Contains(text, "<textarea") {
			t.Errorf("%s can be embedded", state)
		}
	}
	s.page(404, "GET", "/b/n0there00000", nil, "badge_not_found")
	answer, _ := s.do("GET", "/b/n0there00000.svg")
	if answer.StatusCode != http.StatusNotFound || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("picture of nothing: %d %v", answer.StatusCode, answer.Header)
	}
}

// TestBadgeHeaders reads what every form of a badge is sent with.
func TestBadgeHeaders(t *testing.T) {
	t.Parallel()
	s := open(t)
	const sandbox = "default-src 'none'; sandbox"
	page := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for path, want := range map[string][4]string{
		"":             {"text/html; charset=utf-8", page, "same-origin", "Accept-Language"},
		".svg":         {"image/svg+xml", sandbox, "cross-origin", "Accept-Language"},
		".png":         {"image/png", sandbox, "cross-origin", "Accept-Language"},
		"/preview.png": {"image/png", sandbox, "cross-origin", "Accept-Language"},
		"/qr.svg":      {"image/svg+xml", sandbox, "cross-origin", ""},
		"/qr.png":      {"image/png", sandbox, "cross-origin", ""},
	} {
		path = "/b/" + idOf(attest.BadgeValid) + path
		answer, text := s.do("GET", path)
		h := answer.Header
		got := [4]string{h.Get("Content-Type"), h.Get("Content-Security-Policy"), h.Get("Cross-Origin-Resource-Policy"), h.Get("Vary")}
		if answer.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: %d %q, want %q", path, answer.StatusCode, got, want)
		}
		etag := h.Get("ETag")
		if h.Get("Cache-Control") != "public, max-age=60" || strings.HasPrefix(etag, "W/") || h.Get("Set-Cookie") != "" || text == "" {
			t.Errorf("%s: %v", path, h)
		}
		again, body := s.do("GET", path, "If-None-Match: "+etag)
		if again.StatusCode != http.StatusNotModified || body != "" || again.Header.Get("ETag") != etag || again.Header.Get("Vary") != want[3] {
			t.Errorf("%s again: %d %v", path, again.StatusCode, again.Header)
		}
		if head, _ := s.do("HEAD", path); head.StatusCode != http.StatusOK || head.ContentLength != int64(len(text)) {
			t.Errorf("HEAD %s: %d, %d bytes", path, head.StatusCode, head.ContentLength)
		}
	}
}

// TestAReservedBadgeIsNotKept: once it is issued, the agent's own browser sees so.
func TestAReservedBadgeIsNotKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	for path, want := range map[string]string{
		"": "public, max-age=0", ".svg": "public, max-age=0", ".png": "public, max-age=0", "/preview.png": "public, max-age=0", "/qr.svg": "public, max-age=60",
	} {
		answer, _ := s.do("GET", "/b/"+idOf(attest.BadgeReserved)+path)
		if got := answer.Header.Get("Cache-Control"); got != want || answer.Header.Get("ETag") == "" {
			t.Errorf("%s: %q, %q", path, got, answer.Header.Get("ETag"))
		}
	}
}

// TestBadgeFollowsItsState: what changed shows within a second, and until then
// nothing is asked or drawn twice.
func TestBadgeFollowsItsState(t *testing.T) {
	t.Parallel()
	s := open(t)
	const path = "/b/cvrrent00000/preview.png"
	s.shelf.state.Store(attest.BadgeValid)
	for range 5 {
		if _, text := s.do("GET", path); !strings.Contains(text, "Status:valid") {
			t.Fatal(text)
		}
	}
	if s.shelf.asked.Load() != 1 || s.painter.drawn.Load() != 1 {
		t.Errorf("asked %d times, drawn %d times", s.shelf.asked.Load(), s.painter.drawn.Load())
	}
	s.shelf.state.Store(attest.BadgeRevoked)
	s.clock.Add(int64(time.Second))
	if _, text := s.do("GET", path); !strings.Contains(text, "Status:revoked") || !strings.Contains(text, "StatusWord:Revoked") ||
		strings.Contains(text, "has read") || !strings.Contains(text, "is not attested any more") {
		t.Errorf("a second later: %s", text)
	}
}

func TestBadgeSpeaksTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := open(t)
	path := "/b/" + idOf(attest.BadgeValid)
	_, text := s.do("GET", path+"?lang=fr&utm_source=x", "Accept-Language: en")
	for _, want := range []string{
		`<html lang="fr" dir="ltr">`, "En vigueur", "22 mai 2027", `href="/verify?id=` + idOf(attest.BadgeValid) + `&amp;lang=fr"`,
		`content="` + issuer + path + `/preview.png?lang=fr"`, `href="` + path + `?lang=en"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "utm_source") {
		t.Error("the page repeats what was asked with")
	}
	for _, want := range []string{"Lang:fr", "StatusWord:En vigueur", "Until:jusqu’au 22 mai 2027"} {
		if _, svg := s.do("GET", path+".svg", "Accept-Language: fr"); !strings.Contains(svg, want) {
			t.Errorf("the picture lacks %q: %s", want, svg)
		}
	}
}

// TestPreviewOfLink: what instances read, within their bounds.
func TestPreviewOfLink(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, text := s.do("GET", "/b/"+idOf(attest.BadgeValid))
	for _, want := range []string{
		`property="og:title" content="@marie_d@social.example – In force"`,
		`property="og:url" content="` + issuer + `/b/` + idOf(attest.BadgeValid) + `"`,
		`property="og:image" content="` + issuer + `/b/` + idOf(attest.BadgeValid) + `/preview.png"`,
		`property="og:image:width" content="1200"`, "Ministère de la Culture (culture.gouv.fr)",
		`<link rel="alternate" type="application/dc+sd-jwt" href="/v1/attestations/` + idOf(attest.BadgeValid) + `">`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "oembed") || strings.Contains(text, "ld+json") {
		t.Error("the page has what would win over OpenGraph")
	}
}
