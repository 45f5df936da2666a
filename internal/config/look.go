package config

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"image/png"
	"io"
	"io/fs"
	"net/mail"
	"net/url"
	"os"
	"strings"

	"cocarde.example/internal/colour"
	"cocarde.example/internal/locale"
)

// Look is how the issuer presents itself: the settings about it, read and checked.
type Look struct {
	Colours [3]string // #rrggbb in lower case
	Logo    []byte    // PNG; nil without one
	Contact string    // mailto: or https: URL; empty without one

	legal map[string][]Paragraph // by language; "" for the others
}

// Paragraph is one of the legal notice, or the heading of those that follow.
type Paragraph struct {
	Heading bool
	Text    string
}

// ContactText is the contact without its scheme, to read.
func (l Look) ContactText() string {
	_, text, _ := strings.Cut(l.Contact, ":")
	return strings.TrimPrefix(text, "//")
}

// Legal gives the legal notice in a language.
func (l Look) Legal(lang string) []Paragraph {
	if own, ok := l.legal[lang]; ok {
		return own
	}
	return l.legal[""]
}

const (
	defaultName    = "Cocarde"
	defaultColours = "#147d7a,#fbf5e6,#542c63"
	maxName        = 60        // letters: a line of a phone, a sender of mails
	maxLogo        = 100 << 10 // bytes
	maxLogoSide    = 2048      // pixels
	maxLegal       = 32 << 10  // bytes
	maxLegalOnPage = 40 << 10  // bytes: the page stays under 50 KB
)

// readLook checks the settings and reads the files.
func (c Config) readLook() (Look, error) {
	var l Look
	if len([]rune(c.Name)) > maxName || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' }) {
		return l, fmt.Errorf("COCARDE_NAME: a name has at most %d letters, on one line", maxName)
	}
	var err error
	if l.Colours, err = colours(c.Colours); err != nil {
		return l, fmt.Errorf("COCARDE_COLOURS: %w", err)
	}
	if l.Logo, err = logo(c.Logo); err != nil {
		return l, fmt.Errorf("COCARDE_LOGO: %w", err)
	}
	if l.legal, err = legal(c.LegalFile); err != nil {
		return l, fmt.Errorf("COCARDE_LEGAL_FILE: %w", err)
	}
	if l.Contact, err = contact(c.Contact); err != nil {
		return l, fmt.Errorf("COCARDE_CONTACT: %w", err)
	}
	return l, nil
}

// colours reads three of them and checks that they can be told apart: links and
// buttons from white, and neighbours in the rosette from each other.
func colours(s string) ([3]string, error) {
	var out [3]string
	var parsed [3]colour.Colour
	parts := strings.Split(strings.ToLower(s), ",")
	if len(parts) != len(out) {
		return out, errors.New("give three colours, separated by commas: the edge of the rosette, its ring and its heart, like " + defaultColours)
	}
	for i, part := range parts {
		c, err := colour.Parse(strings.TrimSpace(part))
		if err != nil {
			return out, err
		}
		parsed[i], out[i] = c, c.String()
	}
	if got := colour.Contrast(parsed[0], colour.White); got < colour.Text {
		return out, fmt.Errorf("%s is too light for links and buttons: its contrast with white is %.1f, and must be %.1f or more", out[0], got, colour.Text)
	}
	for i := range 2 {
		if got := colour.Contrast(parsed[i], parsed[i+1]); got < colour.Graphic {
			return out, fmt.Errorf("%s and %s are too much alike side by side: their contrast is %.1f, and must be %.1f or more", out[i], out[i+1], got, colour.Graphic)
		}
	}
	return out, nil
}

func logo(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	b, err := readFile(path, maxLogo)
	if err != nil {
		return nil, err
	}
	size, err := png.DecodeConfig(bytes.NewReader(b))
	if err == nil && size.Width <= maxLogoSide && size.Height <= maxLogoSide {
		_, err = png.Decode(bytes.NewReader(b))
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not a PNG file: %w", path, err)
	}
	if size.Width > maxLogoSide || size.Height > maxLogoSide {
		return nil, fmt.Errorf("%s is larger than %d × %[2]d pixels", path, maxLogoSide)
	}
	return b, nil
}

// legal reads the notice for everybody, and those in one language each, which lie
// beside it with the language at the end of their names.
func legal(path string) (map[string][]Paragraph, error) {
	if path == "" {
		return nil, nil
	}
	all := map[string][]Paragraph{}
	var err error
	if all[""], err = notice(path); err != nil {
		return nil, err
	}
	for _, lang := range locale.Languages() {
		own, err := notice(path + "." + lang)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[lang] = own
	}
	return all, nil
}

// notice reads one, whose bytes on the page, signs escaped and marked up, are bounded too.
func notice(path string) ([]Paragraph, error) {
	text, err := readFile(path, maxLegal)
	if err != nil {
		return nil, err
	}
	all, weight := paragraphs(string(text)), 0
	for _, p := range all {
		weight += len(html.EscapeString(p.Text)) + len("<h2></h2>\n")
	}
	if weight > maxLegalOnPage {
		return nil, fmt.Errorf("%s has too many paragraphs, or quotation marks and other signs that weigh more on a page: shorten it", path)
	}
	return all, nil
}

// paragraphs reads plain text: an empty line ends a paragraph, and "# " begins a heading.
func paragraphs(text string) []Paragraph {
	var all []Paragraph
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for part := range strings.SplitSeq(text, "\n\n") {
		part = strings.TrimSpace(part)
		heading, is := strings.CutPrefix(part, "# ")
		if is {
			heading, part, _ = strings.Cut(heading, "\n")
			all = append(all, Paragraph{Heading: true, Text: heading})
		}
		if part != "" {
			all = append(all, Paragraph{Text: part})
		}
	}
	return all
}

// contact takes a mail address or an https URL.
func contact(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if u, err := url.Parse(s); err == nil && u.Scheme == "https" && u.Host != "" {
		return u.String(), nil
	}
	if a, err := mail.ParseAddress(s); err == nil && a.Name == "" && a.Address == s {
		return "mailto:" + s, nil
	}
	return "", fmt.Errorf("%q is neither a mail address nor an https:// URL", s)
}

// readFile reads a file that has at most a number of bytes.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is larger than %d KiB", path, most>>10)
	}
	return b, err
}
