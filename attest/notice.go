package attest

import (
	"cmp"
	"time"

	"cocarde.example/internal/retention"
)

// Notices writes to the mailboxes of badges what nobody asked for who named the mailbox. So it
// names neither account nor badge: by now the mailbox may be somebody else's.
type Notices struct {
	Vault  Vault
	Issuer string    // origin
	Lang   string    // for agents of whom nobody knows which one they read
	Closes time.Time // when the issuer closes; zero: it goes on
	Now    func() time.Time
}

// KeyRevoked tells the agent of a badge that it is revoked with the key that signed it; nil if
// the mailbox is not kept any more.
func (n Notices) KeyRevoked(b Badge) (*OutboxEntry, error) { return n.entry(MailKeyRevoked, b) }

// entry writes a mail that holds for a week, unless the mailbox is not kept any more.
func (n Notices) entry(kind MessageKind, b Badge) (*OutboxEntry, error) {
	if len(b.Mailbox) == 0 {
		return nil, nil
	}
	m, err := n.to(kind, b)
	if err != nil {
		return nil, err
	}
	return mailEntry(n.Vault, m, b.ID, n.Now().Add(retention.Notice))
}

func (n Notices) to(kind MessageKind, b Badge) (Message, error) {
	address, err := mailboxOf(n.Vault, b)
	if err != nil {
		return Message{}, err
	}
	return Message{
		Kind: kind, To: address.String(), Lang: cmp.Or(b.Lang, n.Lang), Issuer: n.Issuer, Agency: b.Agency.Domain,
		Closing: !n.Closes.IsZero(),
	}, nil
}

// until is when a badge ends that would end at a time by itself: an issuer that closes lets none
// live longer.
func (n Notices) until(end time.Time) time.Time {
	if n.Closes.IsZero() || end.Before(n.Closes) {
		return end
	}
	return n.Closes
}
