package attest

import (
	"cmp"
	"time"

	"cocarde.example/internal/retention"
)

// KeyRevokedMail writes to the agent of a badge that is revoked with the key that
// signed it; nil if the mailbox is not kept any more. It names neither account nor
// badge: by now the mailbox may be somebody else's.
func KeyRevokedMail(v Vault, issuer, lang string, b Badge, now time.Time) (*OutboxEntry, error) {
	if len(b.Mailbox) == 0 {
		return nil, nil
	}
	return noticeEntry(v, MailKeyRevoked, issuer, lang, b, now)
}

func noticeEntry(v Vault, kind MessageKind, issuer, otherwise string, b Badge, now time.Time) (*OutboxEntry, error) {
	m, err := noticeTo(v, kind, issuer, otherwise, b)
	if err != nil {
		return nil, err
	}
	return mailEntry(v, m, b.ID, now.Add(retention.Notice))
}

// noticeTo writes to the mailbox of a badge in its agent's language, or where that is not
// known in another. It names neither account nor badge.
func noticeTo(v Vault, kind MessageKind, issuer, otherwise string, b Badge) (Message, error) {
	address, err := mailboxOf(v, b)
	if err != nil {
		return Message{}, err
	}
	return Message{Kind: kind, To: address.String(), Lang: cmp.Or(b.Lang, otherwise), Issuer: issuer, Agency: b.Agency.Domain}, nil
}
