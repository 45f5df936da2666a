package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"cocarde.example/attest"
	"cocarde.example/internal/backup"
	"cocarde.example/internal/record"
	"cocarde.example/internal/statuslist"
	"cocarde.example/internal/store"
	"cocarde.example/verify"
)

type recorder func([]record.Event) error

func (r recorder) Number(events []record.Event) error { return r(events) }

// numberingRecorded: what cannot be recorded gets no number, and what has one was
// recorded with it.
func numberingRecorded(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	must(t, s.FoundIssuer(ctx, founder(1), []attest.Event{{Kind: attest.EventKeyAnnounced, At: now, By: "cocarde", KID: founder(1).SigningKeys[0].KID}}))
	i := issued(t, s, proven(t, s, 1))

	away := errors.New("the disk is full")
	s.RecordTo(recorder(func([]record.Event) error { return away }))
	want(t, s.NumberEvents(ctx), away)
	seq, err := s.LastSeq(ctx)
	must(t, err)
	same(t, seq, int64(0))

	var told []record.Event
	s.RecordTo(recorder(func(events []record.Event) error {
		told = append(told, events...)
		return nil
	}))
	must(t, s.NumberEvents(ctx))
	must(t, s.NumberEvents(ctx))
	if len(told) != 2 || told[0].Seq != 1 || told[1].Seq != 2 {
		t.Fatalf("told %+v", told)
	}
	key := founder(1).SigningKeys[0]
	if k := told[0].Key; k == nil || k.State != string(key.State) || !bytes.Equal(k.Sealed, key.Sealed) || !bytes.Equal(k.Public, key.JWK) {
		t.Errorf("the key is told as %+v", k)
	}
	if e := told[1]; e.Badge != i.Badge.ID || e.JTI != i.Attestation.JTI || e.List != i.Attestation.List || e.Index != i.Attestation.Index || e.Key != nil {
		t.Errorf("told %+v of %+v", e, i.Event)
	}
}

// backedUp gives a backup of a store, and who can open it.
func backedUp(t *testing.T, s Store) ([]byte, *age.X25519Identity) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	var out bytes.Buffer
	must(t, s.Backup(t.Context(), func(h backup.Header) (*backup.Writer, error) {
		return backup.NewWriter(&out, []age.Recipient{id.Recipient()}, h)
	}, func(int64, int64) {}))
	return out.Bytes(), id
}

func restored(t *testing.T, db Database, b []byte, id age.Identity) Store {
	t.Helper()
	to := db.Empty(t)
	r, err := backup.NewReader(bytes.NewReader(b), []age.Identity{id})
	must(t, err)
	must(t, store.Restorable(t.Context(), to, r.Header))
	must(t, store.Restore(t.Context(), to, r, nothing))
	s, err := store.Open(t.Context(), to)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })

	again, err := backup.NewReader(bytes.NewReader(b), []age.Identity{id})
	must(t, err)
	if err := store.Restore(t.Context(), to, again, nothing); err == nil {
		t.Error("a backup is restored over another database")
	}
	return s
}

func backupRoundTrip(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	Fill(t, s)
	b, id := backedUp(t, s)
	other := restored(t, db, b, id)
	for _, look := range []func(Store) (any, error){
		func(s Store) (any, error) { return s.Badges(ctx, attest.BadgeFilter{Limit: 1000}) },
		func(s Store) (any, error) { id, _, err := s.Identity(ctx); return id, err },
		func(s Store) (any, error) { return s.LastSeq(ctx) },
		func(s Store) (any, error) { return s.Lists(ctx) },
		func(s Store) (any, error) { return s.NotValid(ctx, 1) },
		func(s Store) (any, error) { return s.DueOutbox(ctx, attest.OutboxMail, now.Add(validity), 1000) },
	} {
		before, err := look(s)
		must(t, err)
		after, err := look(other)
		must(t, err)
		same(t, after, before)
	}
	Fill(t, other) // constraints and sequences go on
	must(t, other.NumberEvents(ctx))
}

func nothing(context.Context, *store.Store) error { return nil }

