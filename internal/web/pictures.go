package web

import (
	"net/http"
)

// Painter draws, in the issuer's colours.
type Painter interface {
	// Rosette is the cocarde itself as SVG, size pixels wide and high.
	Rosette(size int) []byte
	// SVG and PNG are a badge in small, Preview is what a link to it is shown with
	// (PNG, 1200 by 630).
	SVG(c Card) []byte
	PNG(c Card) ([]byte, error)
	Preview(c Card) ([]byte, error)
	// QRSVG and QRPNG are the QR code of a URL.
	QRSVG(url string) ([]byte, error)
	QRPNG(url string, px int) ([]byte, error)
}

// Card is what a badge's pictures say, in the reader's language. An empty field is
// left out.
type Card struct {
	Handle, AgencyName, AgencyDomain string
	IssuerName, IssuerHost           string
	URL                              string
	Status                           string // attest.BadgeState
	Since, Until                     string
	Lang                             string
	StatusWord, Mailbox, Attested    string // the words around the facts
}

// pictureMaxAge is for how long anyone may keep what changes with the settings
// alone, in seconds.
const pictureMaxAge = 3600

// rosetteSize is in pixels; browsers scale it.
const rosetteSize = 256

func (s *Web) serveRosette(w http.ResponseWriter, r *http.Request) error {
	s.rosette().serve(w, r)
	return nil
}

func (s *Web) serveLogo(w http.ResponseWriter, r *http.Request) error {
	if !s.pages.look.HasLogo() {
		return errNotFound
	}
	s.logo().serve(w, r)
	return nil
}
