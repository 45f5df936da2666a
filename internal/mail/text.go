package mail

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"cocarde.example/attest"
	"cocarde.example/internal/locale"
)

// letter is a mail as people read it.
type letter struct {
	subject string
	body    string // lines end in \n; paragraphs are not wrapped
}

// fields are what a text may name. Issuer is a name and a host: an origin would be a
// link, and a code mail has but the one that stops it.
type fields struct {
	Issuer, Handle, Instance, Agency, Replaces, Contact string
	Minutes                                             int
	Ends                                                string // a day
}

// write renders a message of an issuer, by its name and its contact, in the
// message's language.
func write(name, contact string, m attest.Message) (letter, error) {
	if err := plain(m); err != nil {
		return letter{}, err
	}
	issuer, err := url.Parse(m.Issuer)
	if err != nil || issuer.Host == "" {
		return letter{}, fmt.Errorf("issuer of a mail is no origin: %q", m.Issuer)
	}
	p := page{lang: m.Lang, fields: fields{
		Issuer: name + " (" + issuer.Host + ")", Handle: m.Handle, Instance: m.Instance, Agency: m.Agency,
		Replaces: m.Replaces, Minutes: m.Minutes, Contact: contact,
	}}
	p.ends(m)
	p.text("mail.hello")
	switch m.Kind {
	case attest.MailCode:
		p.code(m)
	case attest.MailRenewalCode, attest.MailAccessCode:
		p.unaskedCode(m)
	case attest.MailReminder:
		p.reminder(m)
	case attest.MailWithdrawn:
		p.withdrawn(m)
	case attest.MailIssued, attest.MailReplaced:
		p.badge(m)
	case attest.MailKeyRevoked:
		p.keyRevoked(m)
	default:
		return letter{}, fmt.Errorf("mail of unknown kind %q", m.Kind)
	}
	p.foot()
	l := letter{subject: p.subject(m), body: strings.Join(p.paragraphs, "\n\n") + "\n"}
	return l, p.err
}

// subject is that of the kind; but none asks for what an issuer that closes does not give.
func (p *page) subject(m attest.Message) string {
	if m.Kind == attest.MailKeyRevoked && m.Closing {
		return p.get("mail.closing.revoked-subject")
	}
	return p.get("mail." + string(m.Kind) + ".subject")
}

// page gathers paragraphs, and keeps the first error.
type page struct {
	lang       string
	fields     fields
	paragraphs []string
	err        error
}

func (p *page) get(id string) string {
	text, err := locale.Text(p.lang, id, p.fields)
	if p.err == nil {
		p.err = err
	}
	return text
}

func (p *page) text(id string) { p.paragraphs = append(p.paragraphs, p.get(id)) }

func (p *page) code(m attest.Message) {
	p.text("mail.code.why")
	switch {
	case m.Replaces != "":
		p.text("mail.code.replaces")
	case m.ReplacesUnlisted:
		p.text("mail.code.replaces-unlisted")
	}
	p.text("mail.code.code")
	p.paragraphs = append(p.paragraphs, "    "+grouped(m.Code))
	p.text("mail.code.rule")
	p.text("mail.code.ignore")
	p.paragraphs = append(p.paragraphs, p.get("mail.code.stop")+"\n"+m.StopURL)
}

// unaskedCode writes to a mailbox that was not named by whoever asks: it names no
// account and no badge.
func (p *page) unaskedCode(m attest.Message) {
	id := "mail." + string(m.Kind)
	p.text(id + ".why")
	p.text("mail.code.code")
	p.paragraphs = append(p.paragraphs, "    "+grouped(m.Code))
	p.text("mail.code.rule")
	p.text(id + ".ignore")
	p.paragraphs = append(p.paragraphs, p.get("mail.code.stop")+"\n"+m.StopURL)
}

func (p *page) reminder(m attest.Message) {
	p.text("mail.reminder.what")
	if m.Closing {
		p.text("mail.closing.why")
		p.text("mail.key-revoked.not-you")
	} else {
		p.text("mail.reminder.how")
		p.text("mail.reminder.not-you")
	}
	p.paragraphs = append(p.paragraphs, p.get("mail.reminder.stop")+"\n"+m.StopURL)
}

func (p *page) withdrawn(m attest.Message) {
	p.text("mail.withdrawn.what")
	p.anew("mail.withdrawn.anew", m)
	p.text("mail.withdrawn.not-you")
}

// ends writes out the day of a reminder's end.
func (p *page) ends(m attest.Message) {
	if !m.Ends.IsZero() {
		p.fields.Ends, p.err = locale.Date(m.Lang, m.Ends)
	}
}

func (p *page) badge(m attest.Message) {
	id := "mail." + string(m.Kind)
	p.text(id + ".what")
	p.paragraphs = append(p.paragraphs, p.get(id+".badge")+"\n"+m.BadgeURL)
	p.text(id + ".not-you")
}

func (p *page) keyRevoked(m attest.Message) {
	p.text("mail.key-revoked.what")
	p.anew("mail.key-revoked.anew", m)
	p.text("mail.key-revoked.not-you")
}

// anew says where to ask for another badge, or that there is none.
func (p *page) anew(id string, m attest.Message) {
	if m.Closing {
		p.text("mail.closing.no-other")
		return
	}
	p.paragraphs = append(p.paragraphs, p.get(id)+"\n"+m.Issuer+"/")
}

func (p *page) foot() {
	foot := "-- \n" + p.get("mail.sign-off")
	if p.fields.Contact != "" {
		foot += "\n" + p.get("mail.contact")
	}
	p.paragraphs = append(p.paragraphs, foot)
}

// grouped writes a code as people read one out: "1234 5678".
func grouped(code string) string {
	if len(code) != 8 {
		return code
	}
	return code[:4] + " " + code[4:]
}

// plain refuses what could end a line, and with it a header or a paragraph.
func plain(m attest.Message) error {
	for _, s := range []string{m.To, m.Issuer, m.Handle, m.Instance, m.Agency, m.Code, m.Replaces, m.BadgeURL, m.StopURL} {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return fmt.Errorf("a %s mail has a control character in a field", m.Kind)
		}
	}
	return nil
}
