package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cocarde.example/internal/fault"
)

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const rest = `"email":"m@a.fr","account_proof":{"method":"oauth"},"lang":"fr"}`
	cases := []struct{ name, body, code, field string }{
		{"nothing", ``, "json_malformed", ""},
		{"white space", " \n", "json_malformed", ""},
		{"no JSON", `hello`, "json_malformed", ""},
		{"array", `[]`, "member_type", ""},
		{"null", `null`, "member_type", ""},
		{"string", `"x"`, "member_type", ""},
		{"number", `1`, "member_type", ""},
		{"unclosed", `{"handle":"a"`, "json_malformed", ""},
		{"no value", `{"handle":}`, "json_malformed", "/handle"},
		{"no colon", `{"handle" "a"}`, "json_malformed", ""},
		{"no comma", `{"handle":"a" "email":"b"}`, "json_malformed", ""},
		{"two commas", `{"handle":"a",,` + rest, "json_malformed", ""},
		{"comma at the end", `{"handle":"a",}`, "json_malformed", ""},
		{"bare name", `{handle:"a"}`, "json_malformed", ""},
		{"single quotes", `{'handle':'a'}`, "json_malformed", ""},
		{"comment", `{/**/}`, "json_malformed", ""},
		{"byte order mark", "\ufeff{}", "json_malformed", ""},
		{"trailing brace", `{"handle":"a",` + rest + `}`, "json_malformed", ""},
		{"trailing value", `{"handle":"a",` + rest + `{}`, "json_malformed", ""},
		{"trailing NUL", `{"handle":"a",` + rest + "\x00", "json_malformed", ""},
		{"open string", `{"handle":"a`, "json_malformed", "/handle"},
		{"open escape", `{"handle":"a\`, "json_malformed", "/handle"},
		{"unknown escape", `{"handle":"\x41",` + rest, "json_malformed", "/handle"},
		{"short escape", `{"handle":"\u12",` + rest, "json_malformed", "/handle"},
		{"high surrogate", `{"handle":"\ud83d",` + rest, "json_malformed", "/handle"},
		{"low surrogate", `{"handle":"\udd12",` + rest, "json_malformed", "/handle"},
		{"surrogate and U+FFFD", `{"handle":"\ufffd\ud83d",` + rest, "json_malformed", "/handle"},
		{"control character", "{\"handle\":\"a\nb\"," + rest, "json_malformed", "/handle"},
		{"invalid UTF-8", "{\"handle\":\"\xff\"," + rest, "json_malformed", ""},
		{"number for string", `{"handle":1,` + rest, "member_type", "/handle"},
		{"null for string", `{"handle":null,` + rest, "member_type", "/handle"},
		{"object for string", `{"handle":{},` + rest, "member_type", "/handle"},
		{"string for object", `{"handle":"a","account_proof":"oauth"}`, "member_type", "/account_proof"},
		{"string for boolean", `{"listed":"true",` + rest, "member_type", "/listed"},
		{"null for boolean", `{"listed":null,` + rest, "member_type", "/listed"},
		{"half a boolean", `{"listed":tru,` + rest, "member_type", "/listed"},
		{"long boolean", `{"listed":trueish,` + rest, "json_malformed", ""},
		{"missing deeper", `{"handle":"a","email":"b","account_proof":{},"lang":"fr"}`, "member_missing", "/account_proof/method"},
		{"unknown", `{"handle":"a","extra":[[[`, "member_unknown", "/extra"},
		{"unknown deeper", `{"account_proof":{"method":"oauth","x/y~z":1}}`, "member_unknown", "/account_proof/x~1y~0z"},
		{"unknown and long", `{"` + strings.Repeat("x", 65) + `":1}`, "member_unknown", ""},
		{"other case", `{"Handle":"a",` + rest, "member_unknown", "/Handle"},
		{"folding", `{"li\u017fted":true}`, "member_unknown", "/liſted"},
		{"empty name", `{"":1}`, "member_unknown", "/"},
		{"repeated", `{"handle":"a","handle":"a",` + rest, "member_repeated", "/handle"},
		{"repeated by escape", `{"handle":"a","h\u0061ndle":"b",` + rest, "member_repeated", "/handle"},
		{"repeated deeper", `{"account_proof":{"method":"oauth","method":"link"}}`, "member_repeated", "/account_proof/method"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b RequestBeginning
			f, shown := fault.Of(decode([]byte(c.body), &b))
			if !shown {
				t.Fatal("accepted")
			}
			if f.Code != c.code || f.Field != c.field || f.Kind != fault.Invalid {
				t.Errorf("got %s at %q, want %s at %q", f.Code, f.Field, c.code, c.field)
			}
		})
	}
}

func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	const body = " {\t\"handle\" : \"\\u0040a\\\"\\uFFFD\\ud83d\\ude00\uFFFDé\",\r\n\"email\":\"\", \"account_proof\":{\"method\":\"x\"},\"lang\":\"fr\" , \"listed\":false } \n"
	var got RequestBeginning
	if err := decode([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	handle, email, lang, listed := "@a\"\uFFFD\U0001F600\uFFFDé", "", "fr", false
	want := RequestBeginning{
		Handle: &handle, Email: &email, AccountProof: &AccountProofMethod{Method: "x"}, Lang: &lang, Listed: &listed,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestDecodeKnowsEveryBody decodes every type of body with all of its members.
func TestDecodeKnowsEveryBody(t *testing.T) {
	t.Parallel()
	s, yes := "s", true
	for _, want := range []any{
		&RequestBeginning{Handle: &s, Email: &s, Lang: &s, Listed: &yes, Renews: &s, Accesses: &s,
			AccountProof: &AccountProofMethod{}, MailboxProof: &MailboxProofMethod{}},
		&AccountProof{Code: &s}, &MailboxProof{Code: &s},
		&VerifyRequest{Attestation: &s, Handle: &s, ExpectHandle: &s}, &none{},
	} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := decode(text, want); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzDecode: what is accepted, encoding/json reads alike; what it refuses, we do.
func FuzzDecode(f *testing.F) {
	f.Add(`{"handle":"a","email":"b","account_proof":{"method":"oauth"},"lang":"fr","listed":true}`)
	f.Add(`{"handle":"\ud83d\ude00","email":"\"","account_proof":{"method":"\n"},"lang":"fr"} `)
	f.Add(`{"a":[{"b":null}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		var got, want RequestBeginning
		if decode([]byte(body), &got) != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}
