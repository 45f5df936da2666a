package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// Bounds of Mastodon's look at a link. The 5 s to connect are the transport's.
const (
	linkRead      = 10 * time.Second // for an answer, and for each piece of it
	linkTotal     = 30 * time.Second
	maxRedirects  = 3
	maxLinkedPage = 1 << 20
)

var errTooFar = fmt.Errorf("the page redirects more than %d times", maxRedirects)

// linkChecker looks whether a page links back to a profile, as Mastodon's
// VerifyLinkService does. Its errors are for the profile's owner.
type linkChecker struct {
	transport   http.RoundTripper
	agent       string
	read, total time.Duration
}

func newLinkChecker(client *http.Client, base string) *linkChecker {
	return &linkChecker{
		transport: client.Transport, read: linkRead, total: linkTotal,
		agent: "Mastodon/" + version + " (http.rb/5.3.1; +" + base + "/)",
	}
}

// check returns nil if the page links back to the profile. If rel="me" links
// stand there and none is the profile, Mastodon asks the first of them whether
// it leads there.
func (c *linkChecker) check(ctx context.Context, page, profile string) error {
	links, err := c.relMe(ctx, page)
	if err != nil {
		return err
	}
	wanted := strings.ToLower(profile)
	leadsBack := func(href string) bool { return strings.ToLower(href) == wanted }
	switch {
	case len(links) == 0:
		return errors.New(`the page has no link with rel="me"`)
	case slices.ContainsFunc(links, leadsBack), c.location(ctx, links[0]) == profile:
		return nil
	}
	return errors.New(`no rel="me" link of the page is your profile's address`)
}

// relMe gives the rel="me" links of a page.
func (c *linkChecker) relMe(ctx context.Context, page string) (links []string, err error) {
	err = c.exchange(ctx, http.MethodGet, page, maxRedirects, func(resp *http.Response, body io.Reader) error {
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the page answers %d, not 200", resp.StatusCode)
		}
		links, err = relMeLinks(io.LimitReader(body, maxLinkedPage))
		return err
	})
	return links, err
}

// location is where an address redirects to, as its header has it; "" if it
// cannot be told.
func (c *linkChecker) location(ctx context.Context, address string) (location string) {
	c.exchange(ctx, http.MethodHead, address, 0, func(resp *http.Response, _ io.Reader) error {
		location = resp.Header.Get("Location")
		return nil
	}) // an address that gives no answer leads nowhere
	return location
}

// exchange sends an unsigned request and hands over the answer. With no
// redirects to follow, the first answer is the one.
func (c *linkChecker) exchange(ctx context.Context, method, address string, redirects int,
	take func(*http.Response, io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.total)
	defer cancel()
	late := time.AfterFunc(c.read, cancel)
	defer late.Stop()
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return errors.New("it is no address")
	}
	req.Header.Set("User-Agent", c.agent)
	if method == http.MethodGet {
		req.Header.Set("Accept", "text/html")
	}
	client := http.Client{Transport: c.transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		late.Reset(c.read)
		next.Header.Del("Referer")
		switch {
		case redirects == 0:
			return http.ErrUseLastResponse
		case len(via) > redirects:
			return errTooFar
		}
		return nil
	}}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, errTooFar):
		return errTooFar
	case err != nil:
		return errors.New("the page gives no answer, or not in time")
	}
	defer resp.Body.Close()
	return take(resp, &patient{resp.Body, late, c.read})
}

// patient puts an alarm off at each piece that is read.
type patient struct {
	io.Reader
	late *time.Timer
	wait time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	p.late.Reset(p.wait)
	return p.Reader.Read(b)
}

// relMeLinks gives the href of each <a> and <link> of a page whose rel has the
// token "me", in the page's order. No script runs, so what stands in
// <noscript> counts.
func relMeLinks(page io.Reader) ([]string, error) {
	document, err := html.ParseWithOptions(page, html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, errors.New("the page cannot be read")
	}
	var links []string
	for n := range document.Descendants() {
		if n.Type != html.ElementNode || n.Namespace != "" || n.Data != "a" && n.Data != "link" {
			continue
		}
		if slices.Contains(strings.Fields(htmlAttribute(n, "rel")), "me") {
			links = append(links, htmlAttribute(n, "href"))
		}
	}
	return links, nil
}

func htmlAttribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}
