package store

import (
	"net/url"
	"testing"
	"time"
)

// A server that falls silent is given up a little after it should have ended a
// statement by itself, whatever the URL lets a statement take.
func TestPatience(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]time.Duration{
		"": 8 * time.Second, "9s": 11 * time.Second, "3000": 5 * time.Second, "500ms": 2500 * time.Millisecond,
		"2 min": 122 * time.Second, "1h": time.Hour + 2*time.Second, "0": 0,
		"soon": 8 * time.Second, "-5s": 8 * time.Second, "7 weeks": 8 * time.Second, "99999999999999999999": 8 * time.Second,
	} {
		if got := patience("postgres://u@127.0.0.1/d?statement_timeout=" + url.QueryEscape(setting)); got != want {
			t.Errorf("%q: %v, want %v", setting, got, want)
		}
	}
	if got := patience("postgres://%zz"); got != 8*time.Second {
		t.Errorf("a URL that cannot be read: %v", got)
	}
}
