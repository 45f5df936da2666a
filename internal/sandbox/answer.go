package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Media types of the fediverse.
const (
	activityJSON = "application/activity+json"
	activityLD   = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`
)

// writeJSON answers with a value as JSON.
func writeJSON(w http.ResponseWriter, status int, contentType string, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType+"; charset=utf-8")
	w.WriteHeader(status)
	w.Write(body)
}

// writeError answers as Mastodon's API does.
func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, "application/json", map[string]string{"error": message})
}

func notFound(w http.ResponseWriter) {
	writeError(w, http.StatusNotFound, "Record not found")
}

// readParams reads a form or a JSON object. A JSON array comes under its name
// with [] appended, as an array in a form does. It answers the request itself
// when it returns false.
func readParams(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	var values url.Values
	var err error
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType == "application/json" {
		values, err = readJSON(r)
	} else {
		err = r.ParseForm()
		values = r.PostForm
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		writeError(w, http.StatusRequestEntityTooLarge, "Request body is too large")
	case err != nil:
		writeError(w, http.StatusBadRequest, "There was a problem in the parameters you submitted")
	}
	return values, err == nil
}

func readJSON(r *http.Request) (url.Values, error) {
	var object map[string]any
	if err := json.NewDecoder(r.Body).Decode(&object); err != nil {
		return nil, err
	}
	values := url.Values{}
	for name, value := range object {
		flatten(values, name, value)
	}
	return values, nil
}

// flatten writes a JSON value under the names that a form would give it: a
// list of texts as name[], objects as name[key] and name[index][key].
func flatten(values url.Values, name string, value any) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for key, item := range v {
			flatten(values, name+"["+key+"]", item)
		}
	case []any:
		for n, item := range v {
			if _, ok := item.(map[string]any); ok {
				flatten(values, name+"["+strconv.Itoa(n)+"]", item)
			} else {
				values.Add(name+"[]", fmt.Sprint(item))
			}
		}
	default:
		values.Set(name, fmt.Sprint(v))
	}
}

// repeated tells whether a parameter was given more than once, which OAuth
// forbids (RFC 6749 section 3.1).
func repeated(values url.Values) bool {
	for _, v := range values {
		if len(v) > 1 {
			return true
		}
	}
	return false
}

// jsonTypes and htmlTypes are what Mastodon takes for a wish for JSON and for a page.
var (
	jsonTypes = []string{"application/json", activityJSON, "application/ld+json", "application/jrd+json"}
	htmlTypes = []string{"text/html", "application/xhtml+xml", "text/*", "*/*"}
)

// negotiate says which of "json" and "html" an Accept header prefers, "" when
// it takes neither. Without a header anything goes, and that is a page.
func negotiate(header http.Header) string {
	accept := strings.Join(header.Values("Accept"), ",")
	if accept == "" {
		return "html"
	}
	best, bestQ := "", 0.0
	for item := range strings.SplitSeq(accept, ",") {
		mediaType, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			q, _ = strconv.ParseFloat(text, 64)
		}
		if q <= bestQ {
			continue
		}
		switch {
		case slices.Contains(jsonTypes, mediaType):
			best, bestQ = "json", q
		case slices.Contains(htmlTypes, mediaType):
			best, bestQ = "html", q
		}
	}
	return best
}
