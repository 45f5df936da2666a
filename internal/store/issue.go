package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// FreeIndex implements attest.IssueStore.
func (s *Store) FreeIndex(ctx context.Context) (list, index int64, err error) {
	for {
		var number [8]byte
		_, _ = rand.Read(number[:])                              // never fails
		random := int64(binary.BigEndian.Uint64(number[:]) >> 1) // a list's size is far below 2^63: no index is favoured
		var taken bool
		err = s.reader.read(ctx).row(`
			SELECT l.number, $1 % l.size, e.idx IS NOT NULL
			FROM (SELECT number, size FROM status_lists ORDER BY number DESC LIMIT 1) l
			LEFT JOIN status_entries e ON e.list = l.number AND e.idx = $1 % l.size`, args(random), &list, &index, &taken)
		if err != nil || !taken {
			return list, index, err
		}
	}
}

// Issue implements attest.IssueStore.
//
// It is six statements long when nothing stands in the way, two of them together
// and then four; on PostgreSQL a shared lock goes before them: the unique indexes answer the questions, and only a refusal asks
// which one it was. No row is everybody's: issuances wait for each other only where
// they are about the same account, mailbox or index. On SQLite eight clients
// that issue reach the rate of bare one-insert transactions where a sync takes
// 0.7 ms, and a third of it where a sync is free: there the sixteen pages that
// an issuance changes count. So issuances are not gathered into common commits.
func (s *Store) Issue(ctx context.Context, i attest.Issuance) error {
	return s.writer.write(ctx, func(w *writing) error { return w.issue(i) })
}

func (w *writing) issue(i attest.Issuance) error {
	first := w.shared(issuing)
	changed, err := w.together(append(first,
		step{`UPDATE requests SET state = 'issued', jti = $2
			WHERE id = $1 AND state = 'proven' AND purpose = 'issue' AND expires_at > $3 AND EXISTS (SELECT 1 FROM signing_keys WHERE kid = $4 AND state = 'active')`,
			args(i.RequestID, i.Attestation.JTI, i.Event.At.UnixMicro(), i.Attestation.KID)},
		insertBadge(i.Badge, i.Attestation),
	)...)
	if err != nil {
		return err
	}
	changed = changed[len(first):]
	if changed[0] == 0 {
		return w.unlessMissing(i.RequestID, w.whyNotIssued(i.Attestation.KID))
	}
	mails := []*attest.OutboxEntry{i.Mail}
	if changed[1] == 0 {
		replaced, err := w.replaceBadge(i)
		if err != nil {
			return err
		}
		if replaced {
			mails = append(mails, i.ReplacedMail)
		}
	}
	return w.addAttestation(i, mails)
}

// whyNotIssued tells a key that signs no more from a request in another state.
func (w *writing) whyNotIssued(kid string) error {
	var active bool
	err := w.row(`SELECT EXISTS (SELECT 1 FROM signing_keys WHERE kid = $1 AND state = 'active')`, args(kid), &active)
	switch {
	case err != nil:
		return err
	case !active:
		return attest.ErrKeyNotActive
	}
	return attest.ErrState
}

// replaceBadge inserts the badge where others stood in the way, and may be made to go.
func (w *writing) replaceBadge(i attest.Issuance) (replaced bool, err error) {
	if replaced, err = w.makeWay(i.Badge, i.Event.At); err != nil {
		return false, err
	}
	added := insertBadge(i.Badge, i.Attestation)
	return replaced, w.must(errors.New("the badge's id is taken"), added.text, added.args...)
}

// makeWay lets go of the account and the mailbox whatever held them and has
// expired, refuses if the account's badge has not, and revokes the mailbox's.
//
// A suspended badge stands in the way like a valid one: suspension is no way to
// a second badge.
func (w *writing) makeWay(b attest.Badge, at time.Time) (replaced bool, err error) {
	former, err := w.inTheWay(b, at)
	if err != nil || former == "" {
		return false, err
	}
	return w.changeStatus(attest.StatusChange{
		BadgeID: former, To: verify.Revoked, At: at, By: "cocarde", Reason: attest.Replaced,
	})
}

