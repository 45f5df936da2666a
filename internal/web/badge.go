package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/locale"
)

// Badges tells how a badge stands.
type Badges interface {
	// State gives a fault of kind NotFound for an id that no badge holds.
	State(ctx context.Context, id string) (attest.BadgeView, error)
}

// badgeMaxAge is for how long anyone may keep a badge's page and pictures, in
// seconds: whoever follows a link sees a revocation within a minute.
const badgeMaxAge = 60

// maxAgeOf is for how long an answer about a badge in a state may be kept. While it
// is reserved it is asked for anew each time: its agent looks at it, and then issues it.
func maxAgeOf(s attest.BadgeState) int {
	if s == attest.BadgeReserved {
		return 0
	}
	return badgeMaxAge
}

// form is a form in which a badge is shown.
type form int

const (
	asPage form = iota
	asSVG
	asPNG
	asPreview
	asQRSVG
	asQRPNG
)

// qrSize is that of the QR code in PNG, in pixels: 3 cm on paper at 300 dpi and more.
const qrSize = 512

// showBadge makes the handler of one form.
func (s *Web) showBadge(f form) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		view, err := s.badges.state(r.Context(), r.PathValue("id"))
		if err != nil {
			return err
		}
		lang, kept := s.pages.languageOf(r), keptLanguage(r)
		key := keyOf(view, f, lang, kept)
		answer, ok := s.badges.find(key)
		if !ok {
			answer, err = s.badges.draw(key, func() (stored, error) { return s.drawBadge(view, f, lang, kept) })
		}
		if err != nil {
			return fmt.Errorf("show badge: %w", err)
		}
		answer.serve(w, r)
		return nil
	}
}

// drawBadge makes an answer, whatever it costs.
func (s *Web) drawBadge(v attest.BadgeView, f form, lang, kept string) (stored, error) {
	if f == asPage {
		a := asking{lang: lang, kept: kept, path: "/b/" + v.ID}
		sheet, err := s.badgeSheet(v, lang, a)
		if err != nil {
			return stored{}, err
		}
		body, err := s.pages.render("badge", s.pages.pageFor(a, sheet))
		return newStored(body, "text/html; charset=utf-8", maxAgeOf(v.State)).in(lang).page(), err
	}
	if f == asQRSVG || f == asQRPNG {
		return s.drawQR(s.badgeURL(v.ID), f)
	}
	card, err := s.card(v, lang)
	if err != nil {
		return stored{}, err
	}
	var body []byte
	switch f {
	case asSVG:
		return newStored(s.painter.SVG(card), "image/svg+xml", maxAgeOf(v.State)).in(lang).picture(), nil
	case asPNG:
		body, err = s.painter.PNG(card)
	default:
		body, err = s.painter.Preview(card)
	}
	return newStored(body, "image/png", maxAgeOf(v.State)).in(lang).picture(), err
}

func (s *Web) drawQR(url string, f form) (stored, error) {
	if f == asQRSVG {
		body, err := s.painter.QRSVG(url)
		return newStored(body, "image/svg+xml", badgeMaxAge).picture(), err
	}
	body, err := s.painter.QRPNG(url, qrSize)
	return newStored(body, "image/png", badgeMaxAge).picture(), err
}

// card says in pictures what the page says in words.
func (s *Web) card(v attest.BadgeView, lang string) (Card, error) {
	words := wording{lang: lang}
	c := Card{
		IssuerName: s.pages.look.Name, IssuerHost: hostOf(s.issuer), URL: s.badgeURL(v.ID), Status: string(v.State), Lang: lang,
		StatusWord: words.text("state." + string(v.State)), Mailbox: words.text("card.mailbox-once"), Attested: words.text("card.issuer-once"),
		Since: words.text("card.since", "Date", words.date(v.ChangedAt)),
	}
	if p := v.Published; p != nil {
		c.Handle, c.AgencyName, c.AgencyDomain = p.Badge.Actor.Handle.String(), p.Badge.Agency.Name, p.Badge.Agency.Domain
		if v.State == attest.BadgeValid {
			c.Mailbox, c.Attested = words.text("card.mailbox"), words.text("card.issuer")
			c.Until = words.text("card.until", "Date", words.date(p.Attestation.ExpiresAt))
		}
	}
	return c, words.err
}

func (s *Web) badgeURL(id string) string { return attest.BadgeURL(s.issuer, id) }

// wording gathers texts, and keeps the first error.
type wording struct {
	lang string
	err  error
}

func (w *wording) text(id string, pairs ...any) string {
	data, err := placeholders(pairs)
	text := ""
	if err == nil {
		text, err = locale.Text(w.lang, id, data)
	}
	if w.err == nil {
		w.err = err
	}
	return text
}

func (w *wording) date(t time.Time) string {
	text, err := locale.Date(w.lang, t)
	if w.err == nil {
		w.err = err
	}
	return text
}
