package verify

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func disclosure(parts ...any) string { return b64(mustJSON(parts)) }

// TestUnpackRefuses has one case for each MUST of RFC 9901 §7.1 step 3 onward, and
// for what §4 forbids in a payload.
func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	email := disclosure("salt", "email", "a@b.example")
	d := digestOf(email)
	inner := disclosure("salt", "inner", 1)
	for _, tt := range []struct {
		name        string
		payload     any
		disclosures []string
	}{
		{"unknown _sd_alg", object{"_sd": []string{d}, "_sd_alg": "sha-512"}, []string{email}},
		{"_sd_alg not a string", object{"_sd": []string{d}, "_sd_alg": 1}, nil},
		{"_sd_alg in upper case", object{"_sd": []string{d}, "_sd_alg": "SHA-256"}, nil},
		{"_sd_alg nested", object{"x": object{"_sd_alg": "sha-256"}}, nil},
		{"digest twice in one _sd", object{"_sd": []string{d, d}}, nil},
		{"digest twice, disclosed", object{"_sd": []string{d, d}}, []string{email}},
		{"digest twice in two _sd", object{"_sd": []string{d}, "x": object{"_sd": []string{d}}}, []string{email}},
		{"digest in _sd and in an array", object{"_sd": []string{d}, "x": []object{{"...": d}}}, nil},
		{"digest again in a disclosure", object{"_sd": []string{d, digestOf(disclosure("s", "x", object{"_sd": []string{d}}))}},
			[]string{disclosure("s", "x", object{"_sd": []string{d}})}},
		{"disclosure twice", object{"_sd": []string{d}}, []string{email, email}},
		{"disclosure without digest", object{"_sd": []string{digestOf("x")}}, []string{email}},
		{"disclosure without _sd", object{}, []string{email}},
		{"disclosure whose parent is not disclosed",
			object{"_sd": []string{digestOf(disclosure("s", "x", object{"_sd": []string{digestOf(inner)}}))}}, []string{inner}},
		{"two parts in an object", object{"_sd": []string{digestOf(disclosure("s", "x"))}}, []string{disclosure("s", "x")}},
		{"four parts in an object", object{"_sd": []string{digestOf(disclosure("s", "x", 1, 2))}}, []string{disclosure("s", "x", 1, 2)}},
		{"three parts in an array", object{"x": []object{{"...": d}}}, []string{email}},
		{"one part in an array", object{"x": []object{{"...": digestOf(disclosure("s"))}}}, []string{disclosure("s")}},
		{"not an array", object{"_sd": []string{digestOf(b64([]byte(`{"a":1}`)))}}, []string{b64([]byte(`{"a":1}`))}},
		{"not JSON", object{"_sd": []string{digestOf(b64([]byte(`["s","x",1`)))}}, []string{b64([]byte(`["s","x",1`))}},
		{"bytes after", object{"_sd": []string{digestOf(b64([]byte(`["s","x",1]1`)))}}, []string{b64([]byte(`["s","x",1]1`))}},
		{"repeated members in a value", object{"_sd": []string{digestOf(b64([]byte(`["s","x",{"a":1,"a":2}]`)))}},
			[]string{b64([]byte(`["s","x",{"a":1,"a":2}]`))}},
		{"stray bits", object{"_sd": []string{digestOf(strayBits(b64([]byte(`["s","x","1"]`))))}}, []string{strayBits(b64([]byte(`["s","x","1"]`)))}},
		{"salt not a string", object{"_sd": []string{digestOf(disclosure(1, "x", 1))}}, []string{disclosure(1, "x", 1)}},
		{"name not a string", object{"_sd": []string{digestOf(disclosure("s", 1, 1))}}, []string{disclosure("s", 1, 1)}},
		{"claim named _sd", object{"_sd": []string{digestOf(disclosure("s", "_sd", 1))}}, []string{disclosure("s", "_sd", 1)}},
		{"claim named ...", object{"_sd": []string{digestOf(disclosure("s", "...", 1))}}, []string{disclosure("s", "...", 1)}},
		{"claim named _sd_alg", object{"_sd": []string{digestOf(disclosure("s", "_sd_alg", "sha-256"))}}, []string{disclosure("s", "_sd_alg", "sha-256")}},
		{"claim that is there", object{"email": "c@d.example", "_sd": []string{d}}, []string{email}},
		{"claim disclosed twice", object{"_sd": []string{d, digestOf(disclosure("other", "email", 1))}},
			[]string{email, disclosure("other", "email", 1)}},
		{"_sd not an array", object{"_sd": d}, nil},
		{"_sd of numbers", object{"_sd": []int{1}}, nil},
		{"... in an object", object{"x": object{"...": d}}, nil},
		{"... with company", object{"x": []object{{"...": d, "y": "z"}}}, nil},
		{"... not a string", object{"x": []object{{"...": 1}}}, nil},
		{"... at the top", object{"...": d}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			payload, err := parseObject(string(mustJSON(tt.payload)))
			if err != nil {
				t.Fatal(err)
			}
			if v, _, err := unpack(payload, tt.disclosures); err == nil {
				t.Errorf("accepted as %s", render(v))
			}
		})
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	element := disclosure("salt", "FR")
	street := disclosure("salt", "street", "Rue de Valois")
	address := disclosure("salt", "address", object{"_sd": []string{digestOf(street), digestOf("decoy")}, "city": "Paris"})
	payload := object{
		"_sd_alg": "sha-256", "_sd": []string{digestOf(address)}, "empty": object{"_sd": []string{digestOf("x")}},
		"countries": []any{object{"...": digestOf(element)}, object{"...": digestOf("decoy 2")}, "DE"},
	}
	for _, tt := range []struct {
		disclosures []string
		want        string
	}{
		{nil, `{"countries":["DE"],"empty":{}}`},
		{[]string{element}, `{"countries":["FR","DE"],"empty":{}}`},
		{[]string{address}, `{"countries":["DE"],"empty":{},"address":{"city":"Paris"}}`},
		{[]string{street, element, address}, `{"countries":["FR","DE"],"empty":{},"address":{"city":"Paris","street":"Rue de Valois"}}`},
	} {
		p, err := parseObject(string(mustJSON(payload)))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := unpack(p, tt.disclosures)
		if err != nil || render(got) != tt.want {
			t.Errorf("got %s, %v; want %s", render(got), err, tt.want)
		}
	}
}

