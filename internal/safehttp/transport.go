package safehttp

import (
	"context"
	"io"
	"net/http"
)

// guarded is the round tripper that holds the policy for every request,
// redirected ones included.
type guarded struct {
	policy Policy
	hosts  *hosts
	next   http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.policy.checkURL(req.URL); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := withDeadline(req)
	if err := g.hosts.enter(ctx, hostPort(req.URL)); err != nil {
		cancel()
		closeBody(req)
		return nil, asFault(req.Context(), err)
	}
	resp, err := g.next.RoundTrip(g.dress(req, ctx))
	if err != nil {
		cancel()
		return nil, asFault(req.Context(), err)
	}
	resp.Body = &body{ReadCloser: resp.Body, caller: req.Context(), cancel: cancel}
	return resp, nil
}

// withDeadline gives one deadline to a request and all its redirects. A
// redirected request carries the answer that led to it, and that one its own
// request, whose context has the deadline.
//
// http.Client.Timeout would do the same, but hides the cause of its errors.
func withDeadline(req *http.Request) (context.Context, context.CancelFunc) {
	if req.Response != nil && req.Response.Request != nil {
		if d, ok := req.Response.Request.Context().Deadline(); ok {
			return context.WithDeadline(req.Context(), d)
		}
	}
	return context.WithTimeout(req.Context(), totalTimeout)
}

// dress gives a copy of the request with our name on it, and without a Referer:
// net/http would tell one host the URL that was asked of another.
func (g *guarded) dress(req *http.Request, ctx context.Context) *http.Request {
	out := req.Clone(ctx)
	out.Header.Del("Referer")
	out.Header.Set("User-Agent", g.policy.UserAgent)
	return out
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (g *guarded) CloseIdleConnections() {
	if t, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// body ends its request's context when it is closed, and reports what goes
// wrong while it is read as faults.
type body struct {
	io.ReadCloser
	caller context.Context
	cancel context.CancelFunc
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = asFault(b.caller, err)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// ReadBody reads and closes a body of at most max bytes, counted after
// decompression; ErrTooLarge when there are more, ErrUnreachable when it breaks
// off or comes too slowly.
func ReadBody(resp *http.Response, max int64) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength > max {
		return nil, ErrTooLarge
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, max+1))
	if err != nil {
		return nil, asFault(resp.Request.Context(), err)
	}
	if int64(len(b)) > max {
		return nil, ErrTooLarge
	}
	return b, nil
}
