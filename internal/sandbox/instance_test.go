package sandbox

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestHostDecides(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	req := newGet(t, i.BaseURL()+"/@marie", "")
	req.Host = "127.0.0.1"
	if a := do(t, req); a.status != http.StatusForbidden {
		t.Errorf("another host: %d", a.status)
	}
}

func TestBehindTLSUnderAnotherName(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := testTLS(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i, marie := newTestInstance(t, InstanceOptions{
		Listener: tls.NewListener(listener, serverTLS), BaseURL: "https://example.com/", LocalDomain: "handles.example",
	})
	if marie.Handle() != "@marie@handles.example" || marie.URL() != "https://example.com/@marie" {
		t.Errorf("%s %s", marie.Handle(), marie.URL())
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: clientTLS,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listener.Addr().String())
		},
	}}
	resp, err := client.Get(i.BaseURL() + "/@marie")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%d", resp.StatusCode)
	}
	for _, base := range []string{"social.localhost", "https://a.test/path", "https://u@a.test", "http://[::"} {
		if _, err := StartInstance(InstanceOptions{BaseURL: base}); err == nil {
			t.Errorf("%q is taken as an origin", base)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	huge := strings.Repeat("x", maxBody+1)
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "client_name=" + huge,
		"application/json":                  `{"client_name":"` + huge + `"}`,
	} {
		for _, path := range []string{"/api/v1/apps", "/oauth/authorize", "/oauth/token", "/oauth/revoke"} {
			if a := postBody(t, i.BaseURL()+path, contentType, body); a.status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s to %s: %d", contentType, path, a.status)
			}
		}
	}
	if a := postBody(t, i.BaseURL()+"/api/v1/apps", "application/json", `{"client_name":`); a.status != 400 {
		t.Errorf("broken JSON: %d", a.status)
	}
}

func TestInstanceDescriptions(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	for path, name := range map[string]string{"/api/v1/instance": "uri", "/api/v2/instance": "domain"} {
		doc := decode[map[string]any](t, get(t, i.BaseURL()+path, ""))
		if doc[name] != i.LocalDomain() || doc["version"] != "4.6.0" {
			t.Errorf("%s: %v", path, doc)
		}
	}
}

func TestLoopbackClientStaysHere(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://192.0.2.1/", "http://cocarde.example/", "http://localhost.example/", "http://[2001:db8::1]/"} {
		if resp, err := LoopbackClient().Get(address); err == nil {
			resp.Body.Close()
			t.Errorf("%s was reached", address)
		}
	}
}
