package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Sealer encrypts what is left with a browser, each thing for its own purpose.
type Sealer interface {
	Seal(purpose string, plain []byte) []byte
	// Open reverses Seal; an error means that this was not sealed here, or not for this.
	Open(purpose string, sealed []byte) ([]byte, error)
}

// maxCookie is what every browser keeps of a cookie, in bytes, less its attributes.
const maxCookie = 3800

// maxLeftURL bounds a stranger's URL in a cookie, in bytes.
const maxLeftURL = 2000

// leave leaves something with the browser for a time, sealed under the cookie's
// name. Its prefix binds it to this host (RFC 6265bis §4.1.3.2).
func (s *Web) leave(w http.ResponseWriter, name string, v any, life time.Duration) error {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false) // six bytes for one
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode cookie: %w", err)
	}
	value := base64.RawURLEncoding.EncodeToString(s.sealer.Seal(name, plain.Bytes()))
	if len(value) > maxCookie {
		return fmt.Errorf("cookie %s would have %d bytes", name, len(value))
	}
	setCookie(w, name, value, life)
	return nil
}

// left opens what was left with the browser.
func (s *Web) left(r *http.Request, name string, into any) bool {
	cookies := r.CookiesNamed(name)
	if len(cookies) != 1 {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookies[0].Value)
	if err != nil {
		return false
	}
	plain, err := s.sealer.Open(name, sealed)
	return err == nil && json.Unmarshal(plain, into) == nil
}

// setCookie keeps a value for a time; none keeps it no longer. SameSite=Lax brings
// it back with the navigation from an instance.
func setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	cookie := http.Cookie{
		Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second),
	}
	if cookie.MaxAge <= 0 {
		cookie.MaxAge = -1
	}
	w.Header().Add("Set-Cookie", cookie.String())
}
