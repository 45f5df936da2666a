package online_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"cocarde.example/verify"
	"cocarde.example/verify/online"
)

// An instance checks the attestation shown beside an account.
func Example() {
	source, err := online.New(online.Config{
		HTTP:  &http.Client{Timeout: 10 * time.Second},
		Trust: []string{"https://cocarde.example.gouv.fr"},
	})
	if err != nil {
		panic(err)
	}
	verifier := verify.New(verify.Config{Source: source}) // keep it: it remembers what it has seen

	report := verifier.Verify(context.Background(), "not a token", verify.ForHandle("@marie@social.example"))
	fmt.Println(report.Outcome, report.Code)
	// Output: invalid malformed_token
}
