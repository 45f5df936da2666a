package snac

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"cocarde.example/internal/safehttp"
)

const maxPage = 256 << 10

var hidden = regexp.MustCompile(`(?s)<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// SignIn does what a person does in a browser: it opens the authorization page,
// fills in the login form and gives the address that the instance sends the
// browser to, without going there.
func (i *Instance) SignIn(ctx context.Context, authorizeURL, user, password string) (callback string, err error) {
	client := i.Client()
	defer client.CloseIdleConnections()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, authorizeURL, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	page, err := safehttp.ReadBody(resp, maxPage)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the authorization page answers %d", resp.StatusCode)
	}
	form := url.Values{"login": {user}, "passwd": {password}}
	for _, field := range hidden.FindAllStringSubmatch(string(page), -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	req, err = http.NewRequestWithContext(ctx, http.MethodPost, "https://"+i.Host+"/oauth/x-snac-login", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if resp, err = client.Do(req); err != nil {
		return "", err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("the login form answers %d", resp.StatusCode)
	}
	return resp.Header.Get("Location"), nil
}
