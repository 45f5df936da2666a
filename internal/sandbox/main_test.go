package sandbox

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newTestInstance starts an instance with the account marie.
func newTestInstance(t *testing.T, o InstanceOptions) (*Instance, *Account) {
	t.Helper()
	i, err := StartInstance(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	marie, err := i.AddAccount("marie", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	return i, marie
}

type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request and reads its answer.
func do(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := LoopbackClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func get(t *testing.T, address, accept string) answer {
	t.Helper()
	return do(t, newGet(t, address, accept))
}

func newGet(t *testing.T, address, accept string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	return req
}

func post(t *testing.T, address string, form url.Values) answer {
	t.Helper()
	return postBody(t, address, "application/x-www-form-urlencoded", form.Encode())
}

func postBody(t *testing.T, address, contentType, body string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	return do(t, req)
}

// contextFor ends with the test, or after ten seconds.
func contextFor(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
