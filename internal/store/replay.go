package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/record"
	"cocarde.example/verify"
)

// replayBatch bounds the steps of one transaction of a replay.
const replayBatch = 500

// Replayed says what a replay has brought back.
type Replayed struct {
	Events   int // that the database had lost
	Lost     int // attestations among them, whose indices are revoked now
	Reserved int // indices that may have been given out, and are revoked now
}

// Replay brings a database that was restored up to what the record tells: numbers,
// statuses, keys and erasures are again what others have seen. An index whose
// attestation is lost is taken and revoked. It may be stopped and begun again; the
// caller keeps servers from the database meanwhile.
func (s *Store) Replay(ctx context.Context, from record.Reading) (done Replayed, err error) {
	r := &replay{Store: s, ctx: ctx, done: &done, last: lastStatuses(from.Events)}
	for _, step := range []func(record.Reading) error{r.openLists, r.takeReserved, r.keys, r.passIDs, r.events, r.tidy} {
		if err := step(from); err != nil {
			return done, err
		}
	}
	return done, nil
}

type replay struct {
	*Store
	ctx  context.Context
	done *Replayed
	last map[string]string // kind of the last event about an attestation, by jti
	free int64             // highest id that is or will be an event's
}

func lastStatuses(events []record.Event) map[string]string {
	last := map[string]string{}
	for _, e := range events {
		if e.JTI != "" {
			last[e.JTI] = e.Kind
		}
	}
	return last
}

func (r *replay) write(act func(*writing) error) error { return r.writer.write(r.ctx, act) }

