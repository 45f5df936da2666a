package verify

import (
	"context"
	"testing"
)

// FuzzToken lets strangers' bytes through the whole of Verify: a report comes in
// its form, and nothing but the token of the seed is valid.
func FuzzToken(f *testing.F) {
	compact := sign(testHeader(), testPayload())
	public, shown := Compose(compact), Compose(compact, testDisclosure())
	f.Add(public)
	f.Add(shown)
	f.Add(Compose(sign(testHeader(), object{"iss": testIssuer})))
	f.Add(compact + "~~")
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, token string) {
		r := w.verifier().Verify(context.Background(), token, ForHandle(testHandle))
		holdForm(t, r)
		if r.Valid && token != public && token != shown {
			t.Fatalf("valid: %q", token)
		}
		_, _ = Peek(token)
	})
}

// FuzzDisclosure processes strangers' payloads and disclosures, as they would come
// from a dishonest issuer: what comes out serves selective disclosure no more.
func FuzzDisclosure(f *testing.F) {
	d := disclosure("salt", "x", object{"y": []any{1, object{"...": "z"}}})
	f.Add(string(mustJSON(object{"_sd": []string{digestOf(d)}, "a": []object{{"...": "b"}}})), d)
	f.Add(`{"_sd":["x","x"]}`, "")
	f.Fuzz(func(t *testing.T, payload, disclosure string) {
		p, err := parseObject(payload)
		if err != nil {
			return
		}
		var all []string
		if disclosure != "" {
			all = []string{disclosure}
			p.members = append(p.members, member{"a disclosure", value{kind: kindObject, members: []member{
				{"_sd", value{kind: kindArray, members: []member{{"", value{kind: kindString, text: digestOf(disclosure)}}}}},
			}}})
		}
		out, _, err := unpack(p, all)
		if err == nil {
			holdPlain(t, out)
		}
	})
}

func holdPlain(t *testing.T, v value) {
	t.Helper()
	for _, m := range v.members {
		if v.kind == kindObject && (m.name == "_sd" || m.name == "..." || m.name == "_sd_alg") {
			t.Fatalf("%s is left in %s", m.name, render(v))
		}
		holdPlain(t, m.value)
	}
}
