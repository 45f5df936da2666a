package snac

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
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

// front ends TLS for a host and hands its requests to a socket.
type front struct {
	addr   string
	roots  *x509.CertPool
	server *http.Server
	served chan struct{}
}

func newFront(host, socket string) (*front, error) {
	cert, roots, err := certify(host)
	if err != nil {
		return nil, err
	}
	l, err := tls.Listen("tcp", listenAt, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	quiet := log.New(io.Discard, "", 0)
	f := &front{addr: l.Addr().String(), roots: roots, served: make(chan struct{}), server: &http.Server{
		Handler: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.Out.URL.Scheme, r.Out.URL.Host = "http", host
				r.Out.Host = r.In.Host
			},
			Transport: &http.Transport{
				DisableKeepAlives: true,
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					var d net.Dialer
					return d.DialContext(ctx, "unix", socket)
				},
			},
			ErrorLog: quiet,
		},
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          quiet,
	}}
	go func() {
		defer close(f.served)
		f.server.Serve(l) // returns at close
	}()
	return f, nil
}

func (f *front) close() error {
	err := f.server.Close()
	<-f.served
	return err
}

// certify makes an authority, and a certificate of its for a host.
func certify(host string) (tls.Certificate, *x509.CertPool, error) {
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
	trusted, err := x509.ParseCertificate(caDER)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(trusted)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots, nil
}
