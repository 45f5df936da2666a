//go:build browser

package browser

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// traffic is what a tab exchanged for the page that it shows, and what its console
// says.
type traffic struct {
	mu       sync.Mutex
	document string // URL
	requests map[network.RequestID]*exchange
	setter   bool // whether the document set a cookie
	console  []string
}

type exchange struct {
	url   string
	kind  network.ResourceType
	bytes int64
}

// note takes the browser's events, in their order.
func (n *traffic) note(event any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeDocument {
			n.document, n.requests, n.console, n.setter = e.Request.URL, map[network.RequestID]*exchange{}, nil, false
		}
		if n.requests != nil {
			n.requests[e.RequestID] = &exchange{url: e.Request.URL, kind: e.Type}
		}
	case *network.EventDataReceived:
		if x := n.requests[e.RequestID]; x != nil {
			x.bytes += e.DataLength
		}
	case *network.EventResponseReceivedExtraInfo:
		for name := range e.Headers {
			n.setter = n.setter || strings.EqualFold(name, "Set-Cookie")
		}
	case *log.EventEntryAdded:
		// A refusal is told as an error of the document; it is meant.
		if e.Entry.Source != log.EntrySourceNetwork || e.Entry.URL != n.document {
			n.console = append(n.console, fmt.Sprintf("%s: %s (%s)", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		n.console = append(n.console, "console: "+e.Type.String())
	case *runtime.EventExceptionThrown:
		n.console = append(n.console, "exception: "+e.ExceptionDetails.Text)
	}
}

// The most that a document and a style sheet may weigh, in bytes.
const (
	maxDocument   = 50_000
	maxStyleSheet = 20_000
)

// faults are what the page must not have asked for, weighed or logged.
func (n *traffic) faults() (all []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, x := range n.requests {
		if origin(x.url) != origin(n.document) {
			all = append(all, "asks "+x.url)
		}
		switch most := map[network.ResourceType]int64{
			network.ResourceTypeDocument: maxDocument, network.ResourceTypeStylesheet: maxStyleSheet,
		}[x.kind]; {
		case x.kind == network.ResourceTypeScript:
			all = append(all, "loads the script "+x.url)
		case most > 0 && x.bytes > most:
			all = append(all, fmt.Sprintf("%s has %d bytes, more than %d", x.url, x.bytes, most))
		}
	}
	return append(all, n.console...)
}

// setsCookie says whether any answer for the page set a cookie.
func (n *traffic) setsCookie() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.setter
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}
