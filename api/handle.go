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
	"sync"

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
	scratch := takeScratch()
	defer scratch.giveBack()
	if err := readAll(w, r, limit, &scratch.Buffer); err != nil {
		return err
	}
	if scratch.Len() == 0 {
		if _, optional := any(into).(*none); optional {
			return nil
		}
		return errBodyMissing
	}
	if !isJSON(r.Header["Content-Type"]) {
		return errMediaType
	}
	return decode(scratch.Bytes(), into) // copies what it keeps
}

func readAll(w http.ResponseWriter, r *http.Request, limit int64, into *bytes.Buffer) error {
	if r.ContentLength > limit {
		return errBodyTooLarge
	}
	_, err := into.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errBodyTooLarge
	}
	if err != nil {
		return fault.New(fault.Invalid, "body_unreadable",
			"The body could not be read to its end. Send it again.").Because(err)
	}
	return nil
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

// appender is a body that writes its own JSON.
type appender interface{ appendJSON([]byte) []byte }

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
	scratch := takeScratch()
	defer scratch.giveBack()
	if own, ok := body.(appender); ok {
		_, _ = scratch.Write(own.appendJSON(scratch.AvailableBuffer())) // to a buffer it never fails
	} else if err := scratch.encoder.Encode(body); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h["Content-Type"] = jsonType
	writeBody(w, status, scratch.Bytes())
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

// scratch is a buffer for a body, with an encoder that writes to it. Buffers are
// used again: they would make up most of what a call of verify allocates.
type scratch struct {
	bytes.Buffer
	encoder *json.Encoder
}

var scratches = sync.Pool{New: func() any {
	s := &scratch{}
	s.encoder = json.NewEncoder(&s.Buffer)
	s.encoder.SetEscapeHTML(false) // URLs hold &
	return s
}}

func takeScratch() *scratch { return scratches.Get().(*scratch) }

// maxScratch is the size, in bytes, up to which a buffer is kept.
const maxScratch = 128 << 10

func (s *scratch) giveBack() {
	if s.Cap() > maxScratch {
		return
	}
	s.Reset()
	scratches.Put(s)
}
