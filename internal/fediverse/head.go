package fediverse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// space is what HTML takes for white space.
const space = " \t\n\f\r"

const byteOrderMark = "\ufeff"

// pageLinks gives the <link rel="me"> of the head of a page, which must be HTML in
// UTF-8 on the host that was asked, its head within the first 1 MiB.
func (c *Client) pageLinks(ctx context.Context, url string) ([]string, error) {
	resp, err := c.get(ctx, c.sameHost, url, "text/html")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, refused(resp)
	}
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "text/html" || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return nil, invalid("the profile's page is served with another media type")
	}
	found, err := headLinks(http.MaxBytesReader(nil, resp.Body, maxPage))
	if err != nil {
		return nil, failure(ctx, fmt.Errorf("read the head of the page: %w", err))
	}
	return found, nil
}

// What may stand in a head. Whatever else comes first is the body, where strangers
// write: replies and boosts stand on profile pages. A template is legal there, but
// its content is not part of the page, so reading stops before it too.
var (
	inHead = []string{"html", "head", "base", "link", "meta"}
	// rawInHead hold text, not markup, for a browser that runs scripts.
	rawInHead = []string{"title", "script", "style", "noscript", "noframes"}
	// closing end a head (HTML, "in head" and "before html" insertion modes); any
	// other closing tag is ignored there.
	closing = []string{"head", "body", "html", "br"}
)

// headLinks reads a page up to the end of its head, and gives what its
// <link rel="me"> refer to. A page that breaks off before is an error, but one
// that ends is not: browsers complete it.
func headLinks(page io.Reader) ([]string, error) {
	start := bufio.NewReader(page)
	if b, _ := start.Peek(len(byteOrderMark)); string(b) == byteOrderMark {
		_, _ = start.Discard(len(b))
	}
	z := html.NewTokenizer(start)
	var found []string
	raw := false // within an element of rawInHead
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				return nil, z.Err()
			}
			return found, nil
		case html.TextToken:
			if !raw && len(bytes.Trim(z.Raw(), space)) > 0 {
				return found, nil
			}
		case html.EndTagToken:
			raw = false
			if name, _ := z.TagName(); slices.Contains(closing, string(name)) {
				return found, nil
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			if raw = slices.Contains(rawInHead, string(name)); !raw && !slices.Contains(inHead, string(name)) {
				return found, nil
			}
			if string(name) == "link" {
				found = append(found, relMe(z)...)
			}
		}
	}
}

// relMe gives what the tokenizer's <link> refers to, if its rel has the token me.
func relMe(z *html.Tokenizer) []string {
	a := attributes(z)
	tokens := strings.FieldsFunc(a["rel"], func(r rune) bool { return strings.ContainsRune(space, r) })
	me := slices.ContainsFunc(tokens, func(t string) bool { return strings.EqualFold(t, "me") })
	if !me || a["href"] == "" {
		return nil
	}
	return []string{a["href"]}
}

// attributes gives those of the tokenizer's tag, entities decoded. Of one that is
// repeated the first counts.
func attributes(z *html.Tokenizer) map[string]string {
	found := map[string]string{}
	for more := true; more; {
		var name, value []byte
		name, value, more = z.TagAttr()
		if _, repeated := found[string(name)]; !repeated {
			found[string(name)] = string(value)
		}
	}
	return found
}
