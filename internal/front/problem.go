package front

import (
	"encoding/json"
	"net/http"
)

// Problem is a refusal as problem details (RFC 9457).
type Problem struct {
	Type     string `json:"type"` // "/problems/" and the code
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Code     string `json:"code"`
	Instance string `json:"instance,omitempty"` // the request's id
}

// The front's own refusals.
var (
	notFound         = newProblem(http.StatusNotFound, "not_found", "There is nothing at this address.")
	methodNotAllowed = newProblem(http.StatusMethodNotAllowed, "method_not_allowed",
		"This address cannot be opened in this way: it takes other methods. Go back to the page before, and go on from there.")
	busy = newProblem(http.StatusServiceUnavailable, "busy",
		"Too many requests are under way. Try again in a moment.")
	internal = newProblem(http.StatusInternalServerError, "internal",
		"Something went wrong here. Try again later; if it happens again, tell the operator the request's id.")
)

func newProblem(status int, code, detail string) Problem {
	return Problem{
		Type:   "/problems/" + code,
		Title:  http.StatusText(status),
		Status: status,
		Detail: detail,
		Code:   code,
	}
}

// WriteProblem answers with p as application/problem+json, under the id of the
// request.
func WriteProblem(w http.ResponseWriter, r *http.Request, p Problem) {
	p.Instance = RequestID(r.Context())
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number always encode
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
