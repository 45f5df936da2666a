package verify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// verdict verifies a token for the right account and holds the report to its form:
// every check in order, passed before the first failure, skipped after it.
func verdict(t *testing.T, w *world, token string) Report {
	t.Helper()
	r := w.verifier().Verify(context.Background(), token, ForHandle(testHandle))
	holdForm(t, r)
	return r
}

func holdForm(t *testing.T, r Report) {
	t.Helper()
	if len(r.Checks) != checkCount {
		t.Fatalf("%d checks in the report, want %d", len(r.Checks), checkCount)
	}
	var first Code
	for i, c := range r.Checks {
		if c.Name != checkNames[i] {
			t.Errorf("check %d is %s, want %s", i, c.Name, checkNames[i])
		}
		if first != "" && c.Outcome != Skipped {
			t.Errorf("%s is %s after a failure", c.Name, c.Outcome)
		}
		if (c.Outcome == Failed) != (c.Code != "") {
			t.Errorf("%s is %s with code %q", c.Name, c.Outcome, c.Code)
		}
		if first == "" && c.Code != "" {
			first = c.Code
			if c.Detail == "" {
				t.Errorf("%s failed without detail", c.Name)
			}
		}
	}
	want := OutcomeInvalid
	switch first {
	case "":
		want = OutcomeValid
	case IssuerUnreachable, StatusUnavailable:
		want = OutcomeUnknown
	}
	if r.Code != first || r.Outcome != want || r.Valid != (first == "") {
		t.Errorf("report says %q, %s, valid %t; its checks say %q, %s", r.Code, r.Outcome, r.Valid, first, want)
	}
}

func expect(t *testing.T, r Report, check string, code Code) {
	t.Helper()
	for _, c := range r.Checks {
		if c.Outcome == Failed {
			if c.Name != check || c.Code != code {
				t.Errorf("%s failed with %s (%s), want %s with %s", c.Name, c.Code, c.Detail, check, code)
			}
			return
		}
	}
	t.Errorf("nothing failed, want %s with %s", check, code)
}

