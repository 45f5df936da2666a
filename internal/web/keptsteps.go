package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// The steps of a request for access whose proof stands.

// takeRecord gives what is kept about the badge, to take along.
func (s *Web) takeRecord(w http.ResponseWriter, r *http.Request, a agent) error {
	badge, err := s.badgeOfAgent(r, a)
	if refused(err) {
		return s.elsewhere(w, r)
	}
	if err != nil {
		return err
	}
	kept, err := s.way.Kept(r.Context(), badge, a.Token)
	if refused(err) {
		return s.redirect(w, r, "/request/"+a.ID)
	}
	if err != nil {
		return err
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(kept); err != nil {
		return fmt.Errorf("encode what is kept: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="badge-`+kept.ID+`.json"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(body.Bytes()) // a reader who has gone away is no concern of ours
	return nil
}

// withdrawBadge revokes the badge, because its agent wishes so.
func (s *Web) withdrawBadge(w http.ResponseWriter, r *http.Request, a agent) error {
	badge, err := s.badgeOfAgent(r, a)
	if err == nil {
		err = s.way.WithdrawBadge(r.Context(), badge, a.Token)
	}
	if err != nil {
		return s.notTaken(w, r, a, "", err)
	}
	return s.back(w, r, a, nil)
}

// eraseBadge destroys what says whom the badge names. The request goes with it, and
// so does what this browser keeps.
func (s *Web) eraseBadge(w http.ResponseWriter, r *http.Request, a agent) error {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return err
	}
	if form.Get("sure") != "yes" {
		return s.notTaken(w, r, a, "", errUnsure)
	}
	badge, err := s.badgeOfAgent(r, a)
	if err == nil {
		err = s.way.EraseBadge(r.Context(), badge, a.Token)
	}
	if err != nil {
		return s.notTaken(w, r, a, "", err)
	}
	for _, name := range keptCookies {
		setCookie(w, name, "", 0)
	}
	return s.redirect(w, r, erasedPath)
}

func (s *Web) badgeOfAgent(r *http.Request, a agent) (id string, err error) {
	view, err := s.way.Look(r.Context(), a.ID, a.Token)
	return last(view.BadgeURL), err
}
