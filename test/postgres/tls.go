package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"
)

const (
	certFile = "server.crt"
	keyFile  = "server.key"
)

// AuthorityFile is the path of the certificate, as PEM, that vouches for a server
// with ssl=on: its own, for nothing else trusts it. The URLs name it (sslrootcert).
func (s *Server) AuthorityFile() string { return s.file(certFile) }

// certify makes the server's key and its certificate, which holds for a day.
func (s *Server) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "PostgreSQL of a test"},
		IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := s.writePEM(certFile, "CERTIFICATE", cert); err != nil {
		return err
	}
	return s.writePEM(keyFile, "PRIVATE KEY", private)
}

func (s *Server) writePEM(name, kind string, der []byte) error {
	block := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(s.file(name), block, 0o600); err != nil {
		return err
	}
	return s.give(s.file(name))
}
