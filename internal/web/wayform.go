package web

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/locale"
)

// maxForm bounds the forms of a few short fields, in bytes.
const maxForm = 8 << 10

var (
	errCrossOrigin = fault.New(fault.Forbidden, "cross_origin",
		"This was sent by a page of another site. Open the page here, and send it from there.")
	errFormTooLarge = fault.New(fault.TooLarge, "body_too_large",
		"The form is larger than is read here. Send less.")
	errFormUnreadable = fault.New(fault.Invalid, "body_unreadable",
		"The form could not be read to its end. Send it again.")
)

// sameOrigin refuses forms that another site's page sends.
func sameOrigin(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := protection.Check(r); err != nil {
			refuse(w, r, errCrossOrigin.Because(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readForm gives the fields that a form of ours sent.
func readForm(w http.ResponseWriter, r *http.Request, limit int64) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	err := r.ParseForm()
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, errFormTooLarge
	}
	if err != nil {
		return nil, errFormUnreadable.Because(err)
	}
	return r.PostForm, nil
}

// showForm shows a page that has a form. Without a referrer, browsers that lack
// Sec-Fetch-Site would send the form's origin as null.
func (s *Web) showForm(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	w.Header().Set("Referrer-Policy", "same-origin")
	return s.pages.show(w, r, status, name, data)
}

// redirect leads to another page of ours, in the language that the reader chose.
func (s *Web) redirect(w http.ResponseWriter, r *http.Request, path string) error {
	w.Header().Set("Location", s.pages.newPage(r, nil).Link(path))
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// mistake is a refusal that is shown where it can be mended: at the top of the
// page and beside the field that it is about.
type mistake struct {
	Field string // its id; empty if it is about no field
	Text  string
	Lang  string // of the text
	See   string // path of what it speaks of; empty for most

	code    string
	status  int
	minutes int // to wait before trying again; 0 where waiting does not help
}

// mistakeOf tells a refusal in the reader's language. An error that may not be
// shown comes back as it is.
func (s *Web) mistakeOf(r *http.Request, err error) (*mistake, error) {
	f, shown := fault.Of(err)
	if !shown || f.Kind == fault.Internal {
		return nil, err
	}
	m := mistake{Field: strings.TrimPrefix(f.Field, "/"), code: f.Code, status: http.StatusUnprocessableEntity}
	_, m.Text, m.Lang = locale.Refusal(s.pages.languageOf(r), f.Code, f.Message)
	if f.RetryAfter > 0 {
		m.minutes = int(math.Ceil(f.RetryAfter.Minutes()))
		wait, err := locale.Text(m.Lang, "form.wait", map[string]any{"Minutes": m.minutes})
		if err != nil {
			return nil, err
		}
		m.Text += " " + wait
	}
	switch f.Kind {
	case fault.Limited:
		m.status = http.StatusTooManyRequests
	case fault.Unavailable:
		m.status = http.StatusServiceUnavailable
	}
	return &m, nil
}

// about lets a refusal because of a badge lead to it.
func (m *mistake) about(handle string) *mistake {
	if m.code == "account_has_badge" {
		m.See = subject{handle: handle}.path("")
	}
	return m
}

// announce sets what the status line and the headers tell of a mistake.
func (m *mistake) announce(h http.Header) int {
	if m == nil {
		return http.StatusOK
	}
	if m.minutes > 0 {
		h.Set("Retry-After", strconv.Itoa(m.minutes*60))
	}
	return m.status
}

// At says whether the mistake is about a field.
func (m *mistake) At(field string) bool { return m != nil && m.Field == field }

// Of is the mistake if it is about a field.
func (m *mistake) Of(field string) *mistake {
	if m.At(field) {
		return m
	}
	return nil
}
