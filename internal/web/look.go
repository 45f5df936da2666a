package web

import (
	"fmt"
	"net/http"
	"time"

	"cocarde.example/internal/colour"
)

// Look is how an issuer presents itself. Nothing in it is required but Name,
// Colours and Lang.
type Look struct {
	Name string // of the issuer, as people read it
	// Colours of the rosette as #rrggbb: its edge, its ring and its heart. The first
	// is also that of links and buttons.
	Colours [3]string
	Logo    []byte // PNG
	// Legal gives the paragraphs of the legal notice in a language.
	Legal func(lang string) []Paragraph
	// Contact is a mailto: or https: URL, and ContactText what is read of it.
	Contact, ContactText string
	Lang                 string // of readers who ask for no language that there is
	// MailboxDays is for how many days the mailbox of an ended badge is kept.
	MailboxDays int
	Closes      time.Time // the day on which the issuer closes; zero: it does not
}

// Closing says whether the issuer is to close: it takes no requests for badges any more.
func (l Look) Closing() bool { return !l.Closes.IsZero() }

// Paragraph is one of the legal notice, or the heading of those that follow.
type Paragraph struct {
	Heading bool
	Text    string
}

// HasLogo says whether there is a logo to show beside the name.
func (l Look) HasLogo() bool { return len(l.Logo) > 0 }

// legal shows the legal notice: the issuer's own text, and what the program keeps.
func (s *Web) legal(w http.ResponseWriter, r *http.Request) error {
	var notice []Paragraph
	if s.pages.look.Legal != nil {
		notice = s.pages.look.Legal(s.pages.languageOf(r))
	}
	return s.pages.show(w, r, http.StatusOK, "legal", notice)
}

// darkGround is --panel of the style sheet, the lighter of its dark grounds.
var darkGround = colour.Colour{0x1c, 0x1e, 0x22}

// palette is the part of the style sheet that is the issuer's: the accent on light
// and on dark ground, the second lightened until it can be read there.
func palette(colours [3]string) (string, error) {
	accent, err := colour.Parse(colours[0])
	if err != nil {
		return "", fmt.Errorf("web: %w", err)
	}
	dark := accent.ReadableOn(darkGround)
	return fmt.Sprintf(":root{--accent:%s;--on-accent:%s}@media (prefers-color-scheme:dark){:root{--accent:%s;--on-accent:%s}}\n",
		accent, accent.Ink(), dark, dark.Ink()), nil
}
