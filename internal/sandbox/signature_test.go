package sandbox

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// signingActor is a server with one actor; a test may spoil what it shows.
type signingActor struct {
	id          string
	doc         map[string]any
	contentType string
	self        string
}

func newSigningActor(t *testing.T) *signingActor {
	t.Helper()
	s := &signingActor{contentType: activityJSON}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/actor":
			w.Header().Set("Content-Type", s.contentType)
			json.NewEncoder(w).Encode(s.doc)
		case "/.well-known/webfinger":
			resource := r.URL.Query().Get("resource")
			if resource != "acct:cocarde@"+r.Host {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/jrd+json")
			json.NewEncoder(w).Encode(jrd{Subject: resource, Links: []jrdLink{{Rel: "self", Type: activityJSON, Href: s.self}}})
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.id = server.URL + "/actor"
	s.self = s.id
	s.doc = map[string]any{
		"id": s.id, "type": "Application", "inbox": s.id + "/inbox", "preferredUsername": "cocarde",
		"publicKey": publicKey{ID: s.id + "#main-key", Owner: s.id, PEM: publicPEM(t, &testKey().PublicKey)},
	}
	return s
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// sign signs a GET as the draft says.
func (s *signingActor) sign(t *testing.T, req *http.Request, date time.Time, headers string) {
	t.Helper()
	req.Header.Set("Date", date.UTC().Format(http.TimeFormat))
	req.Header.Set("Signature", signature(t, s.id+"#main-key", "rsa-sha256", headers, signed(req, headers)))
}

func signed(req *http.Request, headers string) string {
	values := map[string]string{
		"(request-target)": "get " + req.URL.RequestURI(), "host": req.URL.Host, "date": req.Header.Get("Date"),
	}
	var lines []string
	for name := range strings.FieldsSeq(headers) {
		lines = append(lines, name+": "+values[name])
	}
	return strings.Join(lines, "\n")
}

func signature(t *testing.T, keyID, algorithm, headers, text string) string {
	t.Helper()
	digest := sha256.Sum256([]byte(text))
	value, err := rsa.SignPKCS1v15(rand.Reader, testKey(), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`keyId="%s",algorithm="%s",headers="%s",signature="%s"`,
		keyID, algorithm, headers, base64.StdEncoding.EncodeToString(value))
}

const covered = "(request-target) host date"

func TestSecureMode(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	i.SetSecureMode(true)
	s := newSigningActor(t)
	for _, address := range []string{marie.ActorID(), marie.URL(), i.BaseURL() + "/ap/users/1"} {
		if a := get(t, address, activityJSON); a.status != http.StatusUnauthorized || a.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("unsigned %s: %d", address, a.status)
		}
	}
	if a := get(t, marie.URL(), "text/html"); a.status != http.StatusOK {
		t.Errorf("the page: %d", a.status)
	}
	if a := finger(t, i, "acct:marie@"+i.LocalDomain()); a.status != http.StatusOK {
		t.Errorf("WebFinger: %d", a.status)
	}
	for _, late := range []time.Duration{0, 59 * time.Minute, -59 * time.Minute} {
		req := newGet(t, marie.ActorID()+"?x=1", activityJSON)
		s.sign(t, req, time.Now().Add(late), covered)
		if a := do(t, req); a.status != http.StatusOK {
			t.Errorf("signed, %v: %d %s", late, a.status, a.body)
		}
	}
	i.SetSecureMode(false)
	if a := get(t, marie.ActorID(), activityJSON); a.status != http.StatusOK {
		t.Errorf("switched off: %d", a.status)
	}
}

func TestSignatureRefusals(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	i.SetSecureMode(true)
	s := newSigningActor(t)
	keyID := s.id + "#main-key"
	for name, spoil := range map[string]func(*http.Request){
		"old":              func(r *http.Request) { s.sign(t, r, time.Now().Add(-61*time.Minute), covered) },
		"early":            func(r *http.Request) { s.sign(t, r, time.Now().Add(61*time.Minute), covered) },
		"no host":          func(r *http.Request) { s.sign(t, r, time.Now(), "(request-target) date") },
		"no target":        func(r *http.Request) { s.sign(t, r, time.Now(), "host date") },
		"date not covered": func(r *http.Request) { s.sign(t, r, time.Now(), "(request-target) host") },
		"no date":          func(r *http.Request) { r.Header.Del("Date") },
		"date changed": func(r *http.Request) {
			r.Header.Set("Date", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
		},
		"another target": func(r *http.Request) { r.URL.RawQuery = "x=2" },
		"garbage":        func(r *http.Request) { r.Header.Set("Signature", "garbage") },
		"two of them":    func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) },
		"parameter twice": func(r *http.Request) {
			r.Header.Set("Signature", r.Header.Get("Signature")+`,keyId="x"`)
		},
		"no keyId": func(r *http.Request) {
			r.Header.Set("Signature", signature(t, "", "rsa-sha256", covered, signed(r, covered)))
		},
		"algorithm": func(r *http.Request) {
			r.Header.Set("Signature", signature(t, keyID, "hmac-sha256", covered, signed(r, covered)))
		},
		"other text": func(r *http.Request) { r.Header.Set("Signature", signature(t, keyID, "rsa-sha256", covered, "x")) },
		"not base64": func(r *http.Request) {
			r.Header.Set("Signature", `keyId="x",algorithm="rsa-sha256",headers="`+covered+`",signature="?"`)
		},
		"unknown key": func(r *http.Request) {
			r.Header.Set("Signature", signature(t, keyID+"2", "rsa-sha256", covered, signed(r, covered)))
		},
		"no actor": func(r *http.Request) {
			r.Header.Set("Signature", signature(t, s.id+"/x", "rsa-sha256", covered, signed(r, covered)))
		},
		"far away": func(r *http.Request) {
			r.Header.Set("Signature", signature(t, "https://192.0.2.1/a#k", "rsa-sha256", covered, signed(r, covered)))
		},
	} {
		req := newGet(t, marie.ActorID(), activityJSON)
		s.sign(t, req, time.Now(), covered)
		spoil(req)
		if a := do(t, req); a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}

func TestSignerRefusals(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	i.SetSecureMode(true)
	other := func(s *signingActor, change func(*publicKey)) {
		key := s.doc["publicKey"].(publicKey)
		change(&key)
		s.doc["publicKey"] = key
	}
	for name, spoil := range map[string]func(*signingActor){
		"not ActivityPub":  func(s *signingActor) { s.contentType = "application/json" },
		"no profile":       func(s *signingActor) { s.contentType = "application/ld+json" },
		"another id":       func(s *signingActor) { s.doc["id"] = s.id + "2" },
		"not an actor":     func(s *signingActor) { s.doc["type"] = "Note" },
		"no inbox":         func(s *signingActor) { delete(s.doc, "inbox") },
		"no name":          func(s *signingActor) { delete(s.doc, "preferredUsername") },
		"no key":           func(s *signingActor) { delete(s.doc, "publicKey") },
		"foreign owner":    func(s *signingActor) { other(s, func(k *publicKey) { k.Owner = "https://a.test/" }) },
		"another key's id": func(s *signingActor) { other(s, func(k *publicKey) { k.ID += "2" }) },
		"no PEM":           func(s *signingActor) { other(s, func(k *publicKey) { k.PEM = "x" }) },
		"not PKIX": func(s *signingActor) {
			other(s, func(k *publicKey) { k.PEM = strings.ReplaceAll(k.PEM, "PUBLIC", "RSA PUBLIC") })
		},
		"other key":          func(s *signingActor) { other(s, func(k *publicKey) { k.PEM, _ = publicKeyPEM() }) },
		"webfinger, other":   func(s *signingActor) { s.self = s.id + "2" },
		"webfinger, unknown": func(s *signingActor) { s.doc["preferredUsername"] = "someone" },
		"huge":               func(s *signingActor) { s.doc["summary"] = strings.Repeat("x", maxBody) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigningActor(t)
			spoil(s)
			req := newGet(t, marie.ActorID(), activityJSON)
			s.sign(t, req, time.Now(), covered)
			if a := do(t, req); a.status != http.StatusUnauthorized {
				t.Errorf("%d", a.status)
			}
		})
	}
}

