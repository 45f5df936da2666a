package fediverse

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"cocarde.example/internal/acct"
)

// Media types of ActivityPub documents (ActivityPub §3.2).
const (
	activityJSON   = "application/activity+json"
	ldJSON         = "application/ld+json"
	activityStream = "https://www.w3.org/ns/activitystreams"
	activityTypes  = activityJSON + `, ` + ldJSON + `; profile="` + activityStream + `"`
)

var actorTypes = []string{"Person", "Service", "Application", "Group", "Organization"}

// actor is what this package reads of an actor.
type actor struct {
	id       string
	url      string // page of the profile; the id where there is none on its host
	username string
	host     acct.Host // of the id
	fields   []string  // values of its own PropertyValue attachments, in HTML
}

// isActivity says whether a media type is one of an ActivityPub document, which
// no upload has. Parameters are tolerated; ld+json needs the profile.
func isActivity(contentType string) bool {
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	return t == activityJSON ||
		t == ldJSON && slices.Contains(strings.Fields(params["profile"]), activityStream)
}

// fetchActor fetches an actor from its id, without leaving the id's host.
func (c *Client) fetchActor(ctx context.Context, id string) (actor, error) {
	_, host, err := c.parseURL(id)
	if err != nil {
		return actor{}, err
	}
	resp, err := c.getActor(ctx, host, id)
	if err != nil {
		return actor{}, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return actor{}, ErrHandleNotFound
	case http.StatusGone:
		return actor{}, ErrHandleGone
	default:
		return actor{}, refused(resp)
	}
	if !isActivity(resp.Header.Get("Content-Type")) {
		return actor{}, ErrActorType.Because(errors.New("the actor is served with another media type"))
	}
	body, err := read(resp, maxActor)
	if err != nil {
		return actor{}, err
	}
	return c.parseActor(body, id, host)
}

// parseActor reads an actor as plain JSON: the @context of several servers does
// not define what they use.
func (c *Client) parseActor(body []byte, id string, host acct.Host) (actor, error) {
	var doc struct {
		ID                string          `json:"id"`
		Type              json.RawMessage `json:"type"`
		PreferredUsername string          `json:"preferredUsername"`
		URL               json.RawMessage `json:"url"`
		MovedTo           json.RawMessage `json:"movedTo"`
		Suspended         bool            `json:"suspended"`
		Attachment        json.RawMessage `json:"attachment"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return actor{}, invalid("actor: %w", err)
	}
	isActor := slices.ContainsFunc(references(doc.Type), func(t string) bool { return slices.Contains(actorTypes, t) })
	switch {
	case doc.ID != id:
		return actor{}, ErrActorMismatch.Because(errors.New("the document has another id"))
	case !isActor:
		return actor{}, ErrActorType.Because(errors.New("the document is not an actor"))
	case doc.Suspended:
		return actor{}, ErrSuspended
	case len(references(doc.MovedTo)) > 0:
		return actor{}, ErrMoved
	case doc.PreferredUsername == "":
		return actor{}, invalid("the actor has no preferredUsername")
	}
	a := actor{id: id, url: id, username: doc.PreferredUsername, host: host, fields: propertyValues(doc.Attachment)}
	for _, page := range references(doc.URL) {
		if _, h, err := c.parseURL(page); err == nil && h == host {
			a.url = page
			break
		}
	}
	return a, nil
}

// references gives what a property of ActivityStreams refers to: it is a
// string, an object with href or id, or an array of these.
func references(raw json.RawMessage) []string {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		items = []json.RawMessage{raw}
	}
	var found []string
	for _, item := range items {
		var text string
		var object struct{ Href, ID string }
		switch {
		case json.Unmarshal(item, &text) == nil:
		case json.Unmarshal(item, &object) == nil:
			if text = object.Href; text == "" {
				text = object.ID
			}
		}
		if text != "" {
			found = append(found, text)
		}
	}
	return found
}