func TestValidReport(t *testing.T) {
	t.Parallel()
	r := verdict(t, newWorld(t), Compose(sign(testHeader(), testPayload()), testDisclosure()))
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"valid":true,"outcome":"valid","code":"","status":"valid","checks":[` +
		`{"name":"format","outcome":"passed"},{"name":"algorithm","outcome":"passed"},{"name":"type","outcome":"passed"},` +
		`{"name":"critical","outcome":"passed"},{"name":"issuer","outcome":"passed"},{"name":"key","outcome":"passed"},` +
		`{"name":"signature","outcome":"passed"},{"name":"disclosures","outcome":"passed"},{"name":"claims","outcome":"passed"},` +
		`{"name":"vct","outcome":"passed"},{"name":"time","outcome":"passed"},{"name":"subject","outcome":"passed"},` +
		`{"name":"status","outcome":"passed"},{"name":"log","outcome":"skipped","detail":"no log proof was given"},` +
		`{"name":"delegation","outcome":"skipped","detail":"the agencies that this issuer may vouch for are not known here"},` +
		`{"name":"account","outcome":"skipped","detail":"the account was not looked at again"}],` +
		`"attestation":{"id":"AAECAwQFBgcICQoLDA0ODw","type":"agency-mailbox","issuer":"https://cocarde.example.gouv.fr",` +
		`"handle":"@marie@social.example","actor":"https://social.example/users/marie",` +
		`"agency":{"domain":"culture.gouv.fr","name":"Ministère de la Culture","country":"FR"},` +
		`"issued_at":"2026-11-22T11:00:00Z","expires_at":"2027-05-21T12:00:00Z","mailbox":"marie.dupont@culture.gouv.fr"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestMailboxStaysHidden(t *testing.T) {
	t.Parallel()
	r := verdict(t, newWorld(t), testToken())
	if !r.Valid || r.Attestation.Mailbox != "" {
		t.Errorf("public form: valid %t, mailbox %q", r.Valid, r.Attestation.Mailbox)
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	v := newWorld(t).verifier()
	token := testToken()
	for handle, want := range map[string]Code{
		"@marie@social.example": "", "marie@social.example": "", "acct:marie@social.example": "",
		"@MARIE@Social.Example": "", "@mallory@social.example": SubjectMismatch, "@marie@social.example.evil.org": SubjectMismatch,
		"@marie@social": SubjectMismatch, "": SubjectMismatch, "@": SubjectMismatch, "marie": SubjectMismatch,
		"@@marie@social.example": SubjectMismatch, "@marie@social.example@evil.org": SubjectMismatch,
		"acct:@marie@social.example": SubjectMismatch, "@acct:marie@social.example": SubjectMismatch,
		"ACCT:marie@social.example": SubjectMismatch, "@marie@social.example ": SubjectMismatch,
		"@marıe@social.example": SubjectMismatch, "@marie@\u017focial.example": SubjectMismatch,
	} {
		r := v.Verify(context.Background(), token, ForHandle(handle))
		holdForm(t, r)
		if r.Code != want {
			t.Errorf("%q: code %q, want %q", handle, r.Code, want)
		}
	}
	r := v.Verify(context.Background(), token, Account{})
	expect(t, r, "subject", SubjectMismatch)
	if r.Attestation == nil {
		t.Error("the report does not say whose attestation it is")
	}
	r = v.Verify(context.Background(), token, AnyAccount())
	holdForm(t, r)
	if s := r.Checks[checkSubject]; !r.Valid || s.Outcome != Skipped || !strings.Contains(s.Detail, "handle") {
		t.Errorf("any account: valid %t, subject %+v", r.Valid, s)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	good := testToken()
	compact := strings.TrimSuffix(good, "~")
	parts := strings.Split(compact, ".")
	d := string(testDisclosure())
	for name, token := range map[string]string{
		"empty": "", "tilde": "~", "garbage": "garbage", "dots": "..~", "space": " " + good, "newline after": good + "\n",
		"no final tilde": compact, "no final tilde after a disclosure": good + d, "key-binding JWT": good + compact,
		"empty disclosure": good + "~", "disclosure with padding": good + d + "=~", "disclosure with a newline": good + d + "\n~",
		"huge":              good + strings.Repeat("A", MaxToken) + "~",
		"two parts":         parts[0] + "." + parts[1] + "~",
		"four parts":        compact + ".AAAA~",
		"padded header":     parts[0] + "=." + parts[1] + "." + parts[2] + "~",
		"newline in header": parts[0][:8] + "\n" + parts[0][8:] + "." + parts[1] + "." + parts[2] + "~",
		"standard base64":   parts[0] + "." + parts[1] + ".+/" + parts[2][2:] + "~",
		"stray bits":        parts[0] + "." + parts[1] + "." + strayBits(parts[2]) + "~",
		"one byte too few":  parts[0] + "." + parts[1] + ".A~",
		"JSON serialization": string(mustJSON(object{"protected": parts[0], "payload": parts[1], "signature": parts[2]})) +
			"~",
	} {
		r := verdict(t, newWorld(t), token)
		if r.Code != MalformedToken || r.Checks[checkFormat].Outcome != Failed {
			t.Errorf("%s: code %q", name, r.Code)
		}
	}
}

// strayBits sets bits beyond the last byte of what base64url encodes.
func strayBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + alphabet[i|1:i|1+1]
}

func TestStrictJSONInTokens(t *testing.T) {
	t.Parallel()
	header, payload := string(mustJSON(testHeader())), string(mustJSON(testPayload()))
	spoil := func(s, with string) string { return strings.TrimSuffix(s, "}") + with }
	for name, token := range map[string]string{
		"repeated header member":  signRaw(testKey(1), []byte(spoil(header, `,"alg":"ES256"}`)), []byte(payload)),
		"repeated by escape":      signRaw(testKey(1), []byte(spoil(header, `,"\u0061lg":"ES256"}`)), []byte(payload)),
		"repeated claim":          signRaw(testKey(1), []byte(header), []byte(spoil(payload, `,"iss":"https://evil.example"}`))),
		"repeated nested claim":   signRaw(testKey(1), []byte(header), []byte(spoil(payload, `,"x":[{"y":{"z":1,"z":2}}]}`))),
		"bytes after the payload": signRaw(testKey(1), []byte(header), []byte(payload+"{}")),
		"invalid UTF-8":           signRaw(testKey(1), []byte(header), []byte(spoil(payload, ",\"x\":\"\xff\"}"))),
		"lone surrogate":          signRaw(testKey(1), []byte(header), []byte(spoil(payload, `,"x":"\ud800"}`))),
		"payload is an array":     signRaw(testKey(1), []byte(header), []byte(`[`+payload+`]`)),
		"payload is null":         signRaw(testKey(1), []byte(header), []byte(`null`)),
		"header is a string":      signRaw(testKey(1), []byte(`"ES256"`), []byte(payload)),
		"payload too deep":        signRaw(testKey(1), []byte(header), []byte(spoil(payload, `,"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+"}"))),
	} {
		r := verdict(t, newWorld(t), Compose(token))
		if r.Code != MalformedToken || r.Checks[checkFormat].Outcome != Failed {
			t.Errorf("%s: code %q", name, r.Code)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change object
		check  string
		code   Code
	}{
		{"alg none", object{"alg": "none"}, "algorithm", AlgNotAllowed},
		{"alg absent", object{"alg": nil}, "algorithm", AlgNotAllowed},
		{"alg HS256", object{"alg": "HS256"}, "algorithm", AlgNotAllowed},
		{"alg ES384", object{"alg": "ES384"}, "algorithm", AlgNotAllowed},
		{"alg in lower case", object{"alg": "es256"}, "algorithm", AlgNotAllowed},
		{"alg not a string", object{"alg": []string{"ES256"}}, "algorithm", AlgNotAllowed},
		{"alg misspelt", object{"alg": nil, "Alg": "ES256"}, "algorithm", AlgNotAllowed},
		{"typ absent", object{"typ": nil}, "type", WrongTyp},
		{"typ JWT", object{"typ": "JWT"}, "type", WrongTyp},
		{"typ vc+sd-jwt", object{"typ": "vc+sd-jwt"}, "type", WrongTyp},
		{"typ media type", object{"typ": "application/dc+sd-jwt"}, "type", WrongTyp},
		{"typ in upper case", object{"typ": "DC+SD-JWT"}, "type", WrongTyp},
		{"typ of a list", object{"typ": TypeStatusList}, "type", WrongTyp},
		{"crit", object{"crit": []string{"exp"}, "exp": 1}, "critical", UnsupportedCrit},
		{"crit empty", object{"crit": []string{}}, "critical", UnsupportedCrit},
		{"crit null", object{"crit": json.RawMessage("null")}, "critical", UnsupportedCrit},
		{"b64 with crit", object{"crit": []string{"b64"}, "b64": true}, "critical", UnsupportedCrit},
		{"b64 without crit", object{"b64": false}, "critical", UnsupportedCrit},
		{"kid absent", object{"kid": nil}, "key", KeyNotFound},
		{"kid not a string", object{"kid": 1}, "key", KeyNotFound},
		{"kid unknown", object{"kid": "key-2"}, "key", KeyNotFound},
		{"kid in another case", object{"kid": "KEY-1"}, "key", KeyNotFound},
	} {
		r := verdict(t, newWorld(t), Compose(sign(with(testHeader(), tt.change), testPayload())))
		t.Run(tt.name, func(t *testing.T) { expect(t, r, tt.check, tt.code) })
	}
}

func TestKeysInHeaderAreIgnored(t *testing.T) {
	t.Parallel()
	bring := object{
		"jwk": jwk("key-2", testKey(2)), "jku": "https://evil.example/jwks.json",
		"x5u": "https://evil.example/cert", "x5c": []string{"AAAA"},
	}
	own := with(testHeader(), bring)
	if r := verdict(t, newWorld(t), Compose(sign(own, testPayload()))); !r.Valid {
		t.Errorf("a good token that brings keys: %s", r.Code)
	}
	forged := signRaw(testKey(2), mustJSON(with(own, object{"kid": "key-2"})), mustJSON(testPayload()))
	expect(t, verdict(t, newWorld(t), Compose(forged)), "key", KeyNotFound)
	forged = signRaw(testKey(2), mustJSON(own), mustJSON(testPayload()))
	expect(t, verdict(t, newWorld(t), Compose(forged)), "signature", BadSignature)
}

func TestSignature(t *testing.T) {
	t.Parallel()
	compact := sign(testHeader(), testPayload())
	cut := strings.LastIndexByte(compact, '.') + 1
	sig, err := decodeBase64(compact[cut:])
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Split(sign(testHeader(), with(testPayload(), object{"jti": "other"})), ".")
	parts := strings.Split(compact, ".")
	for name, token := range map[string]string{
		"empty":            compact[:cut],
		"short":            compact[:cut] + b64(sig[:63]),
		"long":             compact[:cut] + b64(slices.Concat(sig[:32], []byte{0}, sig[32:])),
		"zero":             compact[:cut] + b64(make([]byte, 64)),
		"of another token": parts[0] + "." + other[1] + "." + parts[2],
		"tampered header":  b64([]byte(`{"alg":"ES256","typ":"dc+sd-jwt","kid":"key-1","x":1}`)) + "." + parts[1] + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			r := verdict(t, newWorld(t), Compose(token))
			expect(t, r, "signature", BadSignature)
			if r.Attestation != nil {
				t.Error("claims are reported that nobody signed")
			}
		})
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	type change = object
	list := func(idx, uri any) object { return object{"status_list": object{"idx": idx, "uri": uri}} }
	for _, tt := range []struct {
		name   string
		change change
		check  string
		code   Code
	}{
		{"iss absent", change{"iss": nil}, "issuer", ClaimMissing},
		{"iss not a string", change{"iss": 1}, "issuer", ClaimMissing},
		{"iss unknown", change{"iss": "https://evil.example"}, "issuer", IssuerUntrusted},
		{"iss with slash", change{"iss": testIssuer + "/"}, "issuer", IssuerUntrusted},
		{"sub absent", change{"sub": nil}, "claims", ClaimMissing},
		{"sub not a URL", change{"sub": "marie"}, "claims", ClaimMissing},
		{"sub http", change{"sub": "http://social.example/users/marie"}, "claims", ClaimMissing},
		{"sub http on a look-alike of loopback", change{"sub": "http://localhost.evil.example/u"}, "claims", ClaimMissing},
		{"sub with user", change{"sub": "https://social.example@evil.example/u"}, "claims", ClaimMissing},
		{"sub javascript", change{"sub": "javascript:alert(1)"}, "claims", ClaimMissing},
		{"acct absent", change{"acct": nil}, "claims", ClaimMissing},
		{"acct a handle", change{"acct": "@marie@social.example"}, "claims", ClaimMissing},
		{"acct with two hosts", change{"acct": "acct:marie@social.example@evil.example"}, "claims", ClaimMissing},
		{"vct absent", change{"vct": nil}, "claims", ClaimMissing},
		{"vct not a string", change{"vct": []string{VCT(testIssuer, KindMailbox)}}, "claims", ClaimMissing},
		{"iat absent", change{"iat": nil}, "claims", ClaimMissing},
		{"nbf absent", change{"nbf": nil}, "claims", ClaimMissing},
		{"exp absent", change{"exp": nil}, "claims", ClaimMissing},
		{"exp a string", change{"exp": "1900000000"}, "claims", ClaimMissing},
		{"exp a fraction", change{"exp": 1900000000.5}, "claims", ClaimMissing},
		{"exp negative", change{"exp": -1}, "claims", ClaimMissing},
		{"exp beyond time", change{"exp": json.RawMessage("9007199254740991")}, "claims", ClaimMissing},
		{"exp beyond numbers", change{"exp": json.RawMessage("1e400")}, "claims", ClaimMissing},
		{"exp misspelt", change{"exp": nil, "Exp": testNow.Unix() + 60}, "claims", ClaimMissing},
		{"jti absent", change{"jti": nil}, "claims", ClaimMissing},
		{"agency absent", change{"agency": nil}, "claims", ClaimMissing},
		{"agency a string", change{"agency": "culture.gouv.fr"}, "claims", ClaimMissing},
		{"agency.domain absent", change{"agency": object{"name": "x"}}, "claims", ClaimMissing},
		{"agency.name not a string", change{"agency": object{"domain": "x", "name": 1}}, "claims", ClaimMissing},
		{"account_proof absent", change{"account_proof": nil}, "claims", ClaimMissing},
		{"account_proof without time", change{"account_proof": object{"method": "oauth"}}, "claims", ClaimMissing},
		{"mailbox_proof absent", change{"mailbox_proof": nil}, "claims", ClaimMissing},
		{"mailbox_proof without method", change{"mailbox_proof": object{"at": 1}}, "claims", ClaimMissing},
		{"status absent", change{"status": nil}, "claims", ClaimMissing},
		{"status_list absent", change{"status": object{}}, "claims", ClaimMissing},
		{"idx absent", change{"status": object{"status_list": object{"uri": testList}}}, "claims", ClaimMissing},
		{"idx a string", change{"status": list("1", testList)}, "claims", ClaimMissing},
		{"idx a fraction", change{"status": list(1.5, testList)}, "claims", ClaimMissing},
		{"uri absent", change{"status": object{"status_list": object{"idx": 1}}}, "claims", ClaimMissing},
		{"vct of another kind", change{"vct": testIssuer + "/vct/diploma/v1"}, "vct", VCTUnsupported},
		{"vct of another version", change{"vct": testIssuer + "/vct/agency-mailbox/v2"}, "vct", VCTUnsupported},
		{"vct of another issuer", change{"vct": "https://evil.example/vct/agency-mailbox/v1"}, "vct", VCTUnsupported},
		{"vct with a query", change{"vct": VCT(testIssuer, KindMailbox) + "?"}, "vct", VCTUnsupported},
		{"nbf ahead", change{"nbf": testNow.Unix() + 61}, "time", NotYetValid},
		{"iat ahead", change{"iat": testNow.Unix() + 61}, "time", NotYetValid},
		{"exp now", change{"exp": testNow.Unix()}, "time", Expired},
		{"exp zero", change{"exp": 0}, "time", Expired},
		{"another acct", change{"acct": "acct:mallory@social.example"}, "subject", SubjectMismatch},
		{"idx negative", change{"status": list(-1, testList)}, "status", StatusInvalid},
		{"idx beyond the list", change{"status": list(1<<20, testList)}, "status", StatusInvalid},
		{"idx beyond everything", change{"status": list(maxSafeNumber, testList)}, "status", StatusInvalid},
		{"uri of another host", change{"status": list(1, "https://evil.example/status/1")}, "status", StatusUnavailable},
		{"uri of a longer host", change{"status": list(1, testIssuer+".evil.example/status/1")}, "status", StatusUnavailable},
		{"uri leaves its folder", change{"status": list(1, testIssuer+"/status/../x")}, "status", StatusUnavailable},
		{"uri with a query", change{"status": list(1, testIssuer+"/status/1?time=1")}, "status", StatusUnavailable},
		{"uri of no list", change{"status": list(1, testIssuer+"/status/")}, "status", StatusUnavailable},
	} {
		r := verdict(t, newWorld(t), Compose(sign(testHeader(), with(testPayload(), tt.change))))
		t.Run(tt.name, func(t *testing.T) { expect(t, r, tt.check, tt.code) })
	}
}

func TestClaimsThatPass(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]object{
		"iat 60 s ahead":       {"iat": testNow.Unix() + 60},
		"nbf 60 s ahead":       {"nbf": testNow.Unix() + 60},
		"exp in a second":      {"exp": testNow.Unix() + 1},
		"agency's own account": {"vct": VCT(testIssuer, KindAccount)},
		"sub on loopback":      {"sub": "http://social.localhost:8081/users/1"},
		"sub on ::1":           {"sub": "http://[::1]:8081/users/1"},
		"unknown claim":        {"cnf": object{"x": 1}, "Iss": "https://evil.example"},
		"no agency name":       {"agency": object{"domain": "gouv.fr"}},
		"nothing to disclose":  {"_sd": nil, "_sd_alg": nil},
		"default _sd_alg":      {"_sd_alg": nil},
		"decoys":               {"_sd": []string{digestOf("a"), digestOf("b")}},
	} {
		if r := verdict(t, newWorld(t), Compose(sign(testHeader(), with(testPayload(), change)))); !r.Valid {
			t.Errorf("%s: %s", name, r.Code)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	for _, tt := range []struct {
		name  string
		set   func(*world)
		check string
		code  Code
	}{
		{"issuer unreachable", func(w *world) { w.issuerErr = ErrIssuerUnreachable }, "issuer", IssuerUnreachable},
		{"some error", func(w *world) { w.issuerErr = down }, "issuer", IssuerUnreachable},
		{"context", func(w *world) { w.issuerErr = context.Canceled }, "issuer", IssuerUnreachable},
		{"mismatch", func(w *world) { w.issuerErr = ErrIssuerMismatch }, "issuer", IssuerMismatch},
		{"list error", func(w *world) { w.list, w.listErr = nil, down }, "status", StatusUnavailable},
		{"list stale", func(w *world) { w.list = fakeList{until: testNow} }, "status", StatusUnavailable},
		{"list answers with an error", func(w *world) { w.list = fakeList{err: down} }, "status", StatusUnavailable},
		{"list without the index", func(w *world) { w.list = fakeList{err: ErrIndex} }, "status", StatusInvalid},
		{"value 3", func(w *world) { w.list = fakeList{status: 3} }, "status", StatusInvalid},
		{"revoked", func(w *world) { w.list = fakeList{status: Revoked} }, "status", StatusRevoked},
		{"suspended", func(w *world) { w.list = fakeList{status: Suspended} }, "status", StatusSuspended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.set(w)
			r := verdict(t, w, testToken())
			expect(t, r, tt.check, tt.code)
			want := ""
			if tt.code == StatusRevoked || tt.code == StatusSuspended {
				want = string(tt.code)
			}
			if r.Status != want {
				t.Errorf("status %q, want %q", r.Status, want)
			}
		})
	}
}

type fakeList struct {
	status Status
	err    error
	until  time.Time
}

func (f fakeList) Status(int64) (Status, error) { return f.status, f.err }
func (f fakeList) FreshUntil() time.Time        { return f.until }

func TestNothingIsAskedBeforeTrustAndSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verdict(t, w, Compose(sign(testHeader(), with(testPayload(), object{"iss": "https://evil.example"}))))
	forged := signRaw(testKey(2), mustJSON(testHeader()), mustJSON(testPayload()))
	verdict(t, w, Compose(forged))
	if w.lists != 0 || w.asks != 0 {
		t.Errorf("%d lists and %d refreshes were asked for", w.lists, w.asks)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := Compose(signRaw(testKey(2), mustJSON(with(testHeader(), object{"kid": "key-2"})), mustJSON(testPayload())))
	expect(t, verdict(t, w, token), "key", KeyNotFound)
	w.refreshErr = ErrIssuerUnreachable
	expect(t, verdict(t, w, token), "key", IssuerUnreachable)
	w.refreshErr = nil
	var err error
	w.refreshed, err = NewIssuer(testIssuer, jwks(jwk("key-2", testKey(2))))
	if err != nil {
		t.Fatal(err)
	}
	if r := verdict(t, w, token); !r.Valid || w.asks != 3 {
		t.Errorf("after rotation: %s, %d refreshes", r.Code, w.asks)
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	for code, check := range map[Code]string{MalformedToken: "format", IssuerUntrusted: "issuer", IssuerUnreachable: "issuer"} {
		r := Refusal(code, "why")
		expect(t, r, check, code)
		if r.Valid || r.Code != code || r.Attestation != nil || len(r.Checks) != checkCount {
			t.Errorf("%s: %+v", code, r)
		}
		for _, c := range r.Checks {
			if c.Outcome == Passed {
				t.Errorf("%s: %s passed, of nothing", code, c.Name)
			}
		}
	}
}
