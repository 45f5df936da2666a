package chain

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/sandbox"
)

// access asks to be let at a badge, by one proof.
func (a *agent) access(badge, method string) answer {
	a.t.Helper()
	proof := "account_proof"
	if method == "code" {
		proof = "mailbox_proof"
	}
	got := a.do(http.MethodPost, "/v1/requests", `{"accesses":"`+badge+`","`+proof+`":{"method":"`+method+`"}}`)
	if got.status == http.StatusCreated {
		a.remember(got)
	}
	return got
}

// own is a call on the badge with the request's token.
func (a *agent) own(method, badge, what string) answer {
	a.t.Helper()
	return a.do(method, "/v1/attestations/"+badge+what, "", "Authorization: Bearer "+a.token)
}

// accessed goes the whole way to a proven request for access.
func (a *agent) accessed(badge, method string) {
	a.t.Helper()
	a.access(badge, method).want(http.StatusCreated)
	a.own(http.MethodGet, badge, "/record").refused(http.StatusUnauthorized, "token_wrong", "")
	switch method {
	case "code":
		a.typeCode(a.nextCode()).want(http.StatusOK)
	case "oauth":
		a.visit(a.signIn(), a.cookie).want(http.StatusOK)
	case "link":
		var b struct {
			LinkURL  string `json:"link_url"`
			BadgeURL string `json:"badge_url"`
			State    string
		}
		a.call(http.MethodGet, "", "").into(&b)
		if seen := a.look(b.BadgeURL); seen.State != "awaiting_account_proof" { // it stands in every profile
			a.t.Fatalf("the badge's own link proved who asks: %+v", seen)
		}
		a.look(b.LinkURL)
	}
	if s := a.state(); s != "proven" {
		a.t.Fatalf("by %s it is %s", method, s)
	}
}

// recorded is what is kept, as the agent takes it along.
type recorded struct {
	ID, Handle, Actor, Mailbox, Status string
	Proofs                             []string
	Attestations                       []struct {
		JTI, Status, Attestation string
		IssuedAt                 time.Time `json:"issued_at"`
	}
	Acts []struct{ What, By, Reason, Note string }
}

func (a *agent) record(badge string) (r recorded, text string) {
	a.t.Helper()
	got := a.own(http.MethodGet, badge, "/record").want(http.StatusOK)
	got.into(&r)
	return r, got.text
}

// TestWhatIsKeptIsShownToEachProof renews a badge on which an auditor has acted
// before and after, and asks by each proof.
func TestWhatIsKeptIsShownToEachProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	first := a.attested()
	desk := w.desk(t)
	act := attest.Act{BadgeID: first.id(), By: "operator", Reason: attest.LeftAgency, Note: "a note that names " + a.mailbox}
	for range 2 { // before the renewal and after
		if _, err := desk.Badges.Suspend(t.Context(), act); err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Badges.Resume(t.Context(), act); err != nil {
			t.Fatal(err)
		}
		w.clock.advance(50 * 24 * time.Hour)
		a.renew(first.id()).want(http.StatusCreated)
		a.proveAccount()
		a.renewed()
	}
	all, _ := a.record(first.id()) // the renewal has both proofs
	if len(all.Proofs) != 2 || all.Mailbox != a.mailbox || all.Handle != a.handle || len(all.Attestations) != 3 || all.Acts[0].Note != act.Note {
		t.Errorf("by both: %+v", all)
	}
	for _, method := range []string{"oauth", "link"} {
		a.accessed(first.id(), method)
		got, text := a.record(first.id())
		if len(got.Attestations) != 3 || got.Handle != a.handle || got.Acts[0].Reason != "left_agency" || got.Attestations[2].Attestation == "" {
			t.Errorf("by %s: %+v", method, got)
		}
		if strings.Contains(text, strings.Split(a.mailbox, "@")[0]) {
			t.Errorf("by %s the mailbox is shown: %s", method, text)
		}
	}
	a.accessed(first.id(), "code")
	got, text := a.record(first.id())
	if got.Mailbox != a.mailbox || len(got.Attestations) != 1 || got.Attestations[0].JTI != all.Attestations[2].JTI || len(got.Acts) != 0 {
		t.Errorf("by the mailbox: %+v", got)
	}
	for _, private := range []string{a.handle, a.account.ActorID(), a.account.URL(), all.Attestations[0].JTI, all.Attestations[1].JTI, "left_agency", "a note"} {
		if strings.Contains(text, private) {
			t.Errorf("by the mailbox alone %q is shown: %s", private, text)
		}
	}
}

