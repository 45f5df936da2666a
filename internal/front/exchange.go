package front

import (
	"context"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"

	"github.com/gorilla/mux"
)

// unmatched stands in the access log for the route of a 404 or 405.
const unmatched = "-"

// exchange is one request with its answer: the response writer that handlers
// see, and what the front knows of both. One allocation holds them all.
type exchange struct {
	http.ResponseWriter
	front   *front
	request *http.Request
	body    io.ReadCloser // the request's, without a bound; nil if there is none
	id      string
	route   string // template, never the path itself
	status  int    // zero until the answer begins
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID gives the id under which the request stands in the log and in the
// answer's X-Request-Id; empty outside of the front.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// newRequestID gives 64 random bits. An id is no secret and never opens
// anything, so that the fast source will do.
func newRequestID() string {
	var b [8]byte
	n := rand.Uint64()
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return hex.EncodeToString(b[:])
}

// noteRoute runs inside of the router, which alone knows the route. It hands the
// path's variables over as path values, so that no handler knows the router.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x := exchangeOf(r.Context()); x != nil {
			if template, err := mux.CurrentRoute(r).GetPathTemplate(); err == nil {
				x.route = template
			}
		}
		for name, value := range mux.Vars(r) {
			r.SetPathValue(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

// WriteHeader implements [http.ResponseWriter]. Nothing but a 200 or a 304 may
// be stored by anybody, and these only if the handler says how.
func (x *exchange) WriteHeader(status int) {
	if x.status != 0 {
		return
	}
	if status >= 200 {
		x.status = status
		h := x.Header()
		storable := status == http.StatusOK || status == http.StatusNotModified
		if !storable || h["Cache-Control"] == nil {
			h["Cache-Control"] = noStore
		}
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements [io.Writer].
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	return x.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] through.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }
