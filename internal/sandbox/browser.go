package sandbox

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// SignIn does what a person does in a browser: it opens the authorization
// page, fills in the form, agrees, and gives the address that the instance
// sends the browser to, without going there. A page that refuses, a wrong
// password included, is an error.
func SignIn(ctx context.Context, client *http.Client, authorizeURL, username, password string) (string, error) {
	return decide(ctx, client, authorizeURL, url.Values{
		"username": {username}, "password": {password}, "decision": {"authorize"},
	})
}

// Deny opens the authorization page and refuses; it gives the address that the
// instance sends the browser to.
func Deny(ctx context.Context, client *http.Client, authorizeURL string) (string, error) {
	return decide(ctx, client, authorizeURL, url.Values{"decision": {"deny"}})
}

func decide(ctx context.Context, client *http.Client, authorizeURL string, answers url.Values) (string, error) {
	patient := *client
	patient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	page, err := openForm(ctx, &patient, authorizeURL)
	if err != nil {
		return "", err
	}
	for name, values := range answers {
		page.values[name] = values
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page.action, strings.NewReader(page.values.Encode()))
	if err != nil {
		return "", fmt.Errorf("send the form: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := patient.Do(req)
	if err != nil {
		return "", fmt.Errorf("send the form: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound && resp.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("the instance answered %d to the form", resp.StatusCode)
	}
	location, err := resp.Location()
	if err != nil {
		return "", fmt.Errorf("where the instance redirects: %w", err)
	}
	return location.String(), nil
}

// form is the first form of a page: where it goes, and its hidden fields.
type form struct {
	action string
	values url.Values
}

func openForm(ctx context.Context, client *http.Client, address string) (form, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return form{}, fmt.Errorf("open the page: %w", err)
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	resp, err := client.Do(req)
	if err != nil {
		return form{}, fmt.Errorf("open the page: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return form{}, fmt.Errorf("the instance answered %d to the authorization request", resp.StatusCode)
	}
	f, err := parseForm(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return form{}, err
	}
	action, err := req.URL.Parse(f.action)
	if err != nil {
		return form{}, fmt.Errorf("address of the form: %w", err)
	}
	f.action = action.String()
	return f, nil
}

// parseForm reads a page that is well-formed enough for XML.
func parseForm(page io.Reader) (form, error) {
	decoder := xml.NewDecoder(page)
	decoder.Strict = false
	decoder.AutoClose = xml.HTMLAutoClose
	decoder.Entity = xml.HTMLEntity
	var f form
	for {
		token, err := decoder.Token()
		if err != nil {
			return form{}, errors.New("the page has no form")
		}
		switch element := token.(type) {
		case xml.StartElement:
			if element.Name.Local == "form" {
				f = form{action: attribute(element, "action"), values: url.Values{}}
			}
			if element.Name.Local == "input" && attribute(element, "type") == "hidden" && f.values != nil {
				f.values.Set(attribute(element, "name"), attribute(element, "value"))
			}
		case xml.EndElement:
			if element.Name.Local == "form" {
				return f, nil
			}
		}
	}
}

func attribute(element xml.StartElement, name string) string {
	for _, a := range element.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
