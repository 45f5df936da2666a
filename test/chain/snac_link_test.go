package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/test/snac"
)

// TestARealInstanceGreensWhatIsInForce proves accounts of snac2 by links in their
// profiles, and has snac2, which looks at links as Mastodon does, look at the
// badges in each state over https.
func TestARealInstanceGreensWhatIsInForce(t *testing.T) {
	t.Parallel()
	w, instance, l := httpsWorld(t)
	desk := w.desk(t)
	for _, tt := range []struct {
		name  string
		act   func(context.Context, attest.Act) (bool, error)
		green bool
	}{
		{"valid", nil, true},
		{"suspended", desk.Badges.Suspend, false},
		{"revoked", desk.Badges.Revoke, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := w.settler(t, instance, l, tt.name)
			b := a.begin()
			if green := a.save(b.BadgeURL); green {
				t.Error("a reserved badge made the field green")
			}
			var seen sighting
			a.call(http.MethodPost, "/account-proof", "{}").want(http.StatusOK).into(&seen)
			if !seen.Link.Found || seen.Link.Where != "attachment" {
				t.Fatalf("the link in the profile: %+v", seen)
			}
			a.typeCode(a.nextCode()).want(http.StatusOK)
			var i issued
			a.issue().want(http.StatusCreated).into(&i)
			journal.hide("disclosure", strings.Split(i.Full, "~")[1])
			if tt.act != nil {
				act := attest.Act{BadgeID: i.id(), By: "operator", Reason: attest.LeftAgency, Note: "by the test"}
				if _, err := tt.act(t.Context(), act); err != nil {
					t.Fatal(err)
				}
				eventually(t, patience, func() error { return hasStatus(a.visitor, i.Public, tt.name) })
			}
			if green := a.save(i.BadgeURL); green != tt.green {
				t.Errorf("the badge makes the field green: %v, want %v", green, tt.green)
			}
		})
	}
}

// httpsHost is a name of this machine to whoever resolves names as browsers do.
const httpsHost = "cocarde.localhost"

// looks remembers what was asked of the issuer from outside.
type looks struct {
	next http.Handler
	mu   sync.Mutex
	at   map[string]int // path → answers given
}

// ServeHTTP implements [http.Handler].
func (l *looks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	next := l.next
	l.mu.Unlock()
	if next == nil {
		http.Error(w, "not yet", http.StatusServiceUnavailable)
		return
	}
	next.ServeHTTP(w, r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[r.URL.Path]++
}

func (l *looks) of(path string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at[path]
}

// httpsWorld starts an issuer that snac2 reaches over https and trusts.
func httpsWorld(t *testing.T) (*world, *snac.Instance, *looks) {
	t.Helper()
	l := &looks{at: map[string]int{}}
	front, err := snac.StartFront("127.0.0.1:0", httpsHost, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := front.Close(); err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(front.Addr)
	if err != nil {
		t.Fatal(err)
	}
	instance := realInstance(t, front.Authority)
	w := newWorld(t, func(s *setup) {
		s.environ = append(s.environ, "COCARDE_URL=https://"+net.JoinHostPort(httpsHost, port))
		s.options.Outbound = instance.Policy()
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = snac.Behind("tcp", w.app.Addr())
	return w, instance, l
}

// settler is an agent of snac2 whose own program may write to the account.
type settler struct {
	*agent
	instance *snac.Instance
	looks    *looks
	client   *http.Client
	bearer   string
}

// settler makes an account at snac2 and signs a program in.
func (w *world) settler(t *testing.T, i *snac.Instance, l *looks, name string) settler {
	t.Helper()
	password, err := i.AddUser(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	s := settler{instance: i, looks: l, client: i.Client(), agent: &agent{
		visitor: w.visitor(t), world: w, handle: "@" + name + "@" + snacHost, lang: "en", method: "link",
		mailbox: journal.hide("mailbox", unique(name)+".dupont@culture.gouv.fr"),
	}}
	s.origin = "http://" + w.app.Addr()
	t.Cleanup(s.client.CloseIdleConnections)

	const back = "https://program.example/back"
	var app struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	s.tell(http.MethodPost, "/api/v1/apps", url.Values{
		"client_name": {name}, "redirect_uris": {back}, "scopes": {"read write"},
	}, &app)
	query := url.Values{"client_id": {app.ID}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"read write"}, "state": {name}}
	callback, err := i.SignIn(t.Context(), "https://"+snacHost+"/oauth/authorize?"+query.Encode(), name, password)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	var token struct {
		Access string `json:"access_token"`
	}
	s.tell(http.MethodPost, "/oauth/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "client_id": {app.ID}, "client_secret": {app.Secret}, "redirect_uri": {back},
	}, &token)
	s.bearer = token.Access
	return s
}

// tell sends a form to snac2 and reads its answer.
func (s *settler) tell(method, path string, form url.Values, into any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "https://"+snacHost+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if s.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+s.bearer)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 == 2 && into != nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil || resp.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s: %d, %v: %.300s", method, path, resp.StatusCode, err, body)
	}
}

// settleTime is how long snac2 may take from its look at a page until it says what
// came of it. It takes some milliseconds.
const settleTime = 2 * time.Second

// save puts a badge's link into the profile, waits until snac2 has looked at the
// badge, and says whether the field turned green.
func (s *settler) save(badge string) bool {
	s.t.Helper()
	u, err := url.Parse(badge)
	if err != nil {
		s.t.Fatal(err)
	}
	before := s.looks.of(u.Path)
	s.tell(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{
		"fields_attributes[0][name]": {"Badge"}, "fields_attributes[0][value]": {badge},
	}, nil)
	eventually(s.t, patience, func() error {
		if s.looks.of(u.Path) == before {
			return fmt.Errorf("snac2 does not look at %s", badge)
		}
		return nil
	})
	for deadline := time.Now().Add(settleTime); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if s.green(badge) {
			return true
		}
	}
	return false
}

// green says whether snac2 tells that it has verified the link.
func (s *settler) green(badge string) bool {
	s.t.Helper()
	var account struct {
		Fields []struct {
			Value      string
			VerifiedAt string `json:"verified_at"`
		}
	}
	s.tell(http.MethodGet, "/api/v1/accounts/verify_credentials", nil, &account)
	for _, f := range account.Fields {
		if strings.Contains(f.Value, badge) {
			return f.VerifiedAt != ""
		}
	}
	s.t.Fatalf("the profile does not show %s: %+v", badge, account)
	return false
}
