package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"cocarde.example/internal/fault"
)

// none is the body of a call or an answer that has none.
type none struct{}

// answer is what a handler gives: its body is encoded unless the status is 204.
type answer[Resp any] struct {
	status int
	header http.Header // nil: nothing besides Content-Type
	body   Resp
}

func ok[Resp any](body Resp) answer[Resp] {
	return answer[Resp]{status: http.StatusOK, body: body}
}

// maxBody bounds the bodies of all calls but verify, in bytes.
const maxBody = 8 << 10

// handle is the one way from HTTP to a function and back. Calls that may have a
// body are POST; whether they need one is seen from Req.
func handle[Req, Resp any](p *Problems, limit int64, f func(r *http.Request, body Req) (answer[Resp], error)) http.Handler {
	return p.guard(func(w http.ResponseWriter, r *http.Request) error {
		var body Req
		if r.Method == http.MethodPost {
			if err := readBody(w, r, limit, &body); err != nil {
				return err
			}
		}
		a, err := f(r, body)
		if err != nil {
			return err
		}
		return writeJSON(w, a.status, a.header, a.body)
	})
}

var (
	errBodyMissing = fault.New(fault.Invalid, "body_missing",
		"The body is empty. Send a JSON object.")
	errBodyTooLarge = fault.New(fault.TooLarge, "body_too_large",
		"The body is larger than is read here. Send less.")
	errMediaType = refuse(http.StatusUnsupportedMediaType, fault.New(fault.Invalid, "media_type_unsupported",
		"The body must be JSON in UTF-8. Send it with Content-Type: application/json."))
)

func readBody[Req any](w http.ResponseWriter, r *http.Request, limit int64, into *Req) error {
	text, err := readAll(w, r, limit)
	if err != nil {
		return err
	}
	if len(text) == 0 {
		if _, optional := any(into).(*none); optional {
			return nil
		}
		return errBodyMissing
	}
	if !isJSON(r.Header["Content-Type"]) {
		return errMediaType
	}
	return decode(text, into)
}

// readAll reads the body into one buffer of the announced length.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errBodyTooLarge
	}
	var text bytes.Buffer
	if r.ContentLength > 0 {
		text.Grow(int(r.ContentLength) + bytes.MinRead) // so that ReadFrom never grows it
	}
	_, err := text.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, errBodyTooLarge
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "body_unreadable",
			"The body could not be read to its end. Send it again.").Because(err)
	}
	return text.Bytes(), nil
}

func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	if contentType[0] == "application/json" {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType[0])
	if err != nil || media != "application/json" {
		return false
	}
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}

var jsonType = []string{"application/json"}

func writeJSON(w http.ResponseWriter, status int, header http.Header, body any) error {
	h := w.Header()
	for name, values := range header {
		h[name] = values
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return nil
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // URLs hold &
	if err := e.Encode(body); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h["Content-Type"] = jsonType
	writeBody(w, status, text.Bytes())
	return nil
}

// writeBody gives the length, so that HEAD has it too. A client that has gone
// away is no concern of ours.
func writeBody(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// drain reads a body that is not looked at, up to the limit.
func drain(w http.ResponseWriter, r *http.Request, limit int64) error {
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errBodyTooLarge
	}
	return nil
}
