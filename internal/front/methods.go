package front

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// The methods that a route may have; HEAD follows from GET.
var routeMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// NoHead keeps HEAD from a GET route on which looking is acting.
func NoHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x := exchangeOf(r.Context()); x != nil && x.request.Method == http.MethodHead {
			w.Header().Set("Allow", http.MethodGet)
			x.front.Problem(w, x.request, methodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (f *front) notFound(w http.ResponseWriter, r *http.Request) {
	f.Problem(w, exchangeOf(r.Context()).request, notFound)
}

func (f *front) wrongMethod(w http.ResponseWriter, r *http.Request) {
	allow, _ := f.methodsAt(r)
	w.Header().Set("Allow", strings.Join(allow, ", "))
	f.Problem(w, exchangeOf(r.Context()).request, methodNotAllowed)
}

// options answers every OPTIONS itself: with what the path takes, and to a
// browser's preflight with what other origins may do there.
func (f *front) options(w http.ResponseWriter, r *http.Request) {
	allow, shared := f.methodsAt(r)
	if len(allow) == 0 {
		f.Problem(w, r, notFound)
		return
	}
	h := w.Header()
	h.Set("Allow", strings.Join(allow, ", "))
	if len(shared) > 0 {
		setCORS(h)
		h.Set("Access-Control-Allow-Methods", strings.Join(shared, ", "))
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "86400")
	}
	w.WriteHeader(http.StatusNoContent)
}

// methodsAt gives the methods that the request's path takes, and those of them
// that are open to other origins.
func (f *front) methodsAt(r *http.Request) (allow, shared []string) {
	probe, router := *r, f.routers.of(r.URL.Path)
	for _, method := range routeMethods {
		probe.Method = method
		var match mux.RouteMatch
		if !router.Match(&probe, &match) || match.MatchErr != nil || match.Route == nil {
			continue
		}
		names := []string{method}
		if method == http.MethodGet {
			names = append(names, http.MethodHead)
		}
		allow = append(allow, names...)
		if _, ok := match.Route.GetHandler().(cors); ok {
			shared = append(shared, names...)
		}
	}
	if len(allow) > 0 {
		allow = append(allow, http.MethodOptions)
	}
	return allow, shared
}

type cors struct{ http.Handler }

// CORS opens a route to the scripts of every origin, without credentials. It
// must be the outermost handler of its route.
func CORS(next http.Handler) http.Handler { return cors{next} }

// ServeHTTP implements [http.Handler].
func (c cors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setCORS(w.Header())
	c.Handler.ServeHTTP(w, r)
}

var (
	corsOrigin = []string{"*"}
	corsExpose = []string{"Location, Retry-After, X-Request-Id"}
	corsPolicy = []string{"cross-origin"}
)

func setCORS(h http.Header) {
	h["Access-Control-Allow-Origin"] = corsOrigin // the request's own is never repeated
	h["Access-Control-Expose-Headers"] = corsExpose
	h["Cross-Origin-Resource-Policy"] = corsPolicy
}
