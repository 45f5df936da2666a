package front

import (
	"bytes"
	"log"
	"log/slog"
	"net/http"
	"time"
)

// Server gives a server for the root handler with every limit set. It is the
// caller's to start and to shut down.
func Server(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(serverLog{logger}, "", 0),
	}
}

// serverLog tells what net/http complains of by its kind alone: its own lines
// hold the addresses of clients and the text of panics.
type serverLog struct{ logger *slog.Logger }

// Write implements [io.Writer].
func (l serverLog) Write(line []byte) (int, error) {
	kind := "other"
	for _, k := range []struct{ part, kind string }{
		{"TLS handshake", "tls"},
		{"Accept error", "accept"},
		{"panic", "panic"},
		{"superfluous", "superfluous header"},
	} {
		if bytes.Contains(line, []byte(k.part)) {
			kind = k.kind
			break
		}
	}
	l.logger.Warn("http server", "kind", kind)
	return len(line), nil
}