// TestDisclosureChain bounds how deep disclosures may stand in one another.
func TestDisclosureChain(t *testing.T) {
	t.Parallel()
	var all []string
	v := any(1)
	for i := range 100 {
		d := disclosure("salt", fmt.Sprint("n", i), v)
		all = append(all, d)
		v = object{"_sd": []string{digestOf(d)}}
	}
	payload, err := parseObject(string(mustJSON(v)))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := unpack(payload, all); err == nil {
		t.Error("100 disclosures in one another were accepted")
	}
}

// render writes a value as JSON, members in their order.
func render(v value) string {
	switch v.kind {
	case kindNull:
		return "null"
	case kindTrue:
		return "true"
	case kindFalse:
		return "false"
	case kindNumber:
		return v.text
	case kindString:
		return string(mustJSON(v.text))
	}
	parts := make([]string, len(v.members))
	for i, m := range v.members {
		parts[i] = render(m.value)
		if v.kind == kindObject {
			parts[i] = string(mustJSON(m.name)) + ":" + parts[i]
		}
	}
	if v.kind == kindArray {
		return "[" + strings.Join(parts, ",") + "]"
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// TestDisclosuresOfAnAttestation holds whole tokens to what an attestation may disclose.
func TestDisclosuresOfAnAttestation(t *testing.T) {
	t.Parallel()
	good := testDisclosure()
	for _, name := range []string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "name", "Email", "iat", "sub"} {
		d := Disclosure(disclosure("0123456789abcdefgh", name, testNow.Unix()))
		p := with(testPayload(), object{name: nil, "_sd": []string{good.Digest(), d.Digest()}})
		if name == "iss" { // without it there is no issuer to ask
			p["iss"] = testIssuer
		}
		r := verdict(t, newWorld(t), Compose(sign(testHeader(), p), d))
		expect(t, r, "disclosures", DisclosureInvalid)
	}
	status := Disclosure(disclosure("0123456789abcdefgh", "status_list", object{"idx": 1, "uri": testList}))
	email := func(v any) Disclosure { return Disclosure(disclosure("0123456789abcdefgh", "email", v)) }
	for _, tt := range []struct {
		name   string
		change object
		shown  []Disclosure
	}{
		{"part of status", object{"status": object{"_sd": []string{status.Digest()}}}, []Disclosure{status}},
		{"part of status, hidden", object{"status": object{"_sd": []string{status.Digest()}, "status_list": object{"idx": 1, "uri": testList}}}, nil},
		{"nested email", object{"agency": object{"domain": "x", "_sd": []string{good.Digest()}}, "_sd": nil}, []Disclosure{good}},
		{"array element", object{"x": []object{{"...": digestOf("x")}}}, nil},
		{"unreferenced", object{"_sd": []string{digestOf("x")}}, []Disclosure{good}},
		{"tampered", nil, []Disclosure{good[:40] + "A" + good[41:]}},
		{"twice", nil, []Disclosure{good, good}},
		{"email is there", object{"email": "x@y.example"}, []Disclosure{good}},
		{"email is a number", object{"_sd": []string{email(1).Digest()}}, []Disclosure{email(1)}},
		{"email is no address", object{"_sd": []string{email("marie").Digest()}}, []Disclosure{email("marie")}},
		{"sha-512", object{"_sd_alg": "sha-512"}, nil},
	} {
		r := verdict(t, newWorld(t), Compose(sign(testHeader(), with(testPayload(), tt.change)), tt.shown...))
		t.Run(tt.name, func(t *testing.T) { expect(t, r, "disclosures", DisclosureInvalid) })
	}
}

func TestNewDisclosure(t *testing.T) {
	t.Parallel()
	d, err := NewDisclosure([]byte("0123456789abcdef"), ClaimEmail, "a&b@c.example")
	if err != nil {
		t.Fatal(err)
	}
	b, err := decodeBase64(string(d))
	if want := `["MDEyMzQ1Njc4OWFiY2RlZg","email","a&b@c.example"]`; err != nil || string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
	if _, err := NewDisclosure([]byte("0123456789abcde"), ClaimEmail, "x"); err == nil {
		t.Error("a salt of 15 bytes was accepted")
	}
	// The digest of RFC 9901 §4.2.3.
	if got := Disclosure("WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0").Digest(); got != "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY" {
		t.Errorf("digest %s", got)
	}
}

func TestPeek(t *testing.T) {
	t.Parallel()
	forged := Compose(signRaw(testKey(2), mustJSON(testHeader()), mustJSON(testPayload())), testDisclosure())
	c, err := Peek(forged)
	if err != nil || c != testClaims() {
		t.Errorf("got %+v, %v", c, err)
	}
	for _, bad := range []string{"", "x", "a.b.c~", strings.Repeat("x", MaxToken+1)} {
		if _, err := Peek(bad); err == nil {
			t.Errorf("%.20q was read", bad)
		}
	}
}

func TestPayloadHasNoDigestsWithoutDisclosures(t *testing.T) {
	t.Parallel()
	b, err := testClaims().Payload()
	if err != nil || strings.Contains(string(b), "_sd") || !json.Valid(b) {
		t.Errorf("%s, %v", b, err)
	}
}
