package verify

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The vectors lie beside the repository.
const vectorsDir = "../../shared/vectors"

func readVectors(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorsDir, name))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("no vectors beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func vectorKey(t *testing.T, x, y string) *publicKey {
	t.Helper()
	k, err := parseObject(string(mustJSON(object{"kty": "EC", "crv": "P-256", "x": x, "y": y})))
	if err != nil {
		t.Fatal(err)
	}
	key, err := parseJWK(k)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The keys of the SD-JWT examples.
func exampleIssuer(t *testing.T) *publicKey {
	return vectorKey(t, "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ", "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8")
}

func exampleHolder(t *testing.T) *publicKey {
	return vectorKey(t, "TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc", "ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ")
}

// TestSDJWTVectors verifies and processes the examples of RFC 9901 and of the
// SD-JWT VC draft, key bindings included.
func TestSDJWTVectors(t *testing.T) {
	t.Parallel()
	issuer, holder := exampleIssuer(t), exampleHolder(t)
	for _, file := range []string{"rfc9901-editor-copy.tokens", "sd-jwt-vc-draft.tokens"} {
		for i, token := range strings.Fields(readVectors(t, file)) {
			t.Run(file+" "+strconv.Itoa(i+1), func(t *testing.T) {
				t.Parallel()
				if !strings.Contains(token, "~") {
					token += "~" // the file's first line is the JWS alone
				}
				checkVector(t, token, issuer, holder)
			})
		}
	}
}

func checkVector(t *testing.T, token string, issuer, holder *publicKey) {
	t.Helper()
	compact, disclosures, binding, err := splitToken(token)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := parseJWS(compact)
	if err != nil || !signed.verify(issuer) {
		t.Fatalf("the issuer's signature: %v", err)
	}
	processed, u, err := unpack(signed.payload, disclosures)
	if err != nil {
		t.Fatal(err)
	}
	holdPlain(t, processed)
	if len(u.done) != len(disclosures) {
		t.Errorf("%d disclosures processed of %d", len(u.done), len(disclosures))
	}
	if len(disclosures) > 0 {
		if _, _, err := unpack(signed.payload, slices.Concat(disclosures, []string{disclosure("s", "x", 1)})); err == nil {
			t.Error("a foreign disclosure was accepted")
		}
	}
	if binding == "" {
		return
	}
	kb, err := parseJWS(binding)
	if err != nil || !kb.verify(holder) || kb.header.str("typ") != "kb+jwt" {
		t.Errorf("the key binding: %v", err)
	}
	if want := digestOf(strings.TrimSuffix(token, binding)); kb.payload.str("sd_hash") != want {
		t.Errorf("sd_hash is %s, want %s", kb.payload.str("sd_hash"), want)
	}
}

func TestStatusListTokenVectors(t *testing.T) {
	t.Parallel()
	k := with(jwk("12", testKey(1)), object{
		"x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo", "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M",
	})
	issuer, err := NewIssuer("https://example.com", jwks(k))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(readVectors(t, "status-list-draft.tokens"))
	raw := strings.Join(strings.Fields(readVectors(t, "status-list/status_list_jwt_raw.txt")), "")
	lists := 0
	for _, token := range append(lines, raw) {
		if strings.Contains(token, "~") { // an SD-JWT that refers to a list
			checkVector(t, token, exampleIssuer(t), exampleHolder(t))
			continue
		}
		lists++
		list, err := VerifyStatusList(token, issuer, "https://example.com/statuslists/1", time.Unix(1686920170, 0))
		if err != nil {
			t.Fatal(err)
		}
		expectStatuses(t, list.list, []byte{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1})
	}
	if lists != 3 {
		t.Errorf("%d lists, want 3", lists)
	}
}

func expectStatuses(t *testing.T, l *StatusList, want []byte) {
	t.Helper()
	for i, w := range want {
		if s, err := l.Status(int64(i)); err != nil || byte(s) != w {
			t.Errorf("index %d: %d, %v, want %d", i, s, err, w)
		}
	}
	if l.Len() != int64(len(want)) {
		t.Errorf("%d entries, want %d", l.Len(), len(want))
	}
}

func vectorList(t *testing.T, file string) *StatusList {
	t.Helper()
	text := strings.Join(strings.Fields(readVectors(t, filepath.Join("status-list", file))), "")
	m := regexp.MustCompile(`"bits":([0-9]+),"lst":"([^"]+)"`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no list in %s", file)
	}
	bits, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	list, err := DecodeStatusList(bits, m[2])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestShortStatusListVectors(t *testing.T) {
	t.Parallel()
	expectStatuses(t, vectorList(t, "status_list_encoding_json.txt"), []byte{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1})
	expectStatuses(t, vectorList(t, "status_list_encoding2_json.txt"), []byte{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3})
}

// TestLongStatusListVectors compares with the entries that the draft's test vectors
// name; all others are 0.
func TestLongStatusListVectors(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]map[int64]Status{
		"status_list_encoding1_long_json.txt": {0: 1, 1993: 1, 25460: 1, 159495: 1, 495669: 1, 554353: 1, 645645: 1,
			723232: 1, 854545: 1, 934534: 1, 1000345: 1},
		"status_list_encoding2_long_json.txt": {0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2,
			723232: 1, 854545: 1, 934534: 2, 1000345: 3},
		"status_list_encoding4_json.txt": {0: 1, 1993: 2, 35460: 3, 459495: 4, 595669: 5, 754353: 6, 845645: 7,
			923232: 8, 924445: 9, 934534: 10, 1004534: 11, 1000345: 12, 1030203: 13, 1030204: 14, 1030205: 15},
	} {
		got := nonZero(t, vectorList(t, file))
		for idx, s := range got {
			if want[idx] != s {
				t.Errorf("%s: index %d is %d, want %d", file, idx, s, want[idx])
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d entries are not 0, want %d", file, len(got), len(want))
		}
	}
	// The list of 8 bits holds each value once.
	seen := map[Status]bool{}
	for _, s := range nonZero(t, vectorList(t, "status_list_encoding8_json.txt")) {
		seen[s] = true
	}
	if len(seen) != 255 {
		t.Errorf("%d values in the list of 8 bits, want 255", len(seen))
	}
}

func nonZero(t *testing.T, l *StatusList) map[int64]Status {
	t.Helper()
	if l.Len() != 1<<20 {
		t.Errorf("%d entries, want 2^20", l.Len())
	}
	got := map[int64]Status{}
	for idx := range l.Len() {
		s, err := l.Status(idx)
		if err != nil {
			t.Fatal(err)
		}
		if s != 0 {
			got[idx] = s
		}
	}
	return got
}