func TestAnAgentWithdrawsTheBadgeByEitherProof(t *testing.T) {
	t.Parallel()
	w := shared(t)
	instance := w.instance(t)
	for _, method := range []string{"oauth", "link", "code"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			a, other := w.agent(t, instance), w.agent(t, instance)
			i, theirs := a.attested(), other.attested()
			a.accessed(i.id(), method)
			a.own(http.MethodDelete, theirs.id(), "").refused(http.StatusUnauthorized, "token_wrong", "")
			a.own(http.MethodGet, theirs.id(), "/record").refused(http.StatusUnauthorized, "token_wrong", "")
			a.own(http.MethodDelete, theirs.id(), "/record").refused(http.StatusUnauthorized, "token_wrong", "")
			a.do(http.MethodDelete, "/v1/attestations/"+i.id(), "").refused(http.StatusUnauthorized, "token_missing", "")
			a.issue().refused(http.StatusConflict, "request_out_of_turn", "")

			a.own(http.MethodDelete, i.id(), "").want(http.StatusNoContent)
			a.own(http.MethodDelete, i.id(), "").want(http.StatusNoContent)
			eventually(t, patience, func() error { return hasStatus(a.visitor, i.Public, "revoked") })
			got, _ := a.record(i.id())
			if got.Status != "revoked" || len(got.Acts) != 1 || got.Acts[0].By != "agent" || method != "code" && got.Acts[0].Reason != "agents_wish" {
				t.Errorf("what is kept: %+v", got)
			}
			told := a.mailed(func(m sandbox.Message) bool { return strings.Contains(m.Subject, "retiré") }, 1)
			a.namesNobody(told, i.id())
			eventually(t, patience, func() error { return hasStatus(other.visitor, theirs.Public, "valid") })
		})
	}
}

func TestATokenStopsToOpenWithItsRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(t, w.instance(t))
	i := a.attested()
	a.accessed(i.id(), "oauth")
	a.record(i.id())
	w.clock.advance(time.Hour)
	a.own(http.MethodGet, i.id(), "/record").refused(http.StatusUnauthorized, "token_wrong", "")
	a.accessed(i.id(), "oauth")
	a.call(http.MethodDelete, "", "").want(http.StatusNoContent)
	a.own(http.MethodDelete, i.id(), "/record").refused(http.StatusUnauthorized, "token_wrong", "")
}

// TestUnaskedCodesAreFew: who only knows a badge's link makes few mails go out, and
// takes none from the agent, who may ask from elsewhere.
func TestUnaskedCodesAreFew(t *testing.T) {
	t.Parallel()
	w := limited(t, func(l *attest.Limits) { l.UnaskedPerClient, l.UnaskedPerMailbox = 3, 5 })
	a := w.agent(t, w.instance(t))
	i := a.attested()
	from := func(n int) string { return fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", n) }
	body := `{"accesses":"` + i.id() + `","mailbox_proof":{"method":"code"}}`
	asks := func(n int) answer { return a.do(http.MethodPost, "/v1/requests", body, from(n)) }
	again := func(n int) answer { return a.call(http.MethodPost, "/mailbox-proof", "{}", from(n)) }
	a.remember(asks(1).want(http.StatusCreated))
	a.codeMail(2) // each has arrived
	again(1).want(http.StatusOK)
	a.codeMail(3)
	a.remember(asks(1).want(http.StatusCreated))
	a.codeMail(4)
	tooMany(t, asks(1), "too_many_mails")
	tooMany(t, again(1), "too_many_mails")
	a.remember(asks(2).want(http.StatusCreated))
	a.typeCode(a.nextCodeAfter(4)).want(http.StatusOK)
	a.record(i.id())
	asks(3).want(http.StatusCreated)
	a.codeMail(6)
	tooMany(t, asks(4), "too_many_mails") // of many addresses

	// A renewal by a link that stands in the profile is counted alike, and apart.
	a.method = "link"
	if err := a.account.SetFields(sandbox.Field{Name: "Cocarde", Value: w.origin() + "/b/" + i.id()}); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		a.renew(i.id()).want(http.StatusCreated)
		a.call(http.MethodPost, "/account-proof", "{}", from(1)).want(http.StatusOK)
		a.codeMail(7 + n)
	}
	tooMany(t, again(1), "too_many_mails")
	a.renew(i.id()).want(http.StatusCreated)
	tooMany(t, a.call(http.MethodPost, "/account-proof", "{}", from(1)), "too_many_mails")
	a.call(http.MethodPost, "/account-proof", "{}", from(2)).want(http.StatusOK)
	a.codes = 9
	a.renewed()

	a.method = "oauth"
	a.renew(i.id()).want(http.StatusCreated)
	a.proveAccount()
	a.renewed()
}

