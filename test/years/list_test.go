package years

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"cocarde.example/verify"
)

// What the issuer promises of its status lists.
const (
	listURI   = origin + "/status/1"
	listLives = day
	signAgain = hour
)

// list is the status list as strangers see it, read without our own library.
type list struct {
	t       *testing.T
	token   string
	issued  time.Time
	ends    time.Time
	lst     string
	checked string // whose entries were counted
	packed  []byte
	revoked map[int64]bool // ever
}

// read takes the list that is served now, and names its signer.
func (l *list) read(token string, now time.Time) (kid string) {
	l.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		l.t.Fatalf("%v: the list is no JWS: %.100s", now, token)
	}
	var header struct{ Kid, Typ, Alg string }
	var claims struct {
		Sub           string
		Iat, Exp, TTL int64
		StatusList    struct {
			Bits int
			Lst  string
		} `json:"status_list"`
	}
	l.part(parts[0], &header)
	l.part(parts[1], &claims)
	issued, ends := time.Unix(claims.Iat, 0), time.Unix(claims.Exp, 0)
	if header.Typ != "statuslist+jwt" || header.Alg != "ES256" || claims.Sub != listURI || claims.TTL != 300 || claims.StatusList.Bits != 2 {
		l.t.Fatalf("%v: the list says %+v, %+v", now, header, claims)
	}
	if issued.Before(l.issued) || now.Sub(issued) >= signAgain+time.Second || issued.After(now) {
		l.t.Fatalf("%v: the list is of %v, the one before of %v", now, issued, l.issued)
	}
	if ends.Sub(issued) != listLives {
		l.t.Fatalf("%v: a list of %v ends at %v", now, issued, ends)
	}
	l.token, l.issued, l.ends = token, issued, ends
	if claims.StatusList.Lst != l.lst {
		l.lst = claims.StatusList.Lst
		l.unpack()
	}
	return header.Kid
}

func (l *list) part(text string, into any) {
	l.t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	must(l.t, err)
	must(l.t, json.Unmarshal(b, into))
}

func (l *list) unpack() {
	l.t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(l.lst)
	must(l.t, err)
	z, err := zlib.NewReader(bytes.NewReader(b))
	must(l.t, err)
	l.packed, err = io.ReadAll(z)
	must(l.t, err)
	for index := range l.revoked {
		if l.status(index) != verify.Revoked {
			l.t.Fatalf("the list has taken back that %d is revoked", index)
		}
	}
}

// status reads two bits, the lowest first.
func (l *list) status(index int64) verify.Status {
	return verify.Status(l.packed[index/4] >> (2 * (index % 4)) & 3)
}

// check holds every entry against what was done: those that nobody was given are 0.
func (y *years) checkList() {
	y.t.Helper()
	want := 0
	for _, s := range y.statements {
		if got := y.list.status(s.index); got != s.listed || s.uri != listURI {
			y.t.Fatalf("%v: the list says %v of %s, want %v", y.now(), got, s.jti, s.listed)
		}
		if s.listed != verify.Valid {
			want++
		}
		if s.listed == verify.Revoked {
			y.list.revoked[s.index] = true
		}
	}
	if y.list.checked == y.list.lst {
		return
	}
	got := 0
	for _, four := range y.list.packed {
		for ; four != 0; four >>= 2 {
			if four&3 != 0 {
				got++
			}
		}
	}
	if got != want {
		y.t.Fatalf("%v: %d entries of the list are not valid, want %d", y.now(), got, want)
	}
	y.list.checked = y.list.lst
}
