package app

import (
	"cocarde.example/internal/badge"
	"cocarde.example/internal/config"
	"cocarde.example/internal/web"
)

// painter draws badges for the pages, in the issuer's colours.
type painter struct{ palette badge.Palette }

// newPainter takes colours that config has checked.
func newPainter(l config.Look) painter {
	var c [3]badge.Colour
	for i, s := range l.Colours {
		c[i], _ = badge.ParseColour(s)
	}
	return painter{badge.Palette{Outer: c[0], Middle: c[1], Inner: c[2]}}
}

// Rosette implements [web.Painter].
func (p painter) Rosette(size int) []byte { return badge.Rosette(p.palette, size) }

// SVG implements [web.Painter].
func (p painter) SVG(c web.Card) []byte { return badge.SVG(p.card(c)) }

// PNG implements [web.Painter].
func (p painter) PNG(c web.Card) ([]byte, error) { return badge.PNG(p.card(c)) }

// Preview implements [web.Painter].
func (p painter) Preview(c web.Card) ([]byte, error) { return badge.Preview(p.card(c)) }

// QRSVG implements [web.Painter].
func (p painter) QRSVG(url string) ([]byte, error) { return badge.QRSVG(url) }

// QRPNG implements [web.Painter].
func (p painter) QRPNG(url string, px int) ([]byte, error) { return badge.QRPNG(url, px) }

func (p painter) card(c web.Card) badge.Card {
	return badge.Card{
		Handle: c.Handle, AgencyName: c.AgencyName, AgencyDomain: c.AgencyDomain,
		IssuerName: c.IssuerName, IssuerHost: c.IssuerHost, URL: c.URL, Status: badge.Status(c.Status),
		Since: c.Since, Until: c.Until, Lang: c.Lang, Palette: p.palette,
		Labels: badge.Labels{Status: c.StatusWord, Mailbox: c.Mailbox, Issuer: c.Attested},
	}
}
