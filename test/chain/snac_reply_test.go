package chain

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
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cocarde.example/test/snac"
)

// TestAStrangersReplyProvesNothing has somebody of another server place the link on
// the agent's profile page at snac2, as part of a reply.
func TestAStrangersReplyProvesNothing(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	instance := realInstance(t, s.front.Authority)
	w := newWorld(t, func(s *setup) { s.options.Outbound = instance.Policy() })
	l := &looks{at: map[string]int{}}
	marie := w.settler(t, instance, l, "marie")
	b := marie.begin() // by the attacker: nobody has proven anything yet

	var note struct{ URI string }
	marie.tell(http.MethodPost, "/api/v1/statuses", url.Values{"status": {"Bonjour"}, "visibility": {"public"}}, &note)
	s.reply(t, marie.client, "https://"+snacHost+"/marie", note.URI, `<p><a href="`+b.BadgeURL+`" rel="me">hello</a></p>`)
	eventually(t, patience, func() error {
		if page := marie.page(); !strings.Contains(page, `href="`+b.BadgeURL+`"`) || !strings.Contains(page, `rel="me"`) {
			return fmt.Errorf("the forged link is not on the page: %s", page)
		}
		return nil
	})
	var seen sighting
	marie.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK).into(&seen)
	if seen.Link.Found || !seen.Link.PageRead || seen.State != "awaiting_account_proof" {
		t.Errorf("a stranger's reply proves the account: %+v", seen)
	}
}

// page is the agent's profile as anybody sees it.
func (s *settler) page() string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.actor(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

func (s *settler) actor() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(s.handle, "@"), "@")
	return "https://" + snacHost + "/" + name
}

// stranger is an actor of a server of its own.
type stranger struct {
	front *snac.Front
	id    string
	key   *rsa.PrivateKey
}

const activityType = "application/activity+json"

func newStranger(t *testing.T) *stranger {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{key: key}
	const host = "stranger.localhost"
	if s.front, err = snac.StartFront("127.0.0.1:0", host, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.front.Close(); err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(s.front.Addr)
	if err != nil {
		t.Fatal(err)
	}
	s.id = "https://" + net.JoinHostPort(host, port) + "/eve"
	return s
}

// ServeHTTP gives the actor, at every address.
func (s *stranger) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	der, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", activityType)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "type": "Person", "id": s.id, "url": s.id,
		"preferredUsername": "eve", "name": "eve", "inbox": s.id + "/inbox", "outbox": s.id + "/outbox",
		"publicKey": map[string]string{
			"id": s.id + "#main-key", "owner": s.id,
			"publicKeyPem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		},
	})
}

// reply sends a reply to somebody's note into their inbox, signed as servers sign
// (draft-cavage-http-signatures-12).
func (s *stranger) reply(t *testing.T, client *http.Client, to, note, content string) {
	t.Helper()
	const public = "https://www.w3.org/ns/activitystreams#Public"
	now := time.Now().UTC()
	body, err := json.Marshal(map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "type": "Create", "id": s.id + "/p/1/Create", "actor": s.id,
		"to": []string{public}, "cc": []string{to}, "published": now.Format(time.RFC3339),
		"object": map[string]any{
			"type": "Note", "id": s.id + "/p/1", "url": s.id + "/p/1", "attributedTo": s.id, "inReplyTo": note, "content": content,
			"to": []string{public}, "cc": []string{to}, "published": now.Format(time.RFC3339),
			"tag": []any{map[string]string{"type": "Mention", "href": to}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to+"/inbox", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	digest, date := "SHA-256="+base64.StdEncoding.EncodeToString(sum[:]), now.Format(http.TimeFormat)
	signed := sha256.Sum256([]byte("(request-target): post " + r.URL.Path + "\nhost: " + r.URL.Host + "\ndigest: " + digest + "\ndate: " + date))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, signed[:])
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", activityType)
	r.Header.Set("Digest", digest)
	r.Header.Set("Date", date)
	r.Header.Set("Signature", fmt.Sprintf(`keyId="%s#main-key",algorithm="rsa-sha256",headers="(request-target) host digest date",signature="%s"`,
		s.id, base64.StdEncoding.EncodeToString(signature)))
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		answer, _ := io.ReadAll(resp.Body)
		t.Fatalf("the inbox answers %d: %s", resp.StatusCode, answer)
	}
}
