package chain

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"cocarde.example/test/postgres"
)

// TestMain runs the tests, ends the issuer that they share, and then looks at what
// all of them left behind: lines in the log, and goroutines.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // they wait more than they work
		panic(err)
	}
	code := postgres.Tests{M: m}.Run()
	if err := stopShared(); err != nil {
		fmt.Println("FAIL: the shared issuer does not stop cleanly:", err)
		code = 1
	}
	direct.CloseIdleConnections()
	if found := journal.leaks(); len(found) > 0 {
		fmt.Printf("FAIL: the log holds what it must not:\n%s\n", strings.Join(found, "\n"))
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println("FAIL: goroutines are left after shutdown:", err)
		code = 1
	}
	os.Exit(code)
}

// journal takes the log of every issuer of every test, debug lines too, and knows
// every secret that was used.
var journal = &record{}

type record struct {
	mu      sync.Mutex
	text    bytes.Buffer
	secrets []secret
}

type secret struct{ kind, text string }

// Write implements io.Writer.
func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// logger writes into the record, without the clock: its digits are no codes.
func (r *record) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "duration" {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// hide remembers something that no log line may hold.
func (r *record) hide(kind, text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text != "" {
		r.secrets = append(r.secrets, secret{kind, text})
	}
	return text
}

// query finds the query string of a URL.
var query = regexp.MustCompile(`[a-z0-9/._-]\?[A-Za-z_]+=`)

// leaks names the log lines that hold a secret or a query string.
func (r *record) leaks() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []string
	lines := strings.Split(r.text.String(), "\n")
	for _, line := range lines {
		if query.MatchString(line) {
			found = append(found, "query string: "+line)
		}
	}
	for _, s := range r.secrets {
		// A code is short: only as a word of its own is it more than chance.
		word := regexp.MustCompile(`(?i)(^|[^0-9A-Za-z])` + regexp.QuoteMeta(s.text) + `($|[^0-9A-Za-z])`)
		if !strings.Contains(strings.ToLower(r.text.String()), strings.ToLower(s.text)) {
			continue
		}
		for _, line := range lines {
			if word.MatchString(line) {
				found = append(found, s.kind+": "+line)
			}
		}
	}
	return found
}

func TestTheRecordFindsWhatMustNotBeLogged(t *testing.T) {
	t.Parallel()
	r := &record{}
	r.hide("mailbox", "marie@culture.gouv.fr")
	r.hide("code", "12345678")
	log := r.logger()
	log.Info("request", slog.String("request_id", "a12345678b"))
	if found := r.leaks(); len(found) != 0 {
		t.Errorf("found %q where nothing leaks", found)
	}
	log.Debug("to Marie@culture.gouv.fr")
	log.Warn("get http://social.example/cb?state=x")
	log.Error("typed", slog.String("code", "12345678"))
	if found := r.leaks(); len(found) != 3 {
		t.Errorf("found %d leaks, want 3: %q", len(found), found)
	}
}
