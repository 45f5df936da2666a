package app

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cocarde.example/internal/record"
	"cocarde.example/internal/store"
)

// A record that ends before its database is refused wherever the two come together:
// nothing is touched, and all is well once its files are back.
func TestRecordCutShort(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, onServer bool) {
		i := newIssuer(t, onServer)
		i.backsUp()
		logs, err := filepath.Glob(filepath.Join(i.PublishedDir, "*.log"))
		if err != nil || len(logs) != 1 {
			t.Fatalf("the record's files are %q, %v", logs, err)
		}
		whole, err := os.ReadFile(logs[0])
		ok(t, err)
		head := bytes.IndexByte(whole, '\n') + 1
		empty := i.elsewhere()
		for what, cut := range map[string]func() error{
			"no file":  func() error { return os.Remove(logs[0]) },
			"no event": func() error { return os.Truncate(logs[0], int64(head)) },
			"empty":    func() error { return os.Truncate(logs[0], 0) },
			"torn":     func() error { return os.Truncate(logs[0], int64(len(whole)-1)) },
		} {
			t.Log(what)
			ok(t, cut())
			i.serves("record_damaged")
			i.replays(false, "record_damaged")
			empty.restores(false, "record_damaged")
			ok(t, os.WriteFile(logs[0], whole, 0o600))
		}
		i.serves("")
		if done := i.replays(false, ""); done.Events != 0 {
			t.Errorf("%+v", done)
		}
		empty.restores(false, "")
		i.serves("")

		// A new record begins where its database is, and has nothing to tell before
		// the next event.
		i.replays(true, "")
		i.serves("")
		i.backsUp()
		i.replays(false, "")
		i.elsewhere().restores(false, "")
		i.serves("")
	})
}

// A record that was begun later than a copy of its database was made does not tell
// what was published between.
func TestRecordBegunLater(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, onServer bool) {
		i := newIssuer(t, onServer)
		i.forgetsRecord()
		i.backsUp()
		i.publishes()
		i.serves("") // begins a record
		older := i.elsewhere()
		older.restores(false, "record_younger")
		older.restores(true, "")
		older.forgetsRecord()
		i.forgetsRecord()
		i.serves("")
		older.serves("record_younger")
		older.replays(false, "record_younger")
	})
}

// The loss of one server's file is found by what another has written: whoever reserves
// indices tells what the database holds by then.
func TestReservingTellsTheEnd(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	i.backsUp()
	logs := func() []string {
		all, err := filepath.Glob(filepath.Join(i.PublishedDir, "*.log"))
		ok(t, err)
		return all
	}
	before := logs()
	i.announces()
	i.numbers()
	lost := slices.DeleteFunc(logs(), func(f string) bool { return slices.Contains(before, f) })
	if len(lost) != 1 {
		t.Fatalf("there are more files: %q", lost)
	}
	i.opens(func(s *store.Store, r *record.Record) {
		_, _, err := newReserving(s, r).FreeIndex(t.Context())
		ok(t, err)
	})
	i.elsewhere().restores(false, "")
	ok(t, os.Remove(lost[0]))
	i.elsewhere().restores(false, "record_damaged")
}

// What may not be read is no damage: mended, it is whole.
func TestRecordUnreadable(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, false)
	i.backsUp()
	logs, err := filepath.Glob(filepath.Join(i.PublishedDir, "*.log"))
	ok(t, err)
	for _, file := range []string{logs[0], filepath.Join(i.PublishedDir, "record.json"), i.PublishedDir} {
		aside := filepath.Join(t.TempDir(), "aside")
		ok(t, os.Rename(file, aside))
		if file == i.PublishedDir {
			ok(t, os.WriteFile(file, nil, 0o600))
		} else { // as what may not be read, also for root
			ok(t, os.Mkdir(file, 0o700))
		}
		i.serves("record_unreadable")
		i.replays(false, "record_unreadable")
		empty := i.elsewhere()
		empty.restores(false, "record_unreadable")
		if file == i.PublishedDir {
			empty.serves("record_unreadable")
			empty.replays(false, "issuer_missing") // nobody was founded
		}
		ok(t, os.Remove(file))
		ok(t, os.Rename(aside, file))
	}
	i.serves("")
}
