package front

import (
	"net/http"
	"runtime"
	"slices"
	"sync"

	"github.com/gorilla/mux"
)

// Route is what a method gets at a path; {name} in it stands for a part without
// slashes, which the handler finds as a path value. HEAD and OPTIONS are the front's work.
type Route struct {
	Method, Path string
	Handler      http.Handler
}

// Get, Post and Delete are routes of these methods.
func Get(path string, h http.Handler) Route    { return Route{http.MethodGet, path, h} }
func Post(path string, h http.Handler) Route   { return Route{http.MethodPost, path, h} }
func Delete(path string, h http.Handler) Route { return Route{http.MethodDelete, path, h} }

// add adds routes to a router in their order. Their paths become regular expressions,
// which takes a good part of the time of a start: each processor makes some of them.
func add(router *mux.Router, routes []Route) {
	made := make([]*mux.Route, len(routes))
	for i := range made {
		made[i] = router.NewRoute()
	}
	some := max(1, (len(made)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	first := 0
	var all sync.WaitGroup
	for part := range slices.Chunk(made, some) {
		of := routes[first:]
		first += len(part)
		all.Go(func() {
			for i, m := range part {
				m.Path(of[i].Path).Methods(of[i].Method).Handler(of[i].Handler)
			}
		})
	}
	all.Wait()
}