func TestAnotherKeyUnderTheSameIDIsRefused(t *testing.T) {
	t.Parallel()
	i, marie := newTestInstance(t, InstanceOptions{})
	i.SetSecureMode(true)
	s := newSigningActor(t)
	key := s.doc["publicKey"].(publicKey)
	honest := key.PEM
	var err error
	if key.PEM, err = publicKeyPEM(); err != nil {
		t.Fatal(err)
	}
	s.doc["publicKey"] = key
	try := func() int {
		req := newGet(t, marie.ActorID(), activityJSON)
		s.sign(t, req, time.Now(), covered)
		return do(t, req).status
	}
	if status := try(); status != http.StatusUnauthorized {
		t.Errorf("signed with another key: %d", status)
	}
	key.PEM = honest
	s.doc["publicKey"] = key
	if status := try(); status != http.StatusUnauthorized {
		t.Errorf("after a change of key: %d", status)
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add(`keyId="https://a.test/#k",algorithm="rsa-sha256",headers="(request-target) host date",signature="AAAA"`)
	f.Fuzz(func(t *testing.T, header string) {
		p, err := parseSignature(header)
		if err != nil {
			return
		}
		if p.keyID == "" || len(p.headers) < len(signedHeaders) {
			t.Errorf("%+v", p)
		}
		signingString(&http.Request{Method: "GET", URL: &url.URL{Path: "/"}, Header: http.Header{}}, p.headers)
	})
}
