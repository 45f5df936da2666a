package years

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// answer is what came back.
type answer struct {
	what   string
	status int
	header http.Header
	text   string
}

// ask sends a request; headers are "Name: value".
func (w *world) ask(method, path, body string, headers ...string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, origin+strings.TrimPrefix(path, origin), strings.NewReader(body))
	must(w.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := w.client.Do(r)
	must(w.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(w.t, err)
	return answer{method + " " + path, resp.StatusCode, resp.Header, string(text)}
}

// get asks for what must be there.
func (w *world) get(path string) string {
	w.t.Helper()
	return w.wanted(w.ask(http.MethodGet, path, ""), http.StatusOK).text
}

func (w *world) wanted(a answer, status int) answer {
	w.t.Helper()
	if a.status != status {
		w.t.Fatalf("%v: %s: %d, want %d: %.300s", w.now(), a.what, a.status, status, a.text)
	}
	return a
}

// refused fails unless the answer is this refusal.
func (w *world) refused(a answer, code string) {
	w.t.Helper()
	var p struct{ Code string }
	if json.Unmarshal([]byte(a.text), &p); p.Code != code {
		w.t.Fatalf("%v: %s: %d %s, want %s", w.now(), a.what, a.status, p.Code, code)
	}
}

func (w *world) decode(text string, into any) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		w.t.Fatalf("%v: %v: %.300s", w.now(), err, text)
	}
}
