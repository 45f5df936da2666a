package safehttp

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// The bounds of every client.
const (
	connectTimeout = 5 * time.Second
	headerTimeout  = 10 * time.Second
	totalTimeout   = 30 * time.Second // redirects and body included
	maxHeaderBytes = 64 << 10
	maxRedirects   = 3
)

// Policy says how a client behaves. Its zero value is what a server uses, but
// for the name it gives itself.
type Policy struct {
	// UserAgent is sent with every request; see [UserAgent].
	UserAgent string
	// Resolver looks names up; the system's if nil. It cannot loosen anything:
	// addresses are checked when they are dialled.
	Resolver *net.Resolver

	// For the demo and for tests only:

	// AllowLoopback allows http, and any port, on loopback addresses and on
	// localhost and names below it, which are taken for 127.0.0.1 without DNS.
	AllowLoopback bool
	// AllowedPrefixes may be dialled, on any port, whatever they are.
	AllowedPrefixes []netip.Prefix
	// RootCAs replaces the system's.
	RootCAs *x509.CertPool
	// HostMap sends what goes to "host:port", in lower case, to "address:port"
	// instead.
	HostMap map[string]string
}

// UserAgent gives the name under which the issuer fetches.
func UserAgent(version, issuer string) string {
	return fmt.Sprintf("Cocarde/%s (+%s)", version, issuer)
}

// New makes a client. Its errors are faults of this package, except when the
// caller has cancelled. It follows at most three redirects, each checked
// as the first request; [SameHostRedirects] and [NoRedirects] allow less.
func New(p Policy) *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Client{
		CheckRedirect: checkRedirect,
		Transport: &guarded{
			policy: p,
			hosts:  newHosts(),
			next: &http.Transport{
				Proxy:                  nil, // never from the environment
				DialContext:            newDialer(p).dial,
				TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: p.RootCAs},
				TLSHandshakeTimeout:    connectTimeout,
				ResponseHeaderTimeout:  headerTimeout,
				IdleConnTimeout:        30 * time.Second,
				MaxIdleConns:           64,
				MaxIdleConnsPerHost:    2,
				MaxResponseHeaderBytes: maxHeaderBytes,
				Protocols:              &protocols,
			},
		},
	}
}
