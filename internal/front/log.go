package front

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// log writes one line for an answer: nothing that a stranger wrote stands in it.
func (f *front) log(x *exchange, start time.Time) {
	f.Log.LogAttrs(x.request.Context(), slog.LevelInfo, "request",
		slog.String("method", knownMethod(x.request.Method)),
		slog.String("route", x.route),
		slog.Int("status", x.status),
		slog.Duration("duration", f.Now().Sub(start)),
		slog.String("request_id", x.id))
}

// logPanic gives the place, and of the cause its type alone, for its text may
// quote the request; the runtime's own errors quote nothing.
func (f *front) logPanic(x *exchange, cause any) {
	what := fmt.Sprintf("%T", cause)
	if err, ok := cause.(runtime.Error); ok {
		what = err.Error()
	}
	f.Log.LogAttrs(x.request.Context(), slog.LevelError, "panic",
		slog.String("route", x.route),
		slog.String("request_id", x.id),
		slog.String("cause", what),
		slog.String("stack", string(debug.Stack())))
}

func knownMethod(m string) string {
	if m == http.MethodHead || m == http.MethodOptions || slices.Contains(routeMethods, m) {
		return m
	}
	return "other"
}
