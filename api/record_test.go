package api_test

import (
	"strings"
	"testing"

	"cocarde.example/attest"
)

func TestBeginningsOfRenewalsAndAccess(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.want(201, "POST", "/v1/requests", `{"renews":"`+badgeID+`","account_proof":{"method":"oauth"},"lang":"fr"}`)
	if got := s.requests.renewing; got.BadgeID != badgeID || got.Method != "oauth" || got.Lang != "fr" || got.Client == "" {
		t.Errorf("got %+v", got)
	}
	s.want(201, "POST", "/v1/requests", `{"accesses":"`+badgeID+`","account_proof":{"method":"link"}}`)
	if got := s.requests.accessing; got.BadgeID != badgeID || got.Method != "link" || got.ByMailbox || got.Lang != "" {
		t.Errorf("got %+v", got)
	}
	s.want(201, "POST", "/v1/requests", `{"accesses":"`+badgeID+`","mailbox_proof":{"method":"code"}}`)
	if got := s.requests.accessing; got.Method != "code" || !got.ByMailbox {
		t.Errorf("got %+v", got)
	}
}

// TestOneBeginningAtATime: no member of one form is taken in another.
func TestOneBeginningAtATime(t *testing.T) {
	t.Parallel()
	s := open(t)
	const proof = `"account_proof":{"method":"oauth"}`
	for body, want := range map[string]string{
		`{"renews":"b"}`:                                                                   "member_missing /account_proof",
		`{"accesses":"b"}`:                                                                 "member_missing /account_proof",
		`{"renews":"b","accesses":"b",` + proof:                                            "member_out_of_place /accesses",
		`{"renews":"b","handle":"@a@b.example",` + proof:                                   "member_out_of_place /handle",
		`{"renews":"b","email":"a@b.example",` + proof:                                     "member_out_of_place /email",
		`{"renews":"b","listed":true,` + proof:                                             "member_out_of_place /listed",
		`{"renews":"b","mailbox_proof":{"method":"code"},` + proof:                         "member_out_of_place /mailbox_proof",
		`{"accesses":"b","mailbox_proof":{"method":"code"},` + proof:                       "member_out_of_place /account_proof",
		`{"accesses":"b","listed":false,` + proof:                                          "member_out_of_place /listed",
		`{"handle":"a","email":"b","lang":"fr","mailbox_proof":{"method":"code"},` + proof: "member_out_of_place /mailbox_proof",
		`{"handle":"a","lang":"fr",` + proof:                                               "member_missing /email",
		`{}`:                                                                               "member_missing /handle",
		`{"email":"b","lang":"fr",` + proof:                                                "member_missing /handle",
		`{"renews":1,` + proof:                                                             "member_type /renews",
		`{"renews":null,` + proof:                                                          "member_type /renews",
	} {
		if !strings.HasSuffix(body, "}") || strings.Count(body, "{") != strings.Count(body, "}") {
			body += "}"
		}
		code, field, _ := strings.Cut(want, " ")
		if p := s.wantProblem(400, code, "POST", "/v1/requests", body); p["field"] != field {
			t.Errorf("%s: the field is %v", body, p["field"])
		}
	}
	if s.requests.began != (attest.Beginning{}) || s.requests.renewing != (attest.Renewing{}) || s.requests.accessing != (attest.Accessing{}) {
		t.Error("a refused body began something")
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	s := open(t)
	const badge = "/v1/attestations/" + badgeID
	s.want(200, "GET", badge+"/record", "", auth)
	header, _ := s.do("GET", badge+"/record", "", auth)
	if header.Header.Get("Content-Disposition") != `attachment; filename="badge-`+badgeID+`.json"` || header.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", header.Header)
	}
	for _, path := range []string{badge, badge + "/record"} {
		s.wantProblem(401, "token_missing", "DELETE", path, "")
		s.wantProblem(401, "token_wrong", "DELETE", path, "", "Authorization: Bearer of-somebody-else-012345")
	}
	s.wantProblem(401, "token_missing", "GET", badge+"/record", "")
	if s.requests.withdrawn || s.requests.erased {
		t.Fatal("done without the token")
	}
	s.want(204, "DELETE", badge, "", auth)
	s.want(204, "DELETE", badge+"/record", "", auth)
	if !s.requests.withdrawn || !s.requests.erased {
		t.Error("not done")
	}
}
