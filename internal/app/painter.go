package app

import (
	"fmt"

	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/web"
)

// painter draws for the pages, in the issuer's colours.
type painter struct{ colours [3]string }

// newPainter takes colours that config has checked.
func newPainter(l config.Look) painter { return painter{l.Colours} }

var errNoPicture = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")

// Rosette implements [web.Painter].
func (p painter) Rosette(size int) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%[1]d" viewBox="0 0 64 64" aria-hidden="true">`+
		`<circle cx="32" cy="32" r="31" fill="%s"/><circle cx="32" cy="32" r="22" fill="%s"/><circle cx="32" cy="32" r="12" fill="%s"/></svg>`,
		size, p.colours[0], p.colours[1], p.colours[2])
}

// SVG implements [web.Painter].
func (p painter) SVG(web.Card) []byte { return p.Rosette(90) }

// PNG implements [web.Painter].
func (p painter) PNG(web.Card) ([]byte, error) { return nil, errNoPicture }

// Preview implements [web.Painter].
func (p painter) Preview(web.Card) ([]byte, error) { return nil, errNoPicture }

// QRSVG implements [web.Painter].
func (p painter) QRSVG(string) ([]byte, error) { return nil, errNoPicture }

// QRPNG implements [web.Painter].
func (p painter) QRPNG(string, int) ([]byte, error) { return nil, errNoPicture }
