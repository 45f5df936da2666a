package badge

import "strings"

// Status is the state that a picture shows. Any other value is drawn as Unknown.
type Status string

// The states of a badge.
const (
	Reserved  Status = "reserved"
	Pending   Status = "pending"
	Valid     Status = "valid"
	Suspended Status = "suspended"
	Revoked   Status = "revoked"
	Withdrawn Status = "withdrawn"
	Ended     Status = "ended"
	Unknown   Status = "unknown"
)

// Labels are the words around the facts, in the reader's language.
type Labels struct {
	Status  string // the status as a word or two: "In force"
	Mailbox string // stands before the agency: "has read a mailbox at"
	Issuer  string // stands before the issuer: "Attested by"
}

// Card is everything that a picture shows. An empty field is left out. Strings may
// come from strangers: they are cleaned and bounded before they are drawn.
type Card struct {
	Handle       string // "@user@host"
	AgencyName   string // empty under a rule that names no agency
	AgencyDomain string
	IssuerName   string
	IssuerHost   string
	URL          string // the badge's public link
	Status       Status
	Since, Until string // as the reader's language says it: "since 12 March 2026"
	Lang         string // BCP 47; decides on which side the picture begins
	Labels       Labels
	Palette      Palette // the issuer's colours; zero: DefaultPalette
}

// cleaned returns the card with every string safe to draw.
func (c Card) cleaned() Card {
	c.each(clean)
	c.Lang = cleanLang(c.Lang)
	if c.Palette == (Palette{}) {
		c.Palette = DefaultPalette
	}
	return c
}

// drawable returns the card with only what the embedded font can draw.
func (c Card) drawable() Card {
	c.each(newPress().drawable)
	return c
}

// each replaces every drawn string by what f makes of it.
func (c *Card) each(f func(string) string) {
	for _, s := range []*string{
		&c.Handle, &c.AgencyName, &c.AgencyDomain, &c.IssuerName, &c.IssuerHost, &c.URL,
		&c.Since, &c.Until, &c.Labels.Status, &c.Labels.Mailbox, &c.Labels.Issuer,
	} {
		*s = f(*s)
	}
}

// agency returns the lines that name the agency: its name and its domain, or the
// domain alone.
func (c Card) agency() (first, second string) {
	if c.AgencyName == "" {
		return c.AgencyDomain, ""
	}
	return c.AgencyName, c.AgencyDomain
}

// colours returns the palette to draw with: grey unless the badge is in force.
func (c Card) colours() Palette {
	if c.Status == Valid {
		return c.Palette
	}
	return greyPalette
}

// issuer returns the issuer's name, or its host where it has none.
func (c Card) issuer() string {
	if c.IssuerName == "" {
		return c.IssuerHost
	}
	return c.IssuerName
}

// title says the whole badge in one line, for those who cannot see it.
func (c Card) title() string {
	agency := joined(", ", c.AgencyName, c.AgencyDomain)
	if agency != "" {
		agency = joined(" ", c.Labels.Mailbox, agency)
	}
	return joined(" — ", c.Handle, agency, c.Labels.Status)
}

// description adds to the title since when and until when, who says so, and where.
func (c Card) description() string {
	host := ""
	if c.IssuerName != "" {
		host = c.IssuerHost
	}
	return joined(". ", joined(" ", c.Labels.Status, joined(", ", c.Since, c.Until)), joined(" ", c.Labels.Issuer, joined(", ", c.issuer(), host)), c.URL)
}

// joined joins what is not empty.
func joined(separator string, parts ...string) string {
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}

// rightToLeft tells whether a page in this language begins on the right.
func rightToLeft(lang string) bool {
	primary, _, _ := strings.Cut(strings.ToLower(lang), "-")
	switch primary {
	case "ar", "fa", "he", "ur", "ps", "sd", "yi", "dv", "ckb":
		return true
	}
	return false
}
