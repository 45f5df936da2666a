package published

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"cocarde.example/keys"
	"cocarde.example/verify"
)

// ActorName is the issuer's user name as a fediverse actor.
const ActorName = "cocarde"

const (
	jsonType  = "application/json"
	jwksType  = "application/jwk-set+json"
	actorType = `application/activity+json`
	jrdType   = "application/jrd+json"
)

// Issuer is what the documents are made of beside its signing keys.
type Issuer struct {
	Origin   string
	ActorPEM string // public key of the actor, PKIX in PEM
}

// KeyID is the URL under which the actor's public key is found.
func KeyID(origin string) string { return origin + "/actor#main-key" }

// documents builds everything that only changes with the keys, by path.
func documents(i Issuer, ring *keys.Ring) (map[string]Document, error) {
	host, err := url.Parse(i.Origin)
	if err != nil {
		return nil, fmt.Errorf("issuer's origin: %w", err)
	}
	webFinger := "/.well-known/webfinger?resource="
	acct := "acct:" + ActorName + "@" + host.Host
	docs := map[string]Document{
		"/.well-known/jwks.json": newDocument(ring.JWKS(), jwksType, time.Hour),
	}
	for _, d := range []struct {
		path, contentType string
		content           any
		maxAge            time.Duration
	}{
		{"/.well-known/jwt-vc-issuer", jsonType, metadata(i.Origin, ring), time.Hour},
		{"/actor", actorType, actor(i), time.Hour},
		{webFinger + acct, jrdType, finger(i.Origin, acct), time.Hour},
		{webFinger + i.Origin + "/actor", jrdType, finger(i.Origin, acct), time.Hour},
	} {
		body, err := json.MarshalIndent(d.content, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", d.path, err)
		}
		docs[d.path] = newDocument(append(body, '\n'), d.contentType, d.maxAge)
	}
	return docs, nil
}

// metadata is the issuer's metadata (draft-ietf-oauth-sd-jwt-vc §5). revoked_keys
// is an addition of ours: a JWKS has no way to say that a key was revoked.
func metadata(origin string, ring *keys.Ring) any {
	revoked := []verify.RevokedKey{}
	for _, k := range ring.Revoked() {
		revoked = append(revoked, verify.RevokedKey{KeyID: k.KID, RevokedAt: k.RevokedAt, Reason: k.Reason})
	}
	return struct {
		Issuer  string              `json:"issuer"`
		JWKSURI string              `json:"jwks_uri"`
		Revoked []verify.RevokedKey `json:"revoked_keys"`
	}{origin, origin + "/.well-known/jwks.json", revoked}
}

// actor is the issuer as an ActivityPub actor: instances in secure mode answer
// only to GETs that an actor has signed.
func actor(i Issuer) any {
	id := i.Origin + "/actor"
	return map[string]any{
		"@context":                  []string{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":                        id,
		"type":                      "Application",
		"preferredUsername":         ActorName,
		"name":                      "Cocarde",
		"url":                       i.Origin + "/",
		"inbox":                     id + "/inbox",
		"manuallyApprovesFollowers": true,
		"publicKey": map[string]string{
			"id": KeyID(i.Origin), "owner": id, "publicKeyPem": i.ActorPEM,
		},
	}
}

func finger(origin, acct string) any {
	id := origin + "/actor"
	return map[string]any{
		"subject": acct,
		"aliases": []string{id},
		"links":   []map[string]string{{"rel": "self", "type": actorType, "href": id}},
	}
}
