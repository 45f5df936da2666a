package store

import (
	"context"
	"errors"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// Renew implements attest.IssueStore. The badge's row decides between a renewal and
// whatever else is done to the badge at the same time.
func (s *Store) Renew(ctx context.Context, i attest.Issuance) error {
	return s.writer.write(ctx, func(w *writing) error { return w.renew(i) })
}

func (w *writing) renew(i attest.Issuance) error {
	first := w.shared(issuing)
	changed, err := w.together(append(first, step{`
		UPDATE requests SET state = 'issued', jti = $2
		WHERE id = $1 AND state = 'proven' AND purpose = 'renewal' AND expires_at > $3
			AND EXISTS (SELECT 1 FROM signing_keys WHERE kid = $4 AND state = 'active')`,
		args(i.RequestID, i.Attestation.JTI, i.Event.At.UnixMicro(), i.Attestation.KID)})...)
	if err != nil {
		return err
	}
	if changed[len(first)] == 0 {
		return w.unlessMissing(i.RequestID, w.whyNotIssued(i.Attestation.KID))
	}
	if err := w.holdAgain(i.Badge, i.Event.At); err != nil {
		return err
	}
	if err := w.renewBadge(i.Badge, i.Attestation, i.Event.At); err != nil {
		return err
	}
	return w.addAttestation(i, []*attest.OutboxEntry{i.Mail})
}

// holdAgain locks the badge's row, and has an ended badge take its account and
// mailbox again, unless others have them by now.
func (w *writing) holdAgain(b attest.Badge, at time.Time) error {
	var holds bool
	var status verify.Status
	err := w.row(`UPDATE badges SET jti = jti WHERE id = $1 AND erased_at IS NULL RETURNING holds, status`, args(b.ID), &holds, &status)
	switch {
	case err != nil:
		return err
	case status == verify.Revoked:
		return attest.ErrRevoked
	case status != verify.Valid:
		return attest.ErrSuspended
	case holds:
		return nil
	}
	switch other, err := w.inTheWay(b, at); {
	case err != nil:
		return err
	case other != "":
		return attest.ErrMailboxTaken
	}
	return nil
}

// renewBadge puts the new attestation in the badge's row, with what was proven anew.
// A badge that had ended is valid from now on.
func (w *writing) renewBadge(b attest.Badge, a attest.Attestation, at time.Time) error {
	return w.must(errors.New("the badge was not renewed"), `
		UPDATE badges SET actor_url = $2, handle = $3, handle_key = $4, own_key = $5, mailbox = $6, mailbox_key = $7, lang = $8,
			agency_domain = $9, agency_name = $10, agency_country = $11, account_vrf = $12, agency_vrf = $13,
			changed_at = CASE WHEN expires_at <= $14 THEN $14 ELSE changed_at END,
			mailbox_proof_at = CASE WHEN mailbox_proof_at < $22 THEN $22 ELSE mailbox_proof_at END,
			jti = $15, token = $16, kid = $17, list = $18, idx = $19, issued_at = $20, expires_at = $21, reminded = 0, holds = TRUE
		WHERE id = $1`,
		b.ID, b.Actor.URL, b.Actor.Handle.String(), b.Actor.Handle.Key(), b.OwnKey, b.Mailbox, b.MailboxKey, b.Lang,
		b.Agency.Domain, b.Agency.Name, b.Agency.Country, b.AccountVRF, b.AgencyVRF, at.UnixMicro(),
		a.JTI, a.Token, a.KID, a.List, a.Index, a.IssuedAt.UnixMicro(), a.ExpiresAt.UnixMicro(),
		b.MailboxProofAt.UnixMicro())
}

// GiveKey implements attest.BadgeStore.
func (s *Store) GiveKey(ctx context.Context, badgeID string, ownKey, formerMailbox, mailbox []byte) error {
	return s.writer.write(ctx, func(w *writing) error {
		_, err := w.exec(`
			UPDATE badges SET own_key = $2, mailbox = $4
			WHERE id = $1 AND length(own_key) = 0 AND mailbox = $3 AND erased_at IS NULL`,
			badgeID, ownKey, blob(formerMailbox), blob(mailbox))
		return err
	})
}
