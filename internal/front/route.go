package front

import (
	"net/http"
	"strings"
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

// routers has a router for each way that paths begin. A router tries one regular
// expression after the other, and to compile them all would take a good part of a
// start: so each is made when it is first needed, and holds few.
type routers map[string]*lazyRouter

type lazyRouter struct {
	routes []Route
	build  func([]Route) *mux.Router
	once   sync.Once
	router *mux.Router
}

func newRouters(routes []Route, build func([]Route) *mux.Router) routers {
	all := routers{"": {build: build}} // of what is nowhere
	for _, r := range routes {
		start := beginning(r.Path, 2)
		if strings.Contains(start, "{") {
			start = beginning(r.Path, 1)
		}
		if all[start] == nil {
			all[start] = &lazyRouter{build: build}
		}
		all[start].routes = append(all[start].routes, r)
	}
	return all
}

// beginning is a path's first parts, as many as n.
func beginning(path string, n int) string {
	end := 0
	for ; n > 0 && end < len(path); n-- {
		part := strings.IndexByte(path[end+1:], '/')
		if part < 0 {
			return path
		}
		end += 1 + part
	}
	return path[:end]
}

// of gives the router that knows all routes of a path.
func (all routers) of(path string) *mux.Router {
	for _, start := range []string{beginning(path, 2), beginning(path, 1), ""} {
		if l := all[start]; l != nil {
			l.once.Do(func() { l.router = l.build(l.routes) })
			return l.router
		}
	}
	return nil // the last one is always there
}
