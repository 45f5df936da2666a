package store

import (
	"context"
	"time"

	"cocarde.example/attest"
)

// DueReminders implements attest.ReminderStore.
func (s *Store) DueReminders(ctx context.Context, now time.Time, before []time.Duration, limit int) ([]attest.Published, error) {
	var due []attest.Published
	for sent, left := range before {
		err := s.reader.read(ctx).each(findPublished+`
			WHERE b.status = 0 AND length(b.mailbox) > 0 AND b.reminded = $1 AND b.expires_at > $2 AND b.expires_at <= $3
			ORDER BY b.expires_at LIMIT $4`,
			args(sent, now.UnixMicro(), now.Add(left).UnixMicro(), limit-len(due)), func(row scanner) error {
				var p attest.Published
				err := row.Scan(intoPublished(&p)...)
				p.Attestation.BadgeID = p.Badge.ID
				due = append(due, p)
				return err
			})
		if err != nil || len(due) == limit {
			return due, err
		}
	}
	return due, nil
}

// Remind implements attest.ReminderStore.
func (s *Store) Remind(ctx context.Context, of attest.Published, times int, mail *attest.OutboxEntry) error {
	return s.writer.write(ctx, func(w *writing) error {
		changed, err := w.exec(`
			UPDATE badges SET reminded = $3 WHERE id = $1 AND jti = $2 AND reminded < $3 AND status = 0 AND length(mailbox) > 0`,
			of.Badge.ID, of.Attestation.JTI, times)
		if err != nil || changed == 0 {
			return err
		}
		return w.send(mail)
	})
}
