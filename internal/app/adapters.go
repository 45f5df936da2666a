package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"cocarde.example/api"
	"cocarde.example/internal/published"
	"cocarde.example/internal/translog"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

// ownVerifier is a verifier without options.
type ownVerifier struct{ v *verify.Verifier }

func (o ownVerifier) Verify(ctx context.Context, token string, account verify.Account) verify.Report {
	return o.v.Verify(ctx, token, account)
}

// pseudonyms makes the VRF's key at its first use, and not at each start.
type pseudonyms struct {
	vrf func() (*translog.VRF, error)
}

func newPseudonyms(k keys.DataKey) pseudonyms {
	return pseudonyms{sync.OnceValues(func() (*translog.VRF, error) { return translog.NewVRF(k.Bytes()) })}
}

// Outputs implements attest.Pseudonyms.
func (p pseudonyms) Outputs(acctURI, agencyDomain string) (account, agency []byte, err error) {
	vrf, err := p.vrf()
	if err != nil {
		return nil, nil, err
	}
	return vrf.Outputs(acctURI, agencyDomain)
}

// readyFor bounds the wait for the database, since who asks does not wait long.
const readyFor = 2 * time.Second

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
	ctx, cancel := context.WithTimeout(ctx, readyFor)
	defer cancel()
	_, err := h.app.store.LastSeq(ctx)
	return err
}

// artefacts gives the API what is published.
type artefacts struct{ shelf *published.Shelf }

func (a artefacts) Artefact(ctx context.Context, path string) (api.Artefact, bool, error) {
	d, ok, err := a.shelf.Document(ctx, path)
	return api.Artefact(d), ok, err
}
