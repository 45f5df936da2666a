package front

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"
)

// The bounds of every request, unless a route or an option has its own.
const (
	defaultMaxBody       = 128 << 10
	defaultMaxConcurrent = 512
	clientShare          = 4                // of MaxConcurrent: one client has at most a quarter
	requestTimeout       = 45 * time.Second // of the handler's context; less than the server's WriteTimeout
	busyRetryAfter       = "1"              // seconds
)

// Options configure the front. Log is required.
type Options struct {
	// Log takes one line for each answer, and the panics.
	Log *slog.Logger
	// Issuer is the public origin; HSTS is sent if it is https.
	Issuer string
	// TrustedProxies may name their client in X-Forwarded-For.
	TrustedProxies []netip.Prefix
	// MaxConcurrent bounds the requests under way; the others get 503.
	// Zero means 512.
	MaxConcurrent int64
	// MaxBody bounds request bodies, in bytes, where a route does not say
	// otherwise by [MaxBody]. Zero means 128 KiB.
	MaxBody int64
	// Problem writes the front's own refusals; WriteProblem if nil.
	Problem func(http.ResponseWriter, *http.Request, Problem)
	// Now is the clock of the access log; required.
	Now func() time.Time
}

type front struct {
	Options
	routers routers
	headers http.Header // of every answer; shared, never written to
	running atomic.Int64
	clients clients
}

// New makes the root handler of routes. Where several have a path, that whose first two
// parts are spelt out is it, and of these the first.
func New(o Options, routes ...Route) http.Handler {
	if o.MaxConcurrent == 0 {
		o.MaxConcurrent = defaultMaxConcurrent
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Problem == nil {
		o.Problem = WriteProblem
	}
	f := &front{Options: o, headers: securityHeaders(strings.HasPrefix(o.Issuer, "https://"))}
	f.routers = newRouters(routes, f.router)
	return f
}

// router makes a router. Cleaning a path would answer with a redirect that repeats the
// host of an absolute request target; an unclean path is a 404 instead.
func (f *front) router(routes []Route) *mux.Router {
	router := mux.NewRouter().SkipClean(true)
	for _, r := range routes {
		router.Handle(r.Path, r.Handler).Methods(r.Method)
	}
	router.Use(noteRoute)
	router.NotFoundHandler = http.HandlerFunc(f.notFound)
	router.MethodNotAllowedHandler = http.HandlerFunc(f.wrongMethod)
	return router
}

// ServeHTTP implements [http.Handler].
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := f.Now()
	x := &exchange{ResponseWriter: w, front: f, id: newRequestID(), route: unmatched}
	f.setHeaders(x)
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), exchangeKey{}, x), requestTimeout)
	defer cancel()
	x.request = r.WithContext(ctx)
	defer f.log(x, start)
	defer f.recover(x)

	leave, ok := f.enter(x.request)
	defer leave()
	if !ok {
		x.Header().Set("Retry-After", busyRetryAfter)
		f.Problem(x, x.request, busy)
		return
	}
	f.serve(x)
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
}

// serve routes the request: HEAD as GET, whose body net/http drops.
func (f *front) serve(x *exchange) {
	r := x.request
	switch r.Method {
	case http.MethodOptions:
		f.options(x, r)
		return
	case http.MethodHead:
		get := *r
		get.Method = http.MethodGet
		r = &get
	}
	if r.Body != nil && r.Body != http.NoBody {
		x.body = r.Body
		r.Body = http.MaxBytesReader(x.ResponseWriter, x.body, f.MaxBody)
	}
	f.routers.of(r.URL.Path).ServeHTTP(x, r)
}

func (f *front) setHeaders(x *exchange) {
	h := x.Header()
	for name, value := range f.headers {
		h[name] = value
	}
	h["X-Request-Id"] = []string{x.id}
}

// recover turns a panic into a 500, or into a broken connection when the
// answer has begun.
func (f *front) recover(x *exchange) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	f.logPanic(x, cause)
	if x.status != 0 {
		panic(http.ErrAbortHandler)
	}
	h := x.Header()
	shared := h["Access-Control-Allow-Origin"] != nil
	clear(h)
	f.setHeaders(x)
	if shared {
		setCORS(h)
	}
	f.Problem(x, x.request, internal)
}

// MaxBody gives a route another bound for its request's body, in bytes, than
// the front's; it may be larger.
func MaxBody(bytes int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x := exchangeOf(r.Context()); x != nil && x.body != nil {
			r.Body = http.MaxBytesReader(x.ResponseWriter, x.body, bytes)
		}
		next.ServeHTTP(w, r)
	})
}
