package sandbox

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// clockSkew is how far a signed Date may be from now.
const clockSkew = time.Hour

var errUnsigned = errors.New("request not signed")

// signatures verifies signed requests (draft-cavage-http-signatures-12) and
// keeps the keys of those who signed: another key under the same keyId is
// refused, as by servers that have stored the first one.
type signatures struct {
	client *http.Client
	now    func() time.Time

	mu   sync.Mutex
	keys map[string]*rsa.PublicKey // by keyId
}

func newSignatures(client *http.Client, now func() time.Time) *signatures {
	return &signatures{client: client, now: now, keys: map[string]*rsa.PublicKey{}}
}

// verify checks the signature of a GET. The error's text is what the caller is told.
func (s *signatures) verify(r *http.Request) error {
	values := r.Header.Values("Signature")
	if len(values) == 0 {
		return errUnsigned
	}
	if len(values) > 1 {
		return errors.New("more than one Signature header")
	}
	p, err := parseSignature(values[0])
	if err != nil {
		return err
	}
	if err := s.checkDate(r); err != nil {
		return err
	}
	key, err := s.key(r.Context(), p.keyID)
	if err != nil {
		return fmt.Errorf("public key not found for %s: %w", p.keyID, err)
	}
	digest := sha256.Sum256([]byte(signingString(r, p.headers)))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], p.signature); err != nil {
		return fmt.Errorf("verification failed for %s", p.keyID)
	}
	return nil
}

func (s *signatures) checkDate(r *http.Request) error {
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return errors.New("invalid Date header")
	}
	if age := s.now().Sub(date); age > clockSkew || age < -clockSkew {
		return errors.New("signed request date outside acceptable time window")
	}
	return nil
}

// key gives the key of a keyId, from memory or from its owner.
func (s *signatures) key(ctx context.Context, keyID string) (*rsa.PublicKey, error) {
	s.mu.Lock()
	key := s.keys[keyID]
	s.mu.Unlock()
	if key != nil {
		return key, nil
	}
	key, err := fetchKey(ctx, s.client, keyID)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys[keyID]; known != nil {
		return known, nil
	}
	s.keys[keyID] = key
	return key, nil
}

type signatureParams struct {
	keyID     string
	headers   []string
	signature []byte
}

var signatureParam = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*([A-Za-z]+)="([^"]*)"\s*$`)
})

// signedHeaders must be covered by every signature of a GET.
var signedHeaders = []string{"(request-target)", "host", "date"}

func parseSignature(header string) (signatureParams, error) {
	params := map[string]string{}
	for item := range strings.SplitSeq(header, ",") {
		m := signatureParam().FindStringSubmatch(item)
		if m == nil {
			return signatureParams{}, errors.New("error parsing signature parameters")
		}
		if _, twice := params[m[1]]; twice {
			return signatureParams{}, errors.New("a signature parameter is given twice")
		}
		params[m[1]] = m[2]
	}
	if params["keyId"] == "" || params["signature"] == "" {
		return signatureParams{}, errors.New("incompatible request signature. keyId and signature are required")
	}
	if params["algorithm"] != "rsa-sha256" {
		return signatureParams{}, errors.New("unsupported signature algorithm (only rsa-sha256 is supported)")
	}
	headers := strings.Fields(params["headers"])
	for _, name := range signedHeaders {
		if !slices.Contains(headers, name) {
			return signatureParams{}, fmt.Errorf("the %s header is required to be signed", name)
		}
	}
	signature, err := base64.StdEncoding.DecodeString(params["signature"])
	if err != nil {
		return signatureParams{}, errors.New("the signature is not base64")
	}
	return signatureParams{params["keyId"], headers, signature}, nil
}

// signingString is section 2.3 of the draft.
func signingString(r *http.Request, headers []string) string {
	lines := make([]string, len(headers))
	for n, name := range headers {
		value := strings.Join(r.Header.Values(name), ", ")
		switch name {
		case "(request-target)":
			value = strings.ToLower(r.Method) + " " + r.URL.RequestURI()
		case "host": // net/http keeps it apart
			value = r.Host
		}
		lines[n] = name + ": " + value
	}
	return strings.Join(lines, "\n")
}
