package mail

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	gomail "github.com/wneessen/go-mail"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
)

// compose writes the mail whole: plain text in UTF-8, from nobody but us, that
// asks for no answer and tells nobody when it is read.
func (s *Sender) compose(m attest.Message) (*gomail.Msg, error) {
	to, err := acct.ParseAddress(m.To)
	if err != nil {
		return nil, ErrRefused.Because(errors.New("the recipient is no address"))
	}
	l, err := write(s.config.Name, s.config.Contact, m)
	if err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(s.config.Name, s.config.From); err != nil {
		return nil, errors.New("the sender of mails is not an address")
	}
	if err := msg.To(to.String()); err != nil {
		return nil, ErrRefused.Because(errors.New("the recipient is no address"))
	}
	msg.Subject(l.subject)
	msg.SetDateWithValue(s.config.Now())
	msg.SetMessageIDWithValue(randomID() + "@" + s.idHost)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5.1
	msg.SetBodyString(gomail.TypeTextPlain, l.body)
	return msg, nil
}

func randomID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
