package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cocarde.example/api"
	"cocarde.example/internal/fault"
)

// The log says once a minute why calls are refused, each cause for itself, however many
// there are; a defect is told each time.
func TestRefusalsAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	text := &logged{}
	problems := api.NewProblems(slog.New(slog.NewTextHandler(text, nil)), nil, func() time.Time { return now.Add(time.Duration(clock.Load())) })
	away := fault.New(fault.Unavailable, "storage_unavailable", "It is away.")
	full := fault.New(fault.Unavailable, "storage_full", "It is full.")
	elsewhere := fault.New(fault.Upstream, "instance_error", "It answers wrongly.")
	refuse := func(ctx context.Context, err error, times int) {
		var all sync.WaitGroup
		for range times {
			all.Go(func() {
				answer := httptest.NewRecorder()
				problems.Write(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil), err)
				if answer.Code < http.StatusInternalServerError {
					t.Errorf("status %d", answer.Code)
				}
			})
		}
		all.Wait()
	}
	want := func(what string, lines int) {
		t.Helper()
		if n := strings.Count(text.String(), what); n != lines {
			t.Errorf("%d lines with %q, want %d", n, what, lines)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	refuse(gone, away.Because(errors.New("nobody waits")), 1)
	refuse(t.Context(), away.Because(errors.New("refused")), 50)
	want("level=WARN", 1)
	clock.Store(int64(time.Minute - 1))
	refuse(t.Context(), away.Because(errors.New("refused")), 50)
	refuse(t.Context(), full.Because(errors.New("no space")), 50)
	want("storage_unavailable", 2)
	want("storage_full", 1)
	clock.Store(int64(time.Minute))
	refuse(t.Context(), away.Because(errors.New("refused")), 50)
	want("storage_unavailable", 3)
	want("storage_full", 1)
	refuse(t.Context(), elsewhere.Because(errors.New("one of many instances")), 5)
	want("instance_error", 5)
	refuse(t.Context(), errors.New("a defect"), 5)
	want("a defect", 5)
}
