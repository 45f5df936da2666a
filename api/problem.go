package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/front"
	"cocarde.example/internal/locale"
)

// Problems is the edge at which errors become answers: problem details for
// programs, pages for people, the cause for the log.
type Problems struct {
	log  *slog.Logger
	page ErrorPage
	now  func() time.Time
	said said
}

// NewProblems makes a Problems. Where Accept prefers HTML, page shows the refusal. now
// gives monotonic readings, as time.Now does.
func NewProblems(log *slog.Logger, page ErrorPage, now func() time.Time) *Problems {
	return &Problems{log: log, page: page, now: now}
}

// statusError is a fault with a status that its kind does not give.
type statusError struct {
	error
	status int
}

func refuse(status int, f *fault.Error) error { return statusError{f, status} }

// Unwrap lets errors.As find the fault.
func (e statusError) Unwrap() error { return e.error }

var errInternal = fault.New(fault.Internal, "internal",
	"Something went wrong here. Try again later; if it happens again, tell the operator the request's id.")

// errTooSlow: the time for a request was over, most often in the queue for the database.
var errTooSlow = fault.New(fault.Unavailable, "busy",
	"Too many requests are under way. Try again in a moment.").After(5 * time.Second)

// guard makes a handler of a function that may fail before it answers.
func (p *Problems) guard(f func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			p.Write(w, r, err)
		}
	})
}

// Write answers with an error, in the reader's language (RFC 9457 §3.1.3, §3.1.4).
// Of an error that is no fault, nothing is told but the request's id; its text goes
// to the log.
func (p *Problems) Write(w http.ResponseWriter, r *http.Request, err error) {
	f, shown := fault.Of(err)
	if !shown && errors.Is(err, context.DeadlineExceeded) {
		f, shown = errTooSlow.Because(err), true
	}
	if !shown || f.Kind == fault.Internal {
		f = errInternal
	}
	status := statusOf(f.Kind)
	if special := (statusError{}); errors.As(err, &special) {
		status = special.status
	}
	p.record(r, status, f, err)
	h := w.Header()
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	p.show(w, r, status, f)
}

// Front answers with a refusal of the front's own; it fits front.Options.
func (p *Problems) Front(w http.ResponseWriter, r *http.Request, q front.Problem) {
	p.show(w, r, q.Status, &fault.Error{Code: q.Code, Message: q.Detail})
}

func (p *Problems) show(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	if prefers(r, problemType, htmlType) == htmlType {
		p.page(w, r, status, f)
		return
	}
	lang := locale.Choose(r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	title, detail, lang := locale.Refusal(lang, f.Code, f.Message)
	body, err := json.Marshal(Problem{
		Type: "/problems/" + f.Code, Title: title, Status: status, Detail: detail,
		Code: f.Code, Field: optional(f.Field), RequestID: optional(front.RequestID(r.Context())),
	})
	if err != nil {
		panic(err) // strings and a number always encode
	}
	h.Set("Content-Type", problemType)
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language")
	writeBody(w, status, append(body, '\n'))
}

// record logs what the operator must look into: defects, and the causes behind
// refusals that are not the caller's doing. What keeps us from serving anybody, such
// as a database that is away, is said once a minute and not of each call.
func (p *Problems) record(r *http.Request, status int, f *fault.Error, err error) {
	level := slog.LevelError
	cause := err
	if f.Kind != fault.Internal {
		cause = errors.Unwrap(f)
		level = slog.LevelWarn
	}
	if cause == nil || status < http.StatusInternalServerError {
		return
	}
	if errors.Is(r.Context().Err(), context.Canceled) {
		level = slog.LevelInfo // nobody waits for the answer any more
	}
	if f.Kind == fault.Unavailable && level == slog.LevelWarn && !p.said.due(f.Code, p.now()) {
		return
	}
	p.log.LogAttrs(r.Context(), level, "refused", slog.String("code", f.Code),
		slog.String("request_id", front.RequestID(r.Context())), slog.String("cause", cause.Error()))
}

func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Upstream:
		return http.StatusBadGateway
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// wholeSeconds is the time that is left, for a Max-Age.
func wholeSeconds(d time.Duration) int { return max(0, int(d/time.Second)) }