// replayForgetsNothing loses a database after a backup, and wants what others have
// seen to hold.
func replayForgetsNothing(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	kept := newRecord(t)
	s.RecordTo(kept)
	first := founder(1)
	must(t, s.FoundIssuer(ctx, first, []attest.Event{{Kind: attest.EventKeyAnnounced, At: now, By: "cocarde", KID: first.SigningKeys[0].KID}}))
	var old []attest.Issuance
	for n := range 5 {
		old = append(old, issued(t, s, proven(t, s, n)))
	}
	must(t, s.NumberEvents(ctx))
	change(t, s, old[4], verify.Suspended) // in the backup, and not numbered there
	b, id := backedUp(t, s)

	list, reserved, err := s.FreeIndices(ctx, 10)
	must(t, err)
	must(t, kept.Reserve(0, list, reserved))
	change(t, s, old[0], verify.Suspended)
	change(t, s, old[1], verify.Revoked)
	must(t, s.NumberEvents(ctx))
	change(t, s, old[2], verify.Suspended)
	change(t, s, old[2], verify.Valid)
	var lost []attest.Issuance
	for n := range 3 {
		i := issuance(proven(t, s, 10+n), list, reserved[n])
		i.Attestation.ExpiresAt = i.Attestation.ExpiresAt.AddDate(0, 0, (n+1)%3) // not in the order of the numbers
		must(t, s.Issue(ctx, i))
		lost = append(lost, i)
	}
	change(t, s, lost[0], verify.Suspended)
	change(t, s, lost[1], verify.Revoked)
	must(t, s.NumberEvents(ctx))
	unseen := issuance(proven(t, s, 20), list, reserved[3]) // given out, and not numbered before all is lost
	must(t, s.Issue(ctx, unseen))
	seen, err := s.LastSeq(ctx)
	must(t, err)
	changes, err := s.StatusChanges(ctx, 0, seen)
	must(t, err)

	r := restored(t, db, b, id)
	after, err := r.LastSeq(ctx)
	must(t, err)
	reading, err := kept.Read(after)
	must(t, err)
	there, err := r.Holds(ctx, reading.Events)
	must(t, err)
	same(t, there, false)
	done, err := r.Replay(ctx, reading)
	must(t, err)
	same(t, done, store.Replayed{Events: len(reading.Events) - 1, Lost: 3, Reserved: 7})

	last, err := r.LastSeq(ctx)
	must(t, err)
	same(t, last, seen)
	replayed, err := r.StatusChanges(ctx, 0, seen)
	must(t, err)
	same(t, replayed, changes)
	entries, err := r.NotValid(ctx, list)
	must(t, err)
	status := map[int64]verify.Status{}
	for _, e := range entries {
		status[e.Index] = e.Status
	}
	for n, want := range []verify.Status{verify.Suspended, verify.Revoked, verify.Valid, verify.Valid, verify.Suspended} {
		same(t, status[old[n].Attestation.Index], want)
		p, err := r.Badge(ctx, old[n].Badge.ID)
		must(t, err)
		same(t, p.Badge.Status, want)
	}
	for _, i := range reserved {
		if status[i] != verify.Revoked {
			t.Errorf("index %d may have been given out, and has status %d", i, status[i])
		}
		taken, err := r.Taken(ctx, list, i)
		must(t, err)
		same(t, taken, true)
	}

	// Their key is published until the last of them ends.
	ends, err := r.LastExpiry(ctx, lost[1].Attestation.KID)
	must(t, err)
	same(t, ends.UTC(), lost[1].Attestation.ExpiresAt.UTC())
	ends, err = r.LastEnd(ctx)
	must(t, err)
	same(t, ends.UTC(), lost[1].Attestation.ExpiresAt.UTC())

	// Going on: the lost are told to be revoked, numbers go on, and a second replay changes nothing.
	r.RecordTo(kept)
	must(t, r.NumberEvents(ctx))
	more, err := r.StatusChanges(ctx, seen, seen+100)
	must(t, err)
	if len(more) != 2 || slices.ContainsFunc(more, func(e statuslist.Entry) bool { return e.Status != verify.Revoked }) {
		t.Errorf("told %+v, want the two lost that were not revoked", more)
	}
	issued(t, r, proven(t, r, 30))
	must(t, r.NumberEvents(ctx))
	end, err := r.LastSeq(ctx)
	must(t, err)
	reading, err = kept.Read(end)
	must(t, err)
	done, err = r.Replay(ctx, reading)
	must(t, err)
	same(t, done, store.Replayed{})
}

func change(t *testing.T, s Store, i attest.Issuance, to verify.Status) {
	t.Helper()
	changed, err := s.ChangeStatus(t.Context(), attest.StatusChange{BadgeID: i.Badge.ID, To: to, At: now, By: "operator", Reason: attest.Other})
	must(t, err)
	if !changed {
		t.Fatal("nothing changed")
	}
}

func newRecord(t *testing.T) *record.Record {
	t.Helper()
	dir := t.TempDir()
	o := record.Owner{Origin: "https://cocarde.example", Prove: func(id string) []byte { return []byte(id) }}
	must(t, record.Create(dir, o, 0))
	r, err := record.Open(dir, o, "test", time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// backupUnderLoad takes a backup while others write, and wants it to be of one moment.
func backupUnderLoad(t *testing.T, db Database) {
	s, ctx := db.Open(t), t.Context()
	must(t, s.FoundIssuer(ctx, founder(1), nil))
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for n := range 3 {
		w := db.Open(t)
		writers.Go(func() {
			for k := range 9000 {
				select {
				case <-stop:
					return
				default:
				}
				issued(t, w, proven(t, w, 10000*(n+1)+k))
			}
		})
	}
	for range 2 {
		b, id := backedUp(t, s)
		r := restored(t, db, b, id)
		must(t, r.NumberEvents(ctx))
		badges, err := r.Badges(ctx, attest.BadgeFilter{Limit: 1000})
		must(t, err)
		seq, err := r.LastSeq(ctx)
		must(t, err)
		if int64(len(badges)) != min(seq, 1000) {
			t.Errorf("%d badges and %d events", len(badges), seq)
		}
	}
	close(stop)
	writers.Wait()
}
