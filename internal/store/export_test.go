package store

import (
	"context"
	"testing"
	"time"
)

// OpenImpatient opens a store that waits for other processes no longer than busy.
func OpenImpatient(ctx context.Context, path string, busy time.Duration) (*Store, error) {
	return open(ctx, sqlite{path: path, busy: busy}, true)
}

// Exec runs a statement on the connection that writes.
func (s *Store) Exec(t *testing.T, text string, args ...any) {
	t.Helper()
	if _, err := s.writer.db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}
