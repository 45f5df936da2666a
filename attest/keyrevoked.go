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
	return noticeTo(v, MailKeyRevoked, issuer, lang, b, now)
}

// noticeTo writes to the mailbox of a badge in its agent's language, or where that is not
// known in another. It names neither account nor badge.
func noticeTo(v Vault, kind MessageKind, issuer, otherwise string, b Badge, now time.Time) (*OutboxEntry, error) {
	address, err := mailboxOf(v, b)
	if err != nil {
		return nil, err
	}
	m := Message{Kind: kind, To: address.String(), Lang: cmp.Or(b.Lang, otherwise), Issuer: issuer, Agency: b.Agency.Domain}
	return mailEntry(v, m, b.ID, now.Add(retention.Notice))
}
