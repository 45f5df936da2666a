package verify

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStrictJSON(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		`null`, ` true `, "\t[\r\n]", `{}`, `0`, `-0`, `1.5e-7`, `1E+2`, `""`, `"\u00e9\ud83d\ude00\n\/"`, `"é"`, `[[],{},[null]]`,
		`{"a":{"a":1},"b":[{"a":1},{"a":1}]}`, `{"":1}`, `{"a":1,"A":2}`, `"\u0000"`,
	} {
		v, err := parseJSON(good)
		if err != nil {
			t.Errorf("%s: refused", good)
			continue
		}
		if diff := cmp.Diff(unmarshal(t, good), unmarshal(t, render(v))); diff != "" {
			t.Errorf("%s: %s", good, diff)
		}
	}
	for _, bad := range []string{
		``, ` `, `nul`, `nulll`, `True`, `[1,]`, `[,1]`, `{"a":1,}`, `{"a"}`, `{a:1}`, `{'a':1}`, `{"a":1 "b":2}`, `[1 2]`, `[`, `{`, `{"a":`,
		`"`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\ud800"`, `"\ud800\u0041"`, `"\udc00"`, "\"\n\"", "\"\x00\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
		`01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `0x1`, `NaN`, `Infinity`, `1 2`, `{}{}`, "\ufeff{}", "\v1", "\u00a01", `/**/1`,
		`{"a":1,"a":1}`, `{"a":1,"\u0061":1}`, `[{"b":{"a":1,"a":1}}]`,
		`{` + strings.Repeat(`"x":1,`, 30) + `"y":1}`,
		strings.Repeat("[", 40) + strings.Repeat("]", 40), strings.Repeat("[", 1<<20),
	} {
		if _, err := parseJSON(bad); err == nil {
			t.Errorf("%.60q: accepted", bad)
		}
	}
}

func TestIntegers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0": true, "-1": true, "9007199254740991": true, "9007199254740992": false, "-9007199254740992": false,
		"1.0": false, "1e3": false, `"1"`: false, "null": false, "99999999999999999999": false,
	} {
		v, err := parseObject(`{"n":` + text + `}`)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := v.integer("n"); ok != want {
			t.Errorf("%s: an integer %t, want %t", text, ok, want)
		}
	}
}

func unmarshal(t *testing.T, s string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v
}

// FuzzStrictJSON compares with encoding/json: what is accepted here means the same there.
func FuzzStrictJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"\ud83d\ude00"],"b":{"c":null}}`, `{"a":1,"a":2}`, `"\ud800"`, "\"\xff\"", `[1,]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseJSON(s)
		if err != nil {
			return
		}
		if !json.Valid([]byte(s)) {
			t.Fatalf("%q is accepted and is no JSON", s)
		}
		if diff := cmp.Diff(unmarshal(t, s), unmarshal(t, render(v))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzBase64 holds decoding to be the reverse of encoding.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "AA", "AB", "AAA=", "A A", "-_-_", "+/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := decodeBase64(s)
		if err == nil && b64(b) != s {
			t.Fatalf("%q decodes to %x, which encodes as %q", s, b, b64(b))
		}
	})
}
