package safehttp

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foxcpp/go-mockdns"
)

func TestRefusedURLs(t *testing.T) {
	t.Parallel()
	c := New(Policy{UserAgent: "test"})
	for _, url := range []string{
		"http://8.8.8.8/",          // not https
		"ftp://8.8.8.8/",           //
		"https://8.8.8.8:8443/",    // another port
		"https://8.8.8.8:80/",      //
		"https://a:b@8.8.8.8/",     // a user
		"https://127.0.0.1/",       // loopback
		"https://127.9.9.9/",       //
		"https://[::1]/",           //
		"https://localhost/",       //
		"https://x.LocalHost./",    //
		"https://0.0.0.0/",         // this host
		"https://[::]/",            //
		"https://10.0.0.1/",        // private
		"https://172.16.3.4/",      //
		"https://192.168.1.1/",     //
		"https://[fc00::1]/",       //
		"https://169.254.169.254/", // link-local: cloud metadata
		"https://[fe80::1]/",       //
		"https://[fe80::1%25lo]/",  //
		"https://100.64.0.1/",      // CGNAT
		"https://224.0.0.1/",       // multicast
		"https://[ff02::1]/",       //
		"https://255.255.255.255/", // broadcast
		"https://192.0.2.1/",       // documentation
		"https://[2001:db8::1]/",   //
		"https://198.18.0.1/",      // benchmarking
		"https://[::ffff:127.0.0.1]/",
		"https://[::ffff:8.8.8.8]/",    // IPv4-mapped, be it public
		"https://[64:ff9b::7f00:1]/",   // NAT64
		"https://[64:ff9b:1::7f00:1]/", //
		"https://[2002:7f00:1::]/",     // 6to4
		"https://[2001::7f00:1]/",      // Teredo
		"https://2130706433/",          // 127.0.0.1, decimal
		"https://0x7f000001/",          // hexadecimal
		"https://0x7f.1/",              //
		"https://127.1/",               // short
		"https://0177.0.0.1/",          // octal
		"https://example.0x/",          // ends in a number, by the URL standard
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			_, err := get(c, url, 10)
			wantFault(t, err, ErrAddressRefused)
		})
	}
}

// resolver serves zones over real DNS on loopback.
func resolver(t *testing.T, zones map[string]mockdns.Zone) (*mockdns.Server, *net.Resolver) {
	t.Helper()
	s, err := mockdns.NewServerWithLogger(zones, log.New(io.Discard, "", 0), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, s.NewResolver()
}

func TestNamesOfPrivateAddresses(t *testing.T) {
	t.Parallel()
	_, r := resolver(t, map[string]mockdns.Zone{
		"loopback.example.":  {A: []string{"127.0.0.1"}},
		"loopback6.example.": {AAAA: []string{"::1"}},
		"private.example.":   {A: []string{"10.0.0.1", "192.168.0.1"}},
		"alias.example.":     {CNAME: "loopback.example."},
	})
	for _, p := range []Policy{{Resolver: r}, {Resolver: r, AllowLoopback: true}} {
		c := New(p)
		for _, name := range []string{"loopback.example", "loopback6.example", "private.example", "alias.example"} {
			_, err := get(c, "https://"+name+"/", 10)
			wantFault(t, err, ErrAddressRefused)
		}
		_, err := get(c, "https://absent.example/", 10)
		wantFault(t, err, ErrUnreachable)
	}
}

// A name that was harmless when it was looked up first, and is not the second
// time: the address that is dialled is what counts.
func TestRebinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "rebind.example")
	good := listen(t, "127.0.0.2:0")
	_, port, _ := net.SplitHostPort(good.Addr().String())
	var inside atomic.Int32
	w.start(t, listen(t, "127.0.0.1:"+port), func(http.ResponseWriter, *http.Request) { inside.Add(1) })
	w.start(t, good, func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("outside")) })

	dns, r := resolver(t, map[string]mockdns.Zone{"rebind.example.": {A: []string{"127.0.0.2"}}})
	w.policy.Resolver = r
	w.policy.AllowedPrefixes = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
	c := w.client(t)
	url := "https://rebind.example:" + port + "/"
	if body, err := get(c, url, 10); err != nil || body != "outside" {
		t.Fatalf("before: %q, %v", body, err)
	}
	dns.RemoveRR("rebind.example", mockdns.RRTypeA)
	if err := dns.AppendRR("rebind.example", mockdns.RRTypeA, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	c.CloseIdleConnections()
	_, err := get(c, url, 10)
	wantFault(t, err, ErrAddressRefused)
	if inside.Load() != 0 {
		t.Error("the inside was reached")
	}
}

func TestAllowLoopback(t *testing.T) {
	t.Parallel()
	var host atomic.Value
	s := newPlainServer(t, func(w http.ResponseWriter, r *http.Request) {
		host.Store(r.Host)
		if r.URL.Path == "/inside" {
			http.Redirect(w, r, "https://10.0.0.1/", http.StatusFound)
		}
	})
	_, port, _ := net.SplitHostPort(s)
	c := New(Policy{AllowLoopback: true})
	t.Cleanup(c.CloseIdleConnections)
	for _, name := range []string{"127.0.0.1", "localhost", "social.localhost", "Social.Localhost"} {
		if _, err := get(c, "http://"+name+":"+port+"/", 10); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := host.Load(); got != name+":"+port {
			t.Errorf("Host %s, want %s", got, name)
		}
	}
	for _, url := range []string{"http://8.8.8.8/", "http://social.example/", "https://10.0.0.1/",
		"http://social.localhost:" + port + "/inside", "http://localhost.example:" + port + "/"} {
		_, err := get(c, url, 10)
		wantFault(t, err, ErrAddressRefused)
	}
}

// A proxy named in the environment would connect where we must not.
func TestNoProxyFromTheEnvironment(t *testing.T) {
	var asked atomic.Int32
	proxy := newPlainServer(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://"+proxy)
	}
	w := newWorld(t, "social.example")
	w.serve(t, "social.example", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("direct")) })
	body, err := get(w.client(t), "https://social.example/", 10)
	if err != nil || body != "direct" || asked.Load() != 0 {
		t.Errorf("%q, %v; the proxy was asked %d times", body, err, asked.Load())
	}
}

func FuzzDisguised(f *testing.F) {
	for _, s := range []string{"127.0.0.1", "2130706433", "0x7f.1", "a.example", "::ffff:1.2.3.4", "1.2.3.4.", "", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if disguised(host) {
			return
		}
		// What remains is an address as it is written, or a name that no
		// resolver takes for one.
		if _, err := netip.ParseAddr(host); err == nil {
			return
		}
		last := strings.TrimSuffix(host, ".")
		last = last[strings.LastIndexByte(last, '.')+1:]
		if last == "" || strings.Trim(last, "0123456789") == "" {
			t.Errorf("%q ends in a number", host)
		}
	})
}
