package sandbox

import (
	"crypto/subtle"
	"net/http"
	"sync"
	"time"
)

// Bounds of what is remembered of browsers.
const (
	visitLife = 12 * time.Hour
	maxVisits = 1000
)

const visitCookie = "sandbox_visit"

// visit is what the instance remembers of one browser.
type visit struct {
	account *Account // nil: nobody has signed in
	token   string   // what the browser's forms must carry
	expires time.Time
	saved   *saved // what the last saving came to, shown once
}

// saved is what came of saving a profile: why each row is not green.
type saved struct{ problems []string }

func (v visit) username() string {
	if v.account == nil {
		return ""
	}
	return v.account.username
}

// allows tells whether a form was made for this browser.
func (v visit) allows(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(v.token), []byte(r.PostForm.Get("token"))) == 1
}

// visits are the browsers that the instance knows by their cookie.
type visits struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[string]visit
}

func newVisits(now func() time.Time) *visits {
	return &visits{now: now, byID: map[string]visit{}}
}

// of finds the visit of a browser. One whose account is gone is none.
func (s *visits) of(r *http.Request) (visit, bool) {
	cookie, err := r.Cookie(visitCookie)
	if err != nil {
		return visit{}, false
	}
	s.mu.Lock()
	v, ok := s.byID[cookie.Value]
	s.mu.Unlock()
	if !ok || !s.now().Before(v.expires) || (v.account != nil && v.account.snapshot().deleted) {
		return visit{}, false
	}
	return v, true
}

// begin remembers a browser under a new cookie, in place of what was known of it.
func (s *visits) begin(w http.ResponseWriter, r *http.Request, account *Account) visit {
	v := visit{account: account, token: randomText(), expires: s.now().Add(visitLife)}
	id := randomText()
	s.end(r)
	s.mu.Lock()
	s.makeRoom()
	s.byID[id] = v
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: visitCookie, Value: id, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	return v
}

// makeRoom drops the visits that have ended, or else any.
func (s *visits) makeRoom() {
	now := s.now()
	for id, v := range s.byID {
		if !now.Before(v.expires) {
			delete(s.byID, id)
		}
	}
	for id := range s.byID {
		if len(s.byID) < maxVisits {
			return
		}
		delete(s.byID, id)
	}
}

// end forgets a browser.
func (s *visits) end(r *http.Request) {
	if cookie, err := r.Cookie(visitCookie); err == nil {
		s.mu.Lock()
		delete(s.byID, cookie.Value)
		s.mu.Unlock()
	}
}

// tell keeps what a saving came to, nil to forget it.
func (s *visits) tell(r *http.Request, news *saved) {
	cookie, err := r.Cookie(visitCookie)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.byID[cookie.Value]; ok {
		v.saved = news
		s.byID[cookie.Value] = v
	}
}
