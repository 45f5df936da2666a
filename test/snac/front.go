package snac

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"time"
)

// listenAt is an address of its own on loopback, so that nothing that is meant
// for another server of the machine arrives here.
const listenAt = "127.0.0.77:0"

// Front ends TLS for a host, under an authority of its own.
type Front struct {
	Addr      string         // address and port
	Roots     *x509.CertPool // trusts the front
	Authority []byte         // the authority's certificate, as PEM

	server *http.Server
	served chan struct{}
}

// StartFront listens at an address, for a host.
func StartFront(listen, host string, handler http.Handler) (*Front, error) {
	cert, authority, err := certify(host)
	if err != nil {
		return nil, err
	}
	l, err := tls.Listen("tcp", listen, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	f := &Front{
		Addr: l.Addr().String(), Roots: x509.NewCertPool(), Authority: authority, served: make(chan struct{}),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ErrorLog: quiet},
	}
	f.Roots.AppendCertsFromPEM(authority)
	go func() {
		defer close(f.served)
		f.server.Serve(l) // returns at Close
	}()
	return f, nil
}

var quiet = log.New(io.Discard, "", 0)

// Behind hands every request, with the host that it names, to the server at an
// address ("tcp" or "unix").
func Behind(network, address string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", "behind", r.In.Host
		},
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, network, address)
			},
		},
		ErrorLog: quiet,
	}
}

// Close stops the front.
func (f *Front) Close() error {
	err := f.server.Close()
	<-f.served
	return err
}

// certify makes a certificate for a host, and gives its authority's as PEM.
func certify(host string) (tls.Certificate, []byte, error) {
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &authority.PublicKey, authority)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, authority)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), nil
}
