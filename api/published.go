package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cocarde.example/internal/fault"
)

// published serves what was signed once and stored.
type published struct {
	artefacts Artefacts
	contract  Artefact
}

func contractArtefact(body []byte) Artefact {
	sum := sha256.Sum256(body)
	return Artefact{
		Body: body, ContentType: "application/yaml",
		ETag: `"` + hex.EncodeToString(sum[:16]) + `"`, MaxAge: time.Hour,
	}
}

func (p published) openAPI(w http.ResponseWriter, r *http.Request) error {
	serve(w, r, p.contract)
	return nil
}

// byPath serves the artefact of the request's own path.
func (p published) byPath(w http.ResponseWriter, r *http.Request) error {
	return p.serve(w, r, r.URL.Path)
}

var errStatusTime = refuse(http.StatusNotImplemented, fault.New(fault.Invalid, "status_time_unsupported",
	"Status lists of other times are not kept here. Ask without time."))

func (p published) statusList(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has("time") {
		return errStatusTime
	}
	return p.byPath(w, r)
}

var errResource = fault.New(fault.Invalid, "resource_missing",
	"Say once which resource you look for: ?resource=acct:user@host.").At("/resource")

const maxResource = 512

func (p published) webFinger(w http.ResponseWriter, r *http.Request) error {
	resources := r.URL.Query()["resource"]
	if len(resources) != 1 || resources[0] == "" || len(resources[0]) > maxResource {
		return errResource
	}
	return p.serve(w, r, r.URL.Path+"?resource="+resources[0])
}

func (p published) serve(w http.ResponseWriter, r *http.Request, path string) error {
	a, found, err := p.artefacts.Artefact(r.Context(), path)
	if err != nil {
		return fmt.Errorf("find artefact: %w", err)
	}
	if !found {
		return errNotFound
	}
	serve(w, r, a)
	return nil
}

func serve(w http.ResponseWriter, r *http.Request, a Artefact) {
	h := w.Header()
	h["Cache-Control"] = []string{"public, max-age=" + strconv.Itoa(wholeSeconds(a.MaxAge))}
	h["Etag"] = []string{a.ETag}
	if matches(r.Header["If-None-Match"], a.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = []string{a.ContentType}
	writeBody(w, http.StatusOK, a.Body)
}

// matches compares weakly, as If-None-Match asks (RFC 9110 §13.1.2).
func matches(ifNoneMatch []string, etag string) bool {
	for _, line := range ifNoneMatch {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}
