package api

import "net/http"

const maxActivity = 64 << 10

// inbox takes activities and ignores them: servers expect an actor to have one.
func inbox(w http.ResponseWriter, r *http.Request) error {
	if err := drain(w, r, maxActivity); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}
