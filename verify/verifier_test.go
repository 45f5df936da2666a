package verify

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := Compose(sign(testHeader(), testPayload()), testDisclosure())
	r := w.verifier().Verify(context.Background(), token, ForHandle(testHandle))
	got, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "valid": true,
 "outcome": "valid",
 "code": "",
 "status": "valid",
 "checks": [
  {
   "name": "format",
   "outcome": "passed"
  },
`
	if diff := cmp.Diff(want, string(got[:min(len(want), len(got))])); diff != "" {
		t.Error(diff, string(got))
	}
}
