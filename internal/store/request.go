package store

import (
	"context"
	"errors"
	"time"

	"cocarde.example/attest"
)

// byID finds the request of an id.
const byID = `WHERE id = $1`

// AddRequest implements attest.RequestStore.
func (s *Store) AddRequest(ctx context.Context, r attest.Request, in *attest.SignIn) error {
	return s.writer.write(ctx, func(w *writing) error {
		if err := w.addRequest(r); err != nil || in == nil {
			return err
		}
		return w.signIn(r.ID, *in)
	})
}

// addRequest inserts a request. One about a badge that is there is not left behind
// when that is erased: whichever of the two comes second finds the other.
func (w *writing) addRequest(r attest.Request) error {
	if r.Purpose != attest.ForIssue {
		if err := w.standing(r.BadgeID); err != nil {
			return err
		}
	}
	code, codeEnds := []byte(nil), time.Time{}
	if r.MailboxCode != nil {
		code, codeEnds = r.MailboxCode.Hash, r.MailboxCode.ExpiresAt
	}
	_, err := w.exec(`INSERT INTO requests (`+requestColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
		        NULL, NULL, 0, NULL, $21, $22, 0, $23, NULL, '', '')`,
		r.ID, r.Purpose, r.BadgeID, r.TokenHash, r.State, r.Actor.ID, r.Actor.URL, r.Actor.Host.String(), r.Actor.Handle.String(),
		blob(r.Mailbox), blob(r.MailboxKey), r.Agency.Domain, r.Agency.Name, r.Agency.Country, r.Lang, r.Listed, r.Method,
		r.CreatedAt.UnixMicro(), r.ExpiresAt.UnixMicro(), r.SignIns, code, micros(codeEnds), r.CodesSent)
	return err
}

func (w *writing) signIn(id string, in attest.SignIn) error {
	_, err := w.exec(`
		INSERT INTO sign_ins (request_id, state_hash, browser, verifier, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (request_id) DO UPDATE SET state_hash = excluded.state_hash, browser = excluded.browser,
			verifier = excluded.verifier, expires_at = excluded.expires_at`,
		id, in.StateHash, in.Browser, in.Verifier, in.ExpiresAt.UnixMicro())
	return err
}

// Request implements attest.RequestStore.
func (s *Store) Request(ctx context.Context, id string) (attest.Request, error) {
	return scanRequest(s.reader.read(ctx), byID, id)
}

// Reserved implements attest.BadgeStore.
func (s *Store) Reserved(ctx context.Context, badgeID string) (attest.Request, error) {
	return scanRequest(s.reader.read(ctx), `
		WHERE badge_id = $1 AND purpose = 'issue' AND state IN ('awaiting_account_proof', 'awaiting_mailbox_proof', 'proven')
		ORDER BY created_at DESC LIMIT 1`, badgeID)
}

// change updates one request whose conditions stand in the statement; $1 is its
// id. If nothing was changed, it tells a missing request from one in another state.
func (w *writing) change(text, id string, more ...any) error {
	return w.unlessMissing(id, w.must(attest.ErrState, text, append(args(id), more...)...))
}

func (w *writing) unlessMissing(id string, err error) error {
	if !errors.Is(err, attest.ErrState) {
		return err
	}
	if missing := w.row(`SELECT id FROM requests WHERE id = $1`, args(id), &id); missing != nil {
		return missing
	}
	return err
}

// SetLang implements attest.RequestStore.
func (s *Store) SetLang(ctx context.Context, id, lang string) error {
	return s.writer.write(ctx, func(w *writing) error {
		return w.must(attest.ErrNotFound, `UPDATE requests SET lang = $2 WHERE id = $1`, id, lang)
	})
}

// AddSignIn implements attest.RequestStore.
func (s *Store) AddSignIn(ctx context.Context, id string, in attest.SignIn, max int) error {
	return s.writer.write(ctx, func(w *writing) error {
		err := w.change(`
			UPDATE requests SET sign_ins = sign_ins + 1,
				account_code = NULL, account_code_expires_at = NULL, account_code_tries = 0
			WHERE id = $1 AND state = 'awaiting_account_proof' AND sign_ins < $2`, id, max)
		if err != nil {
			return err
		}
		return w.signIn(id, in)
	})
}

// TakeSignIn implements attest.RequestStore.
func (s *Store) TakeSignIn(ctx context.Context, stateHash []byte) (r attest.Request, in attest.SignIn, err error) {
	err = s.writer.write(ctx, func(w *writing) error {
		var id string
		err := w.row(`
			DELETE FROM sign_ins WHERE state_hash = $1
			RETURNING request_id, state_hash, browser, verifier, expires_at`,
			args(stateHash), &id, &in.StateHash, &in.Browser, &in.Verifier, moment{&in.ExpiresAt})
		if err != nil {
			return err
		}
		r, err = scanRequest(w, byID, id)
		return err
	})
	if err != nil {
		return attest.Request{}, attest.SignIn{}, err
	}
	return r, in, nil
}

// HoldAccountProof implements attest.RequestStore.
func (s *Store) HoldAccountProof(ctx context.Context, id string, c attest.Code) error {
	return s.writer.write(ctx, func(w *writing) error {
		return w.change(`
			UPDATE requests SET account_code = $2, account_code_expires_at = $3, account_code_tries = $4
			WHERE id = $1 AND state = 'awaiting_account_proof'`, id, c.Hash, c.ExpiresAt.UnixMicro(), c.Tries)
	})
}

// TakeAccountTry implements attest.RequestStore.
func (s *Store) TakeAccountTry(ctx context.Context, id string, max int) (attest.Code, error) {
	return s.takeTry(ctx, `
		UPDATE requests SET account_code_tries = account_code_tries + 1
		WHERE id = $1 AND state = 'awaiting_account_proof' AND account_code IS NOT NULL AND account_code_tries < $2
		RETURNING account_code, account_code_expires_at, account_code_tries`, id, max)
}

// TakeMailboxTry implements attest.RequestStore.
func (s *Store) TakeMailboxTry(ctx context.Context, id string, max int) (attest.Code, error) {
	return s.takeTry(ctx, `
		UPDATE requests SET mailbox_code_tries = mailbox_code_tries + 1
		WHERE id = $1 AND state = 'awaiting_mailbox_proof' AND mailbox_code IS NOT NULL AND mailbox_code_tries < $2
		RETURNING mailbox_code, mailbox_code_expires_at, mailbox_code_tries`, id, max)
}

func (s *Store) takeTry(ctx context.Context, text, id string, max int) (c attest.Code, err error) {
	err = s.writer.write(ctx, func(w *writing) error {
		err := w.row(text, args(id, max), &c.Hash, moment{&c.ExpiresAt}, &c.Tries)
		if errors.Is(err, attest.ErrNotFound) {
			err = w.unlessMissing(id, attest.ErrState)
		}
		return err
	})
	return c, err
}

// ProveAccount implements attest.RequestStore. A code counts as sent whether or
// not its mail goes out: what is told must not depend on it.
func (s *Store) ProveAccount(ctx context.Context, id string, at time.Time, c attest.Code, mail *attest.OutboxEntry) error {
	return s.writer.write(ctx, func(w *writing) error {
		err := w.change(`
			UPDATE requests SET state = 'awaiting_mailbox_proof', account_proof_at = $2, codes_sent = codes_sent + 1,
				mailbox_code = $3, mailbox_code_expires_at = $4, mailbox_code_tries = $5
			WHERE id = $1 AND state = 'awaiting_account_proof' AND expires_at > $2`,
			id, at.UnixMicro(), c.Hash, c.ExpiresAt.UnixMicro(), c.Tries)
		if err != nil {
			return err
		}
		if err := w.dropSignIn(id); err != nil {
			return err
		}
		return w.send(mail)
	})
}

// dropSignIn forgets what can complete nothing any more.
func (w *writing) dropSignIn(id string) error {
	_, err := w.exec(`DELETE FROM sign_ins WHERE request_id = $1`, id)
	return err
}

// RenewMailboxCode implements attest.RequestStore.
func (s *Store) RenewMailboxCode(ctx context.Context, id string, c attest.Code, mail *attest.OutboxEntry, max int) error {
	return s.writer.write(ctx, func(w *writing) error {
		err := w.change(`
			UPDATE requests SET codes_sent = codes_sent + 1, mail_error = '',
				mailbox_code = $2, mailbox_code_expires_at = $3
			WHERE id = $1 AND state = 'awaiting_mailbox_proof' AND codes_sent < $4`,
			id, c.Hash, c.ExpiresAt.UnixMicro(), max)
		if err != nil {
			return err
		}
		if _, err := w.exec(`DELETE FROM outbox WHERE request_id = $1 AND request_id <> ''`, id); err != nil {
			return err // the former code is dead, wherever its mail is
		}
		return w.send(mail)
	})
}

// ProveMailbox implements attest.RequestStore.
func (s *Store) ProveMailbox(ctx context.Context, id string, codeHash []byte, at time.Time) error {
	return s.writer.write(ctx, func(w *writing) error {
		return w.change(`
			UPDATE requests SET state = 'proven', mailbox_proof_at = $3
			WHERE id = $1 AND state = 'awaiting_mailbox_proof' AND mailbox_code = $2 AND expires_at > $3`,
			id, codeHash, at.UnixMicro())
	})
}

// EndRequest implements attest.RequestStore.
func (s *Store) EndRequest(ctx context.Context, id string, end attest.State) error {
	return s.writer.write(ctx, func(w *writing) error {
		err := w.change(`
			UPDATE requests SET state = $2
			WHERE id = $1 AND state IN ('awaiting_account_proof', 'awaiting_mailbox_proof', 'proven')`, id, end)
		if err != nil {
			return err
		}
		return w.dropSignIn(id)
	})
}