// openLists opens the lists that were opened since.
func (r *replay) openLists(from record.Reading) error {
	var newest int64
	for list := range from.Reserved {
		newest = max(newest, list)
	}
	for _, e := range from.Events {
		newest = max(newest, e.List)
	}
	return r.write(func(w *writing) error {
		var last int64
		if err := w.row(`SELECT MAX(number) FROM status_lists`, nil, &last); err != nil {
			return err
		}
		for n := last + 1; n <= newest; n++ {
			_, err := w.exec(`INSERT INTO status_lists (number, size, taken) SELECT $1, size, 0 FROM status_lists WHERE number = $2`, n, last)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

const takeRevoked = `INSERT INTO status_entries (list, idx, status) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING`

// takeReserved revokes what may have been given out and has no row.
func (r *replay) takeReserved(from record.Reading) error {
	issued := map[[2]int64]bool{} // given out for certain: they are counted as lost attestations
	for _, e := range from.Events {
		if attest.EventKind(e.Kind) == attest.EventIssued {
			issued[[2]int64{e.List, e.Index}] = true
		}
	}
	for list, reserved := range from.Reserved {
		var taken record.Indices
		err := r.reader.read(r.ctx).each(`SELECT idx FROM status_entries WHERE list = $1`, args(list), func(row scanner) error {
			var i int64
			err := row.Scan(&i)
			taken.Add(i)
			return err
		})
		if err != nil {
			return err
		}
		var steps []step
		for i := range reserved.All {
			if !taken.Has(i) && !issued[[2]int64{list, i}] {
				steps = append(steps, step{takeRevoked, args(list, i)})
			}
		}
		r.done.Reserved += len(steps)
		for part := range slices.Chunk(steps, replayBatch) {
			err := r.write(func(w *writing) error {
				_, err := w.together(part...)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// passIDs keeps ids free for the events that are given back with theirs, and after
// these for as many that tell what was lost.
func (r *replay) passIDs(from record.Reading) error {
	return r.write(func(w *writing) error {
		if err := w.row(`SELECT COALESCE(MAX(id), 0) FROM events`, nil, &r.free); err != nil {
			return err
		}
		for _, e := range from.Events {
			r.free = max(r.free, e.ID)
		}
		text := w.pool.dialect.passed()
		if text == "" || len(from.Events) == 0 {
			return nil
		}
		var ignored int64
		return w.row(text, args(r.free+int64(len(from.Events))), &ignored)
	})
}

// events gives back what the database has lost, in the order of the numbers.
func (r *replay) events(from record.Reading) error {
	for begun := 0; begun < len(from.Events); begun += replayBatch {
		part := from.Events[begun:min(begun+replayBatch, len(from.Events))]
		var did Replayed
		err := r.write(func(w *writing) error {
			did = Replayed{}
			for n, e := range part {
				if err := r.event(w, e, r.free+int64(begun+n)+1, &did); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.done.Events += did.Events
		r.done.Lost += did.Lost
	}
	return nil
}

// event numbers an event that the database has, or adds one that it has lost with
// all that it did. The id is for an event that tells what cannot be given back.
func (r *replay) event(w *writing, e record.Event, id int64, did *Replayed) error {
	there, err := holds(w, e)
	if err != nil {
		return err
	}
	if there {
		_, err = w.exec(`UPDATE events SET seq = $2 WHERE id = $1`, e.ID, e.Seq)
		return err
	}
	_, err = w.exec(`
		INSERT INTO events (id, seq, `+eventColumns+`)
		VALUES ($1, $2, $3, TRUE, $4, 'record', $5, $6, $7, $8, $9, $10, '', NULL)`,
		e.ID, e.Seq, e.Kind, e.At, e.Badge, e.JTI, e.List, e.Index, e.TokenHash, e.KID)
	if err != nil {
		return err
	}
	did.Events++
	if attest.EventKind(e.Kind) == attest.EventIssued {
		did.Lost++
		if err := w.keepUntil(e); err != nil {
			return err
		}
		if r.last[e.JTI] != string(attest.EventRevoked) {
			return errors.Join(w.revokeLost(e, id), w.repeat(e))
		}
	}
	return w.repeat(e)
}

// repeat does what an event did.
func (w *writing) repeat(e record.Event) error {
	switch kind := attest.EventKind(e.Kind); kind {
	case attest.EventIssued:
		_, err := w.exec(takeRevoked, e.List, e.Index)
		return err
	case attest.EventSuspended, attest.EventResumed, attest.EventRevoked:
		return w.repeatStatus(e, statusOf(kind))
	case attest.EventErased:
		return w.forget(e.Badge, time.UnixMicro(e.At))
	}
	return nil
}

// repeatStatus gives an attestation the status that an event gave it, and its badge
// too if it is the badge's latest. One that is lost stays revoked.
func (w *writing) repeatStatus(e record.Event, to verify.Status) error {
	_, err := w.together(
		step{takeRevoked, args(e.List, e.Index)},
		step{`UPDATE status_entries SET status = $3 WHERE list = $1 AND idx = $2 AND status <> 1
			AND EXISTS (SELECT 1 FROM attestations WHERE jti = $4)`, args(e.List, e.Index, to, e.JTI)},
		step{`UPDATE badges SET status = $2, changed_at = $3, holds = holds AND NOT $4 WHERE id = $1 AND jti = $5 AND status <> 1`,
			args(e.Badge, to, e.At, to == verify.Revoked, e.JTI)},
	)
	return err
}

// revokeLost tells, by an event of its own, that an attestation whose row is lost is
// revoked.
func (w *writing) revokeLost(e record.Event, id int64) error {
	_, err := w.exec(`
		INSERT INTO events (id, `+eventColumns+`)
		SELECT $3, 'revoked', public, at, 'cocarde', badge_id, jti, list, idx, token_hash, '', $2, NULL
		FROM events WHERE seq = $1`, e.Seq, attest.RowLost, id)
	return err
}

// tidy counts anew, and drops what was signed before: it may say less than was seen.
func (r *replay) tidy(record.Reading) error {
	return r.write(func(w *writing) error {
		_, err := w.together(
			step{`UPDATE status_lists SET taken = (SELECT COUNT(*) FROM status_entries e WHERE e.list = number)`, nil},
			step{`DELETE FROM artefacts WHERE path LIKE '/status/%'`, nil},
			step{`DELETE FROM leases`, nil},
		)
		return err
	})
}