func TestAnErasedBadgeLeavesNobodysNameBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	instance := w.instance(t)
	a, bystander := w.agent(t, instance), w.agent(t, instance)
	first, theirs := a.attested(), bystander.attested()
	act := attest.Act{BadgeID: first.id(), By: "operator", Reason: attest.Other, Note: "a note about " + a.handle}
	desk := w.desk(t)
	for _, do := range []func() (bool, error){
		func() (bool, error) { return desk.Badges.Suspend(t.Context(), act) },
		func() (bool, error) { return desk.Badges.Resume(t.Context(), act) },
	} {
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
	}
	a.renew(first.id()).want(http.StatusCreated)
	a.proveAccount()
	second := a.renewed()
	open := *a
	open.access(first.id(), "oauth").want(http.StatusCreated) // left open
	a.accessed(first.id(), "code")
	events := w.number(t, `SELECT count(*) FROM events`)

	a.own(http.MethodDelete, first.id(), "/record").want(http.StatusNoContent)
	for _, path := range []string{"/v1/attestations/" + first.id(), "/b/" + first.id(), "/b/" + first.id() + ".svg"} {
		eventually(t, patience, func() error {
			if got := a.get(path); got.status != http.StatusNotFound {
				return fmt.Errorf("%s is %d", path, got.status)
			}
			return nil
		})
	}
	a.get("/v1/attestations/"+first.id()).refused(http.StatusNotFound, "badge_not_found", "")
	a.get("/v1/attestations?handle="+a.handle).refused(http.StatusNotFound, "attestation_not_found", "")
	a.own(http.MethodDelete, first.id(), "/record").refused(http.StatusNotFound, "badge_not_found", "")
	open.call(http.MethodGet, "", "").refused(http.StatusUnauthorized, "token_wrong", "")
	open.visit(open.signIn(), open.cookie).want(http.StatusBadRequest)
	for _, token := range []string{first.Public, second.Public} {
		eventually(t, patience, func() error { return hasStatus(a.visitor, token, "revoked") })
	}
	for _, private := range []string{a.account.Username(), a.handle, a.account.ActorID(), a.account.URL(), a.mailbox, first.Public, second.Public} {
		for _, where := range w.find(t, private) {
			t.Errorf("%q is left in %s", private, where)
		}
	}
	if w.find(t, bystander.account.Username()) == nil {
		t.Error("nothing of anybody else is found: the search is blind")
	}
	if n := w.number(t, `SELECT count(*) FROM events`); n != events+3 { // two indices revoked, and erased
		t.Errorf("%d events came of it", n-events)
	}
	if n := w.number(t, `SELECT count(*) FROM events WHERE badge_id = $1 AND note IS NOT NULL`, first.id()); n != 0 {
		t.Errorf("%d notes are left", n)
	}
	eventually(t, patience, func() error { return hasStatus(bystander.visitor, theirs.Public, "valid") })
	a.codes = codes(w.mailbox.Messages(a.mailbox))
	if again := a.attested(); again.id() == first.id() {
		t.Error("the badge came back")
	}
}

// find names the columns of any table in which some text or bytes hold this.
func (s *server) find(t *testing.T, text string) (where []string) {
	t.Helper()
	db := s.database(t)
	defer db.Close()
	for _, table := range rowsOf(t, db, `SELECT name FROM sqlite_master WHERE type = 'table'`) {
		for _, row := range rowsOf(t, db, `SELECT * FROM `+fmt.Sprint(table["name"])) {
			for name, value := range row {
				held := fmt.Sprint(value)
				if b, ok := value.([]byte); ok {
					held = string(b)
				}
				if strings.Contains(held, text) {
					where = append(where, fmt.Sprint(table["name"], ".", name))
				}
			}
		}
	}
	return where
}

func rowsOf(t *testing.T, db *sql.DB, query string) (all []map[string]any) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into, row := make([]any, len(names)), make([]any, len(names)), map[string]any{}
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			row[name] = values[i]
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
