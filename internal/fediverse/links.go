package fediverse

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
)

// propertyValue is the one type of attachment that is a field of a profile.
const propertyValue = "PropertyValue"

// FindLink looks for a link in a profile as it is now: in the actor's own fields,
// else in a <link rel="me"> in the head of its page. Links are compared to the
// byte, but for the case of scheme and host: a slash more or less is another link,
// of which the sighting says what is wrong with it.
//
// Errors are faults of this package and of safehttp, and only about the actor. A
// page that cannot be read is part of what was seen.
func (c *Client) FindLink(ctx context.Context, who attest.Actor, link string) (attest.Sighting, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	a, err := c.fetchActor(ctx, who.ID)
	if err != nil {
		return attest.Sighting{}, err
	}
	// A renamed account is no longer the one that will be attested.
	named, err := acct.ParseHandle(a.username + "@" + who.Handle.Host().String())
	if err != nil || !named.Equal(who.Handle) {
		return attest.Sighting{}, ErrActorMismatch.Because(errors.New("the account has another name now"))
	}
	is := func(s attest.SeenLink) bool { return sameLink(s.Text, link) }
	found := placed(attest.InAttachment, fieldLinks(a.fields))
	seen := attest.Sighting{FieldLinks: len(found)}
	if slices.ContainsFunc(found, is) {
		seen.Found, seen.Where = true, attest.InAttachment
		return seen, nil
	}
	head, err := c.pageLinks(ctx, a.url)
	if errors.Is(err, context.Canceled) {
		return attest.Sighting{}, err
	}
	seen.PageRead, seen.HeadLinks = err == nil, len(head)
	found = append(found, placed(attest.InHead, head)...)
	if slices.ContainsFunc(found, is) {
		seen.Found, seen.Where = true, attest.InHead
		return seen, nil
	}
	seen.Links = others(found, link)
	return seen, nil
}

// placed says where links stand.
func placed(where attest.Place, links []string) []attest.SeenLink {
	var seen []attest.SeenLink
	for _, text := range links {
		seen = append(seen, attest.SeenLink{Where: where, Text: text})
	}
	return seen
}

// sameLink compares an address as somebody wrote it with a link of ours.
func sameLink(written, link string) bool {
	scheme, rest, _ := strings.Cut(link, "://")
	host, _, _ := strings.Cut(rest, "/")
	origin := min(len(scheme+"://"+host), len(link))
	return len(written) == len(link) &&
		strings.EqualFold(written[:origin], link[:origin]) && written[origin:] == link[origin:]
}

// propertyValues gives the values of an actor's fields. The attachment is an array
// or one object (JSON-LD compacts); attachments of other types are no fields.
func propertyValues(attachment json.RawMessage) []string {
	var items []json.RawMessage
	if json.Unmarshal(attachment, &items) != nil {
		items = []json.RawMessage{attachment}
	}
	var values []string
	for _, item := range items {
		var field struct {
			Type  json.RawMessage `json:"type"`
			Value string          `json:"value"`
		}
		if json.Unmarshal(item, &field) == nil && slices.Contains(references(field.Type), propertyValue) {
			values = append(values, field.Value)
		}
	}
	return values
}

// fieldLinks gives the links of fields: what an <a> refers to, or a value that is
// nothing but an address.
func fieldLinks(values []string) []string {
	var found []string
	for _, v := range values {
		found = append(found, valueLinks(v)...)
	}
	return found
}

func valueLinks(value string) (found []string) {
	z := html.NewTokenizer(strings.NewReader(value))
	var text strings.Builder
	anchored := false
	for {
		switch z.Next() {
		case html.ErrorToken: // the end
			if t := strings.TrimSpace(text.String()); !anchored && isAddress(t) {
				found = append(found, t)
			}
			return found
		case html.TextToken:
			text.Write(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			if name, _ := z.TagName(); string(name) != "a" {
				continue
			}
			anchored = true // the text is the link's, and may say anything
			if href := attributes(z)["href"]; href != "" {
				found = append(found, href)
			}
		}
	}
}

// isAddress tells whether a text is nothing but an address of the web. Schemes are
// compared without case (RFC 3986 §3.1).
func isAddress(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")) && len(strings.Fields(text)) == 1
}
