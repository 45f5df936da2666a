package verify

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"testing"
	"time"
)

func TestStatusListBits(t *testing.T) {
	t.Parallel()
	l, err := NewStatusList(1 << 20)
	if err != nil || l.Len() != 1<<20 {
		t.Fatal(l, err)
	}
	set := map[int64]Status{0: Suspended, 1: Revoked, 2: Suspended, 7: Revoked, 1<<20 - 1: Suspended}
	for idx, s := range set {
		if err := l.Set(idx, Status(3)); err != nil {
			t.Fatal(err)
		}
		if err := l.Set(idx, s); err != nil {
			t.Fatal(err)
		}
	}
	if l.data[0] != 0b00_10_01_10 { // least significant bits first
		t.Errorf("first byte %08b", l.data[0])
	}
	lst, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeStatusList(StatusBits, lst)
	if err != nil {
		t.Fatal(err)
	}
	for idx := range int64(16) {
		if s, err := back.Status(idx); err != nil || s != set[idx] {
			t.Errorf("index %d: %v, %v", idx, s, err)
		}
	}
	for _, idx := range []int64{-1, 1 << 20, 1 << 62} {
		if _, err := back.Status(idx); !errors.Is(err, ErrIndex) {
			t.Errorf("index %d: %v", idx, err)
		}
		if err := back.Set(idx, Revoked); !errors.Is(err, ErrIndex) {
			t.Errorf("set %d: %v", idx, err)
		}
	}
	if err := back.Set(0, 4); err == nil {
		t.Error("4 was put into two bits")
	}
	for _, n := range []int{-4, 0, 3, 1<<22 + 4} {
		if _, err := NewStatusList(n); err == nil {
			t.Errorf("a list of %d entries was made", n)
		}
	}
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

func TestDecodeStatusListRefuses(t *testing.T) {
	t.Parallel()
	good := deflate([]byte{1, 2, 3})
	for name, tt := range map[string]struct {
		bits int
		lst  string
	}{
		"3 bits": {3, b64(good)}, "0 bits": {0, b64(good)}, "-1 bits": {-1, b64(good)}, "16 bits": {16, b64(good)},
		"empty": {2, ""}, "padded": {2, b64(good) + "="}, "newline": {2, b64(good) + "\n"}, "not zlib": {2, b64([]byte("hello"))},
		"raw deflate": {2, b64(good[2 : len(good)-4])}, "cut": {2, b64(good[:len(good)-1])},
		"wrong checksum": {2, b64(append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1))},
		"bytes after":    {2, b64(append(bytes.Clone(good), 0))}, "two streams": {2, b64(append(bytes.Clone(good), good...))},
		"nothing in it": {2, b64(deflate(nil))},
		"bomb":          {8, b64(deflate(make([]byte, maxInflated+1)))},
	} {
		if _, err := DecodeStatusList(tt.bits, tt.lst); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if l, err := DecodeStatusList(8, b64(deflate(make([]byte, maxInflated)))); err != nil || l.Len() != 1<<20 {
		t.Errorf("1 MiB: %v", err)
	}
}

func TestVerifyStatusListRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := testListPayload(t, nil)
	list := good["status_list"].(object)
	revoked, err := NewIssuer(testIssuer, jwks(jwk(testKID, testKey(1))), RevokedKey{KeyID: testKID})
	if err != nil {
		t.Fatal(err)
	}
	header := func(change object) string { return sign(with(listHeader(), change), good) }
	payload := func(change object) string { return sign(listHeader(), with(good, change)) }
	tampered := []byte(payload(nil))
	tampered[200] ^= 1
	for name, token := range map[string]string{
		"empty": "", "garbage": "x.y.z", "tampered": string(tampered), "with a tilde": payload(nil) + "~",
		"alg none": header(object{"alg": "none"}), "typ absent": header(object{"typ": nil}), "typ JWT": header(object{"typ": "JWT"}),
		"typ of a token": header(object{"typ": TypeSDJWT}), "crit": header(object{"crit": []string{"x"}}),
		"kid absent": header(object{"kid": nil}), "kid unknown": header(object{"kid": "x"}),
		"another key": signRaw(testKey(2), mustJSON(listHeader()), mustJSON(good)),
		"sub absent":  payload(object{"sub": nil}), "sub of another list": payload(object{"sub": testIssuer + "/status/2"}),
		"iat absent": payload(object{"iat": nil}), "iat a string": payload(object{"iat": "1"}),
		"iat ahead": payload(object{"iat": testNow.Unix() + 61}), "exp now": payload(object{"exp": testNow.Unix()}),
		"exp zero": payload(object{"exp": 0}), "exp a string": payload(object{"exp": "x"}), "ttl negative": payload(object{"ttl": -1}),
		"no status_list": payload(object{"status_list": nil}), "bits absent": payload(object{"status_list": with(list, object{"bits": nil})}),
		"bits 3": payload(object{"status_list": with(list, object{"bits": 3})}), "lst absent": payload(object{"status_list": with(list, object{"lst": nil})}),
		"lst a number": payload(object{"status_list": with(list, object{"lst": 1})}),
		"huge":         payload(object{"x": string(bytes.Repeat([]byte("x"), MaxListToken))}),
	} {
		if _, err := VerifyStatusList(token, w.issuer, testList, testNow); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := VerifyStatusList(payload(nil), revoked, testList, testNow); err == nil {
		t.Error("a list signed by a revoked key was accepted")
	}
	signed, err := VerifyStatusList(payload(object{"ttl": maxSafeNumber / 100000}), w.issuer, testList, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if signed.SignedBy(revoked) || !signed.SignedBy(w.issuer) || signed.TTL() <= 0 || !signed.IssuedAt().Equal(testNow) {
		t.Error("the list tells wrongly who signed it, when, or for how long")
	}
}

func TestOffline(t *testing.T) {
	t.Parallel()
	older := sign(listHeader(), with(testListPayload(t, map[int64]Status{417233: Revoked}), object{"iat": testNow.Unix() - 60}))
	newer := sign(listHeader(), testListPayload(t, map[int64]Status{417233: Suspended}))
	forged := signRaw(testKey(2), mustJSON(listHeader()), mustJSON(with(testListPayload(t, nil), object{"iat": testNow.Unix() + 30})))
	verdictOf := func(issuer string, lists ...string) Report {
		src, err := NewOffline(Offline{Issuer: issuer, JWKS: jwks(jwk(testKID, testKey(1))), Lists: lists, Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		v := New(Config{Source: src, Now: clock})
		v.Verify(context.Background(), testToken(), AnyAccount())
		return v.Verify(context.Background(), testToken(), AnyAccount())
	}
	expect(t, verdictOf(testIssuer), "status", StatusUnavailable)
	expect(t, verdictOf(testIssuer, forged), "status", StatusUnavailable)
	expect(t, verdictOf(testIssuer, older), "status", StatusRevoked)
	expect(t, verdictOf(testIssuer, newer, older, forged), "status", StatusSuspended)
	expect(t, verdictOf("https://other.example", newer), "issuer", IssuerUntrusted)
	for _, bad := range []Offline{
		{Issuer: "", JWKS: jwks()}, {Issuer: testIssuer}, {Issuer: testIssuer, JWKS: jwks(), Lists: []string{"x"}},
	} {
		if _, err := NewOffline(bad); err == nil {
			t.Errorf("%+v: accepted", bad)
		}
	}
}

// TestOfflineExpires shows that a list once verified does not outlive its exp.
func TestOfflineExpires(t *testing.T) {
	t.Parallel()
	now := testNow
	src, err := NewOffline(Offline{Issuer: testIssuer, JWKS: jwks(jwk(testKID, testKey(1))), Now: func() time.Time { return now },
		Lists: []string{sign(listHeader(), testListPayload(t, nil))}})
	if err != nil {
		t.Fatal(err)
	}
	v := New(Config{Source: src, Now: func() time.Time { return now }})
	if r := v.Verify(context.Background(), testToken(), AnyAccount()); !r.Valid {
		t.Fatal(r.Code)
	}
	now = now.Add(24 * time.Hour)
	expect(t, v.Verify(context.Background(), testToken(), AnyAccount()), "status", StatusUnavailable)
}

// FuzzStatusList holds what decodes to answer for its indices and no others, and
// to survive being encoded again.
func FuzzStatusList(f *testing.F) {
	f.Add(2, b64(deflate([]byte{0xc9, 0x44, 0xf9})))
	f.Add(1, "eNrbuRgAAhcBXQ")
	f.Add(8, "")
	f.Fuzz(func(t *testing.T, bits int, lst string) {
		l, err := DecodeStatusList(bits, lst)
		if err != nil {
			return
		}
		if _, err := l.Status(l.Len()); !errors.Is(err, ErrIndex) || len(l.data) > maxInflated {
			t.Fatalf("%d bytes, index %d: %v", len(l.data), l.Len(), err)
		}
		last, err := l.Status(l.Len() - 1)
		if err != nil {
			t.Fatal(err)
		}
		again, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeStatusList(bits, again)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := back.Status(l.Len() - 1); err != nil || s != last {
			t.Fatalf("%v becomes %v, %v", last, s, err)
		}
	})
}
