package fediverse

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"strings"

	"cocarde.example/internal/acct"
)

// hostMeta gives the template of a host's WebFinger address.
func (c *Client) hostMeta(ctx context.Context, h acct.Host) (string, error) {
	resp, err := c.get(ctx, c.HTTP, c.origin(h)+"/.well-known/host-meta", "application/xrd+xml, application/xml, text/xml")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 500:
		return "", refused(resp)
	case resp.StatusCode != http.StatusOK:
		return "", ErrHandleNotFound
	}
	body, err := read(resp, maxHostMeta)
	if err != nil {
		return "", err
	}
	return parseHostMeta(body)
}

// parseHostMeta finds the lrdd link of an XRD (RFC 6415 §3). A document without
// one, or that is no XRD, says that the host has no WebFinger.
func parseHostMeta(body []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var doc struct {
		XMLName xml.Name `xml:"XRD"`
		Links   []struct {
			Rel      string `xml:"rel,attr"`
			Template string `xml:"template,attr"`
		} `xml:"Link"`
	}
	if err := d.Decode(&doc); err != nil {
		return "", ErrHandleNotFound.Because(err)
	}
	for _, l := range doc.Links {
		if l.Rel == "lrdd" && strings.Contains(l.Template, "{uri}") {
			return l.Template, nil
		}
	}
	return "", ErrHandleNotFound
}
