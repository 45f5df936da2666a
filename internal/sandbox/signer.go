package sandbox

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of what is fetched about a signer.
const (
	fetchTime = 5 * time.Second
	minRSA    = 2048 // bits
)

// actorTypes are those that ActivityPub counts as actors.
var actorTypes = []string{"Application", "Group", "Organization", "Person", "Service"}

// signer is what an instance needs to know of an actor who signs requests.
type signer struct {
	ID                string    `json:"id"`
	Type              string    `json:"type"`
	Inbox             string    `json:"inbox"`
	PreferredUsername string    `json:"preferredUsername"`
	PublicKey         publicKey `json:"publicKey"`
}

// fetchKey gets a signer's key as Mastodon does: the keyId's document, fetched
// unsigned, must be an actor that owns this key, and WebFinger on its host
// must lead back to it.
func fetchKey(ctx context.Context, client *http.Client, keyID string) (*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	id, err := url.Parse(keyID)
	if err != nil || id.Host == "" {
		return nil, errors.New("the keyId is not a web address")
	}
	id.Fragment = ""
	var s signer
	if err := getJSON(ctx, client, id.String(), isActivity, &s); err != nil {
		return nil, err
	}
	if err := s.check(id.String(), keyID); err != nil {
		return nil, err
	}
	if err := checkLoop(ctx, client, s, id); err != nil {
		return nil, err
	}
	return parseKey(s.PublicKey.PEM)
}

func (s signer) check(id, keyID string) error {
	switch {
	case s.ID != id:
		return errors.New("the document has another id")
	case !slices.Contains(actorTypes, s.Type):
		return errors.New("the document is not an actor")
	case s.Inbox == "" || s.PreferredUsername == "":
		return errors.New("the actor lacks inbox or preferredUsername")
	case s.PublicKey.ID != keyID:
		return errors.New("the actor has no such key")
	case s.PublicKey.Owner != s.ID:
		return errors.New("the key has another owner")
	}
	return nil
}

// checkLoop asks the actor's host whether acct:name@host is this actor.
func checkLoop(ctx context.Context, client *http.Client, s signer, id *url.URL) error {
	resource := "acct:" + s.PreferredUsername + "@" + id.Host
	address := id.Scheme + "://" + id.Host + "/.well-known/webfinger?resource=" + url.QueryEscape(resource)
	var found jrd
	if err := getJSON(ctx, client, address, isJSON, &found); err != nil {
		return fmt.Errorf("webfinger of the signer: %w", err)
	}
	for _, link := range found.Links {
		if link.Rel == "self" && isActivity(link.Type) && link.Href == s.ID {
			return nil
		}
	}
	return errors.New("webfinger of the signer leads to another actor")
}

func parseKey(text string) (*rsa.PublicKey, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("publicKeyPem is not one PUBLIC KEY block")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("publicKeyPem holds no key")
	}
	rsaKey, ok := key.(*rsa.PublicKey)
	if !ok || rsaKey.N.BitLen() < minRSA {
		return nil, fmt.Errorf("the key is not RSA of %d bits or more", minRSA)
	}
	return rsaKey, nil
}

// getJSON fetches one small document of an accepted media type.
func getJSON(ctx context.Context, client *http.Client, address string, accepts func(string) bool, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", activityJSON+", "+activityLD+", application/jrd+json, application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answer %d", resp.StatusCode)
	}
	if mediaType := resp.Header.Get("Content-Type"); !accepts(mediaType) {
		return fmt.Errorf("media type %q", mediaType)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return errors.New("the document is too large")
	}
	return json.Unmarshal(body, into)
}

// isActivity tells whether a media type is one of an ActivityPub document.
func isActivity(mediaType string) bool {
	name, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return false
	}
	return name == activityJSON || name == "application/ld+json" &&
		slices.Contains(strings.Fields(params["profile"]), "https://www.w3.org/ns/activitystreams")
}

func isJSON(mediaType string) bool {
	name, _, err := mime.ParseMediaType(mediaType)
	return err == nil && (name == "application/jrd+json" || name == "application/json")
}
