package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	cocarde "cocarde.example"
	"cocarde.example/attest"
	"cocarde.example/internal/front"
	"cocarde.example/internal/web"
)

// BenchmarkBadge measures a badge's page and preview once they are drawn, beside a
// handler that writes bytes of the same size, both behind the front.
func BenchmarkBadge(b *testing.B) {
	pages, err := web.NewPages(cocarde.Contract, look)
	if err != nil {
		b.Fatal(err)
	}
	w := web.New(web.Config{Issuer: issuer, Badges: &shelf{}, Painter: &painter{}, Pages: pages, Now: time.Now})
	handler := front.New(front.Options{Log: slog.New(slog.DiscardHandler), Issuer: issuer, Now: time.Now}, w.Routes()...)
	for _, form := range []string{"", "/preview.png"} {
		path := "/b/" + idOf(attest.BadgeValid) + form
		size := run(b, handler, path)
		static := make([]byte, size)
		bare := front.New(front.Options{Log: slog.New(slog.DiscardHandler), Issuer: issuer, Now: time.Now}, front.Get("/static/{file}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"text/html"}
			_, _ = w.Write(static)
		})))
		b.Run("badge"+form, func(b *testing.B) {
			for b.Loop() {
				run(b, handler, path)
			}
		})
		b.Run("static"+form, func(b *testing.B) {
			for b.Loop() {
				run(b, bare, "/static/file")
			}
		})
	}
}

func run(b *testing.B, h http.Handler, path string) int {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", "fr-FR,fr;q=0.9,en;q=0.8")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Fatal(w.Code)
	}
	return w.Body.Len()
}
