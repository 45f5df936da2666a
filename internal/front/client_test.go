package front

import (
	"net/http/httptest"
	"testing"
)

func TestClientKey(t *testing.T) {
	t.Parallel()
	h, _ := newTestFront(t)
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "192.0.2.1:1", nil, "192.0.2.1"},
		{"IPv6 counts by its /64", "[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2::/64"},
		{"mapped", "[::ffff:192.0.2.1]:1", nil, "192.0.2.1"},
		{"zone", "[fe80::1%eth0]:1", nil, "fe80::/64"},
		{"no proxy is trusted there", "192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"},
		{"proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"IPv6 proxy, IPv6 client", "[fd00::1]:1", []string{"2001:db8::5"}, "2001:db8::/64"},
		{"forged to the left", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"two header lines", "10.0.0.1:1", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		{"a forged trusted hop", "10.0.0.1:1", []string{"10.9.9.9, 198.51.100.1"}, "198.51.100.1"},
		{"all trusted", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"with a port", "10.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"with brackets", "10.0.0.1:1", []string{"[2001:db8::5]"}, "2001:db8::/64"},
		{"brackets and port", "10.0.0.1:1", []string{"[2001:db8::5]:80"}, "2001:db8::/64"},
		{"garbage", "10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"garbage behind a proxy", "10.0.0.1:1", []string{"x, 10.0.0.2"}, "10.0.0.2"},
		{"empty", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"proxy without the header", "10.0.0.1:1", nil, "10.0.0.1"},
		{"no address", "@", nil, unknownClient},
	} {
		r := httptest.NewRequest("GET", "/key", nil)
		r.RemoteAddr = c.remote
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Body.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzClientKey(f *testing.F) {
	f.Add("10.0.0.1:1", "198.51.100.1, [::1]:2, x")
	f.Add("[fd00::1]:1", ",,,")
	trusted := testOptions(nil).TrustedProxies
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", forwarded)
		addr, ok := clientAddr(r, trusted)
		if ok && (!addr.IsValid() || addr.Is4In6() || addr.Zone() != "") {
			t.Errorf("address %v", addr)
		}
	})
}
