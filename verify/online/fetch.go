package online

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	fetchTimeout = 10 * time.Second

	minFresh     = 10 * time.Second
	maxFresh     = 24 * time.Hour
	defaultFresh = 5 * time.Minute
)

// fetcher makes bounded GET requests that no redirect leads elsewhere.
type fetcher struct{ client *http.Client }

func newFetcher(c *http.Client) fetcher {
	if c == nil {
		c = &http.Client{}
	}
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	own.Jar = nil
	return fetcher{&own}
}

// request is one thing to be fetched.
type request struct {
	url     string
	types   []string // media types that count; the first is asked for
	limit   int64    // bytes
	etag    string   // of the copy at hand
	noCache bool     // caches on the way are to ask the issuer
}

// answer is what came; body is nil if the copy at hand is still right.
type answer struct {
	body   []byte
	etag   string
	maxAge time.Duration // how long to keep it; negative if not said
}

func (f fetcher) get(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", strings.Join(r.types, ", "))
	if r.etag != "" {
		req.Header.Set("If-None-Match", r.etag)
	}
	if r.noCache {
		req.Header.Set("Cache-Control", "no-cache")
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return answer{}, unreachable(err)
	}
	defer resp.Body.Close()
	a := answer{etag: resp.Header.Get("ETag"), maxAge: maxAge(resp.Header)}
	if resp.StatusCode == http.StatusNotModified && r.etag != "" {
		a.etag = r.etag
		return a, nil
	}
	if resp.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("the issuer answered with status %d", resp.StatusCode)
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(r.types, media) {
		return answer{}, fmt.Errorf("the issuer's answer is not %s", r.types[0])
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, r.limit+1))
	if err != nil {
		return answer{}, err
	}
	if int64(len(a.body)) > r.limit {
		return answer{}, errors.New("the issuer's answer is too large")
	}
	return a, nil
}

// unreachable leaves out the URL, which the reader of a report knows.
func unreachable(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("the issuer cannot be reached: %w", err)
}

// maxAge reads how long a shared cache may keep an answer (RFC 9111 §5.2.2), less
// the Age that it has already.
func maxAge(h http.Header) time.Duration {
	age := time.Duration(-1)
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if s, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				age = time.Duration(s) * time.Second
			}
		}
	}
	if s, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil && age >= 0 {
		age = max(0, age-time.Duration(s)*time.Second)
	}
	return age
}

// bounded keeps a time to keep within what makes sense; negative means not said.
func bounded(d time.Duration) time.Duration {
	if d < 0 {
		d = defaultFresh
	}
	return min(max(d, minFresh), maxFresh)
}
