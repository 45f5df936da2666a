package translog

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"filippo.io/mostly-harmless/vrf-r255"
)

const (
	testAcct   = "acct:marie@social.example"
	testDomain = "culture.gouv.fr"
)

func fixedVRF(t testing.TB) *VRF {
	t.Helper()
	v, err := NewVRF(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOutputsAreDeterministicAndApart(t *testing.T) {
	t.Parallel()
	acct, domain, err := fixedVRF(t).Outputs(testAcct, testDomain)
	if err != nil {
		t.Fatal(err)
	}
	if len(acct) != OutputSize || len(domain) != OutputSize {
		t.Fatalf("outputs of %d and %d bytes, want %d", len(acct), len(domain), OutputSize)
	}
	again, err := fixedVRF(t).Output(Account, testAcct)
	if err != nil || !bytes.Equal(again, acct) {
		t.Errorf("the same name gave another output (%v)", err)
	}
	asAgency, err := fixedVRF(t).Output(Agency, testAcct)
	if err != nil || bytes.Equal(asAgency, acct) {
		t.Errorf("an agency of the account's name has the account's output (%v)", err)
	}
	other, err := NewVRF(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := other.Output(Account, testAcct)
	if err != nil || bytes.Equal(elsewhere, acct) {
		t.Errorf("another key gave the same output (%v)", err)
	}
}

// The derivation from the data key must never change: the log would lose its
// names. This pins the public key and the two outputs of one badge.
func TestOutputsNeverChange(t *testing.T) {
	t.Parallel()
	v := fixedVRF(t)
	acct, domain, err := v.Outputs(testAcct, testDomain)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"public key", v.PublicKey(), "ec7f598aa860e8fe768d0432ac5b7408d39aaffb3a054cea9eea5bbf61f38519"},
		{"account", acct[:16], "eab7ffbd57639521958700686371c803"},
		{"agency", domain[:16], "45f121de27113efeb6d70f202df77ec5"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestOutputsVerifyUnderThePublicKey(t *testing.T) {
	t.Parallel()
	v := fixedVRF(t)
	public, err := vrf.NewPublicKey(v.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	for alpha, kind := range map[string]Kind{testAcct: Account, "domain:" + testDomain: Agency} {
		got, err := v.Output(kind, strings.TrimPrefix(alpha, "domain:"))
		if err != nil {
			t.Fatal(err)
		}
		beta, err := public.Verify(v.key.Prove([]byte(alpha)), []byte(alpha))
		if err != nil || !bytes.Equal(beta, got) {
			t.Errorf("%s: the proof's output differs (%v)", alpha, err)
		}
		if _, err := public.Verify(v.key.Prove([]byte(alpha)), []byte(alpha+"x")); err == nil {
			t.Errorf("%s: the proof holds for another name", alpha)
		}
	}
}

func TestBadInputs(t *testing.T) {
	t.Parallel()
	if _, err := NewVRF(make([]byte, 31)); err == nil {
		t.Error("a short key was taken")
	}
	v := fixedVRF(t)
	for _, c := range []struct {
		kind Kind
		name string
	}{
		{Account, ""}, {Account, "acct:"}, {Account, "marie@social.example"},
		{Agency, ""}, {Agency, strings.Repeat("a", maxInput+1)}, {"other", testDomain},
	} {
		if _, err := v.Output(c.kind, c.name); err == nil {
			t.Errorf("Output(%q, %.20q) was accepted", c.kind, c.name)
		}
	}
	if _, _, err := v.Outputs(testAcct, ""); err == nil {
		t.Error("Outputs took an empty domain")
	}
}

// An agency's output is computed once, whatever is done with what was given, and
// no more are kept than there is room for.
func TestAgenciesAreRemembered(t *testing.T) {
	t.Parallel()
	v := fixedVRF(t)
	_, first, err := v.Outputs(testAcct, testDomain)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(first)
	for range 2 {
		clear(first)
		if _, first, err = v.Outputs(testAcct, testDomain); err != nil || !bytes.Equal(first, want) {
			t.Errorf("%x, %v", first, err)
		}
	}
	for n := range maxAgencies - 1 {
		v.agencies[strconv.Itoa(n)] = want
	}
	if _, _, err := v.Outputs(testAcct, "insee.fr"); err != nil || len(v.agencies) != 1 {
		t.Errorf("%d are kept: %v", len(v.agencies), err)
	}
}

func BenchmarkOutputs(b *testing.B) {
	v := fixedVRF(b)
	for b.Loop() {
		if _, _, err := v.Outputs(testAcct, testDomain); err != nil {
			b.Fatal(err)
		}
	}
}
