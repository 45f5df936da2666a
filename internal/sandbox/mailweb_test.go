package sandbox

import (
	"net/http"
	"strings"
	"testing"
)

func TestMailboxPages(t *testing.T) {
	t.Parallel()
	s, err := Start(contextFor(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	base := s.Instance.MailURL()
	if !strings.HasPrefix(base, "http://mail.localhost:") {
		t.Fatal(base)
	}
	if a := get(t, base+"/", "text/html"); a.status != 200 || !strings.Contains(a.body, "No mail yet") {
		t.Errorf("empty: %d %s", a.status, a.body)
	}
	for to, text := range map[string]string{"marie@culture.gouv.fr": "Votre code : 1234\u202f5678 <script>alert(1)</script>"} {
		if err := send(s.Mailbox, nil, to, plainMail(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(s.Mailbox, nil, "karim@insee.fr", plainMail("no code here")); err != nil {
		t.Fatal(err)
	}
	const code = `<code class="code">1234<span>5678</span></code>` // copied, it has no space
	list := get(t, base+"/", "text/html")
	first, second := strings.Index(list.body, "/mails/2"), strings.Index(list.body, "/mails/1")
	if strings.Contains(list.body, "http-equiv") || !strings.Contains(list.body, code) || first < 0 || second < first ||
		!strings.Contains(list.body, "Vérifier") {
		t.Errorf("%s", list.body)
	}
	one := get(t, base+"/mails/1", "text/html")
	if !strings.Contains(one.body, code) || !strings.Contains(one.body, "&lt;script&gt;") || !strings.Contains(one.body, "marie@culture.gouv.fr") {
		t.Errorf("%s", one.body)
	}
	if two := get(t, base+"/mails/2", "text/html"); strings.Contains(two.body, `class="code"`) {
		t.Errorf("%s", two.body)
	}
	for _, a := range []answer{list, one} {
		if a.header.Get("Set-Cookie") != "" || a.header.Get("Cache-Control") != "no-store" ||
			!strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%v", a.header)
		}
	}
	for path, status := range map[string]int{
		"/mails/0": 404, "/mails/3": 404, "/mails/x": 404, "/mails/-1": 404, "/@marie": 404, "/style.css": 200,
	} {
		if a := get(t, base+path, "text/html"); a.status != status {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if home := get(t, s.Instance.BaseURL()+"/", "text/html"); !strings.Contains(home.body, `href="`+base+`"`) {
		t.Errorf("%s", home.body)
	}
}

func TestNoMailboxNoPage(t *testing.T) {
	t.Parallel()
	i, _ := newTestInstance(t, InstanceOptions{})
	if i.MailURL() != "" {
		t.Error(i.MailURL())
	}
	address := strings.Replace(i.BaseURL(), "social", "mail", 1)
	if a := get(t, address+"/", "text/html"); a.status != http.StatusForbidden {
		t.Errorf("%d", a.status)
	}
}
