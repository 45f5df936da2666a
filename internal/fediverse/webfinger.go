package fediverse

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cocarde.example/internal/acct"
)

const jrdTypes = "application/jrd+json, application/json"

// finding is what WebFinger says of a handle.
type finding struct {
	subject acct.Handle
	ids     []string // of ActivityPub actors: one or more
}

func (f finding) names(id string) bool { return slices.Contains(f.ids, id) }

// webfinger asks the handle's host (RFC 7033). A host without WebFinger at its
// usual place may name another in host-meta (RFC 6415 §3).
func (c *Client) webfinger(ctx context.Context, h acct.Handle) (finding, error) {
	// acct.Host is in lower case, which GoToSocial insists on.
	resource := url.QueryEscape(h.URI())
	usual := c.origin(h.Host()) + "/.well-known/webfinger?resource=" + resource
	resp, err := c.get(ctx, c.HTTP, usual, jrdTypes)
	if err != nil {
		return finding{}, err
	}
	if resp.StatusCode == http.StatusNotFound {
		resp.Body.Close()
		template, err := c.hostMeta(ctx, h.Host())
		if err != nil {
			return finding{}, err
		}
		other := strings.ReplaceAll(template, "{uri}", resource)
		if other == usual {
			return finding{}, ErrHandleNotFound
		}
		if _, _, err := c.parseURL(other); err != nil {
			return finding{}, err
		}
		if resp, err = c.get(ctx, c.HTTP, other, jrdTypes); err != nil {
			return finding{}, err
		}
	}
	return readFinding(resp)
}

func readFinding(resp *http.Response) (finding, error) {
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return finding{}, ErrHandleNotFound
	case http.StatusGone:
		return finding{}, ErrHandleGone
	default:
		return finding{}, refused(resp)
	}
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil ||
		t != "application/jrd+json" && t != "application/json" {
		return finding{}, invalid("WebFinger answers with another media type")
	}
	body, err := read(resp, maxJRD)
	if err != nil {
		return finding{}, err
	}
	return parseJRD(body)
}

// parseJRD reads a JRD (RFC 7033 §4.4). The ids come with those linked as
// application/activity+json first.
func parseJRD(body []byte) (finding, error) {
	var doc struct {
		Subject string `json:"subject"`
		Links   []struct {
			Rel  string `json:"rel"`
			Type string `json:"type"`
			Href string `json:"href"`
		} `json:"links"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return finding{}, invalid("JRD: %w", err)
	}
	if !strings.HasPrefix(doc.Subject, "acct:") {
		return finding{}, invalid("the JRD's subject is no acct: URI")
	}
	subject, err := acct.ParseHandle(doc.Subject)
	if err != nil {
		return finding{}, invalid("the JRD's subject: %w", err)
	}
	f := finding{subject: subject}
	var others []string
	for _, l := range doc.Links {
		switch {
		case l.Rel != "self" || l.Href == "" || !isActivity(l.Type):
		case strings.HasPrefix(l.Type, activityJSON):
			f.ids = append(f.ids, l.Href)
		default:
			others = append(others, l.Href)
		}
	}
	if f.ids = append(f.ids, others...); len(f.ids) == 0 {
		return finding{}, ErrActorType.Because(errors.New("WebFinger links no ActivityPub actor"))
	}
	return f, nil
}
