//go:build browser

package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// wrongPage breaks each of the rules that pages are held against.
const wrongPage = `<!DOCTYPE html><html><head><title></title><link rel="stylesheet" href="%s/style.css"></head>
<body><style>button:focus { outline: none }</style><img src="/missing.png"><div style="width:1500px">wide</div>
<p style="color:#ccc;background:#fff">faint</p><button>x</button><a href="#nowhere">dead</a>%s</body></html>`

// TestTheRulesFindWhatIsWrong holds the rules against a page that breaks them.
func TestTheRulesFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	chromium(t)
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		fmt.Fprintf(w, wrongPage, other.URL, strings.Repeat("<p>heavy</p>", maxDocument/10))
	}))
	defer server.Close()
	p := open(t, "en")
	p.wants(p.visit(server.URL+"/"), 200)
	faults := strings.Join(p.traffic.faults(), "\n")
	for _, want := range []string{"asks " + other.URL, "bytes, more than", "error: "} {
		if !strings.Contains(faults, want) {
			t.Errorf("%q is not found in %s", want, faults)
		}
	}
	if !p.traffic.setsCookie() {
		t.Error("the cookie is not seen")
	}
	if len(eval[[]string](p, deadEnds)) != 1 {
		t.Error("the link to nowhere is not seen")
	}
	if eval[string](p, sideways) == "" {
		t.Error("the width is not seen")
	}
	violations := strings.Join(p.violations(), "\n")
	for _, want := range []string{"image-alt", "color-contrast", "html-has-lang", "document-title", "landmark-one-main"} {
		if !strings.Contains(violations, want) {
			t.Errorf("%q is not found in %s", want, violations)
		}
	}
	p.press("\t")
	if at := eval[focus](p, focused); at.Fault == "" {
		t.Errorf("the missing focus is not seen: %+v", at)
	}
}
