package app

import (
	"context"
	"errors"

	"cocarde.example/api"
	"cocarde.example/internal/published"
	"cocarde.example/verify"
)

// ownVerifier is a verifier without options.
type ownVerifier struct{ v *verify.Verifier }

func (o ownVerifier) Verify(ctx context.Context, token string, account verify.Account) verify.Report {
	return o.v.Verify(ctx, token, account)
}

// health tells the API whether the program can serve.
type health struct{ app *App }

// Ready implements api.Health: the database answers, and all that the issuer
// publishes stands. Mail is not needed for that.
func (h health) Ready(ctx context.Context) error {
	select {
	case <-h.app.Ready():
	default:
		return errors.New("the status lists are not published yet")
	}
	_, err := h.app.store.LastSeq(ctx)
	return err
}

// artefacts gives the API what is published.
type artefacts struct{ shelf *published.Shelf }

func (a artefacts) Artefact(ctx context.Context, path string) (api.Artefact, bool, error) {
	d, ok, err := a.shelf.Document(ctx, path)
	return api.Artefact(d), ok, err
}
