package app

import (
	"context"
	"net/http"
)

// A test that lets years pass within seconds uses a server without Run: it asks the
// handler, moves its clock on, and has the periodic work done step by step.

// Handler answers what the listener would.
func (a *App) Handler() http.Handler { return a.server.Handler }

// Step does once what Run does four times a second. It is never called beside Run.
func (a *App) Step(ctx context.Context) error { return a.runner.Step(ctx) }