// inTheWay lets go of a badge's account and mailbox whatever held them and has
// expired, refuses if the account is another's, and gives the badge that holds the
// mailbox.
func (w *writing) inTheWay(b attest.Badge, at time.Time) (mailboxOf string, err error) {
	for _, name := range []string{"account " + b.Actor.ID, "mailbox " + string(b.MailboxKey)} {
		if err := w.lock(name); err != nil { // of two that would take one place, the second finds the first
			return "", err
		}
	}
	_, err = w.exec(`UPDATE badges SET holds = FALSE WHERE holds AND actor_id = $1 AND expires_at <= $2`, b.Actor.ID, at.UnixMicro())
	if err != nil {
		return "", err
	}
	_, err = w.exec(`UPDATE badges SET holds = FALSE WHERE holds AND mailbox_key = $1 AND expires_at <= $2`, b.MailboxKey, at.UnixMicro())
	if err != nil {
		return "", err
	}
	switch err := w.row(`SELECT id FROM badges WHERE holds AND actor_id = $1`, args(b.Actor.ID), &mailboxOf); {
	case err == nil:
		return "", attest.ErrAccountTaken
	case !errors.Is(err, attest.ErrNotFound):
		return "", err
	}
	err = w.row(`SELECT id FROM badges WHERE holds AND mailbox_key = $1`, args(b.MailboxKey), &mailboxOf)
	if errors.Is(err, attest.ErrNotFound) {
		return "", nil
	}
	return mailboxOf, err
}

func insertBadge(b attest.Badge, a attest.Attestation) step {
	return step{`
		INSERT INTO badges (id, kind, actor_id, actor_url, actor_host, handle, handle_key, mailbox, mailbox_key,
			agency_domain, agency_name, agency_country, listed, status, created_at, changed_at, account_vrf, agency_vrf,
			jti, token, kid, list, idx, issued_at, expires_at, own_key, lang, mailbox_proof_at, holds)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, TRUE)
		ON CONFLICT DO NOTHING`, args(
		b.ID, b.Kind, b.Actor.ID, b.Actor.URL, b.Actor.Host.String(), b.Actor.Handle.String(), b.Actor.Handle.Key(),
		b.Mailbox, b.MailboxKey, b.Agency.Domain, b.Agency.Name, b.Agency.Country, b.Listed, b.Status,
		b.CreatedAt.UnixMicro(), b.ChangedAt.UnixMicro(), b.AccountVRF, b.AgencyVRF,
		a.JTI, a.Token, a.KID, a.List, a.Index, a.IssuedAt.UnixMicro(), a.ExpiresAt.UnixMicro(), blob(b.OwnKey), b.Lang, b.MailboxProofAt.UnixMicro())}
}

// blob gives bytes for a column that takes no NULL.
func blob(b []byte) []byte { return append([]byte{}, b...) }

// addAttestation inserts what rests on the badge, and takes the status index for ever.
func (w *writing) addAttestation(i attest.Issuance, mails []*attest.OutboxEntry) error {
	a := i.Attestation
	if a.Index < 0 {
		return fmt.Errorf("there is no index %d", a.Index)
	}
	steps := []step{
		{`INSERT INTO status_entries (list, idx, status)
			SELECT number, $2, 0 FROM status_lists WHERE number = $1 AND $2 < size ON CONFLICT DO NOTHING`,
			args(a.List, a.Index)},
		{`INSERT INTO attestations (jti, badge_id, token_hash, kid, list, idx, issued_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			args(a.JTI, a.BadgeID, i.Event.TokenHash, a.KID, a.List, a.Index, a.IssuedAt.UnixMicro(), a.ExpiresAt.UnixMicro())},
		insertEvent(i.Event),
	}
	for _, m := range mails {
		if m != nil {
			steps = append(steps, insertMail(m))
		}
	}
	changed, err := w.together(steps...)
	if err == nil && changed[0] == 0 {
		err = w.whyNotTaken(a.List, a.Index)
	}
	return err
}

// whyNotTaken tells an index that another has from one that does not exist.
func (w *writing) whyNotTaken(list, index int64) error {
	var taken bool
	err := w.row(`SELECT EXISTS (SELECT 1 FROM status_entries WHERE list = $1 AND idx = $2)`, args(list, index), &taken)
	if err == nil && !taken {
		return fmt.Errorf("there is no index %d of a list %d", index, list)
	}
	return errors.Join(attest.ErrIndexTaken, err)
}
