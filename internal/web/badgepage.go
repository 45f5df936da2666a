package web

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strings"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// badgeSheet is what a badge's page shows.
type badgeSheet struct {
	ID, URL, Issuer, Host string
	State                 attest.BadgeState
	Valid                 bool
	Handle                string // empty while the badge is reserved
	User, Server          string // its parts, each with its @
	AgencyName            string // empty under a rule that names none
	AgencyDomain          string
	ChangedAt             time.Time
	Listed                bool
	// Me are the addresses that the page names as the account's own, as attributes;
	// none unless the badge is in force.
	Me []me

	Claims            verify.Claims // of the latest attestation
	Issued, Ends      time.Time
	Account, Mailbox  time.Time // days of the proofs
	Markdown, HTML    string    // to embed the badge elsewhere
	Title, Summary    string    // for previews of the link
	Preview, Pictures string    // absolute URL of the preview; query of pictures
}

// me is one rel=me link. Mastodon compares it byte by byte with the account's
// address, which the template package would spell anew: so it is escaped here.
type me struct {
	Href template.HTMLAttr
	Text string
}

func (s *Web) badgeSheet(v attest.BadgeView, lang string, a asking) (badgeSheet, error) {
	sheet := badgeSheet{
		ID: v.ID, URL: s.badgeURL(v.ID), Issuer: s.issuer, Host: hostOf(s.issuer), State: v.State,
		Valid: v.State == attest.BadgeValid, ChangedAt: v.ChangedAt,
	}
	if a.kept != "" {
		sheet.Pictures = "?lang=" + a.kept
	}
	sheet.Preview = sheet.URL + "/preview.png" + sheet.Pictures
	words := wording{lang: lang}
	if p := v.Published; p != nil {
		if err := sheet.fill(*p, &words); err != nil {
			return sheet, err
		}
	}
	sheet.name(s.pages.look.Name, &words)
	return sheet, words.err
}

// fill adds what was issued.
func (b *badgeSheet) fill(p attest.Published, words *wording) error {
	claims, err := verify.Peek(p.Attestation.Token)
	if err != nil {
		return fmt.Errorf("read own attestation: %w", err)
	}
	day := func(at int64) time.Time { return time.Unix(at, 0).UTC() }
	b.Claims, b.Issued, b.Ends = claims, p.Attestation.IssuedAt, p.Attestation.ExpiresAt
	b.Account, b.Mailbox = day(claims.AccountProof.At), day(claims.MailboxProof.At)
	b.Handle = p.Badge.Actor.Handle.String()
	at := strings.LastIndexByte(b.Handle, '@')
	b.User, b.Server = b.Handle[:at], b.Handle[at:]
	b.AgencyName, b.AgencyDomain, b.Listed = p.Badge.Agency.Name, p.Badge.Agency.Domain, p.Badge.Listed
	if b.Valid {
		b.Me = meLinks(p.Badge.Actor)
		b.embed(words.text("badge.picture", "Handle", b.Handle, "Agency", b.AgencyDomain))
	}
	return nil
}

// meLinks are the account's page and, where it differs, its id: which of them an
// instance compares depends on the instance.
func meLinks(a attest.Actor) []me {
	var links []me
	for _, address := range []string{a.URL, a.ID} {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			continue
		}
		if len(links) == 0 || links[0].Text != address {
			href := template.HTMLAttr(`href="` + html.EscapeString(address) + `"`)
			links = append(links, me{href, address})
		}
	}
	return links
}

// embed writes what others paste. A handle is letters, digits and a few signs; of
// these, "_" means something in Markdown.
func (b *badgeSheet) embed(alt string) {
	b.Markdown = fmt.Sprintf("[![%s](%s.svg)](%[2]s)", strings.ReplaceAll(alt, "_", `\_`), b.URL)
	b.HTML = fmt.Sprintf(`<a href="%s"><img src="%[1]s.svg" alt="%s" width="360" height="90"></a>`, b.URL, html.EscapeString(alt))
}

// name gives the page its title and the summary under it.
func (b *badgeSheet) name(issuer string, words *wording) {
	state := words.text("state." + string(b.State))
	if b.Handle == "" {
		b.Title = state
		b.Summary = words.text("badge."+string(b.State), "Date", words.date(b.ChangedAt))
		return
	}
	b.Title = b.Handle + " – " + state
	if b.Valid {
		b.Summary = words.text("badge.says", "Issuer", issuer, "Agency", b.agency()) + " " +
			words.text("badge.valid", "Date", words.date(b.Ends))
		return
	}
	b.Summary = words.text("badge."+string(b.State), "Date", words.date(b.ChangedAt))
}

// agency is its name and its domain, or the domain alone.
func (b *badgeSheet) agency() string {
	if b.AgencyName == "" {
		return b.AgencyDomain
	}
	return b.AgencyName + " (" + b.AgencyDomain + ")"
}

// Agency is for the template.
func (b badgeSheet) Agency() string { return b.agency() }

// hostOf is the host of an origin.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	return host
}
