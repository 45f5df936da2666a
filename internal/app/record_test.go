package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/record"
	"cocarde.example/internal/store"
)

// A server does not start on a database that lacks what was published, until that
// was repeated; one whose numbering failed after it was recorded does.
func TestOlderDatabase(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", []string{"COCARDE_ADDR=127.0.0.1:0", "COCARDE_URL=http://cocarde.localhost:8080",
		"COCARDE_DATA_DIR=" + filepath.Join(t.TempDir(), "data")})
	ok(t, err)
	starts := func(code string) {
		t.Helper()
		a, err := New(t.Context(), Options{Config: c, Version: "test", Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			ok(t, a.Close())
		}
		if err == nil && code != "" || err != nil && fault.Code(err) != code {
			t.Fatalf("got %v, want %q", err, code)
		}
	}
	starts("")
	s, err := store.Open(t.Context(), store.Options{Database: c.Database})
	ok(t, err)
	id, err := openFound(t.Context(), s, c)
	ok(t, err)
	r, err := record.Open(c.PublishedDir, owner(id), "other", time.Now)
	ok(t, err)
	// A numbering that was recorded, and then failed to commit.
	var about []record.Event
	s.RecordTo(failing{&about})
	if err := s.NumberEvents(t.Context()); err == nil {
		t.Fatal("numbered without a record")
	}
	ok(t, r.Number(about))
	ok(t, s.Close())
	starts("")

	lost := record.Event{Seq: int64(len(about)) + 1, ID: 900, Kind: "revoked", At: 1, JTI: "lost", List: 1, Index: 5}
	ok(t, r.Number([]record.Event{lost}))
	ok(t, r.Close())
	starts("database_older")
	if d, err := OpenDesk(t.Context(), c); fault.Code(err) != "database_older" { // what a command does would stand in the way of a replay
		t.Fatalf("a desk opens: %v, %v", d, err)
	}
	ok(t, os.WriteFile(filepath.Join(c.PublishedDir, "killed.log"), []byte("00000000 {"), 0o600))
	done, err := ReplayDatabase(t.Context(), c, false)
	if err != nil || done.Events != 1 || done.Lost != 0 || !slices.Equal(done.Torn, []string{"killed.log"}) {
		t.Fatalf("%+v, %v", done, err)
	}
	starts("")
	s, err = store.Open(t.Context(), store.Options{Database: c.Database})
	ok(t, err)
	if taken, err := s.Taken(t.Context(), 1, 5); err != nil || !taken {
		t.Errorf("the index may be given out again: %v", err)
	}
	ok(t, s.Close())
}

type failing struct{ told *[]record.Event }

func (f failing) Number(events []record.Event) error {
	*f.told = events
	return errors.New("the power failed")
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
