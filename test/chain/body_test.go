package chain

import (
	"net/http"
	"strings"
	"testing"

	"cocarde.example/verify"
)

func TestADefectOfABodyIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	w := shared(t)
	a := w.agent(t, w.instance(t))
	a.begin()
	journal.hide("address", "marie@culture.gouv.fr")
	const whole = `"handle":"@m@social.example","email":"marie@culture.gouv.fr","lang":"fr","account_proof":{"method":"oauth"}`
	for name, c := range map[string]struct {
		path, body, code, field string
	}{
		"unknown member":           {"/v1/requests", `{` + whole + `,"admin":true}`, "member_unknown", "/admin"},
		"unknown nested member":    {"/v1/requests", `{"account_proof":{"method":"oauth","x":1}}`, "member_unknown", "/account_proof/x"},
		"a member in capitals":     {"/v1/requests", `{"Handle":"@m@social.example"}`, "member_unknown", "/Handle"},
		"a member to be escaped":   {"/v1/requests", `{"a/b~":1}`, "member_unknown", "/a~1b~0"},
		"a huge member":            {"/v1/requests", `{"` + strings.Repeat("x", 1000) + `":1}`, "member_unknown", ""},
		"repeated member":          {"/v1/requests", `{` + whole + `,"lang":"en"}`, "member_repeated", "/lang"},
		"escaped repetition":       {"/v1/requests", `{` + whole + `,"l\u0061ng":"en"}`, "member_repeated", "/lang"},
		"missing member":           {"/v1/requests", `{"handle":"@m@social.example","email":"x","account_proof":{"method":"oauth"}}`, "member_missing", "/lang"},
		"missing nested member":    {"/v1/requests", `{"account_proof":{}}`, "member_missing", "/account_proof/method"},
		"a number for a string":    {"/v1/requests", `{"handle":5}`, "member_type", "/handle"},
		"null for a string":        {"/v1/requests", `{"handle":null}`, "member_type", "/handle"},
		"a string for a bool":      {"/v1/requests", `{"listed":"yes"}`, "member_type", "/listed"},
		"a string for an object":   {"/v1/requests", `{"account_proof":"oauth"}`, "member_type", "/account_proof"},
		"an array":                 {"/v1/requests", `[]`, "member_type", ""},
		"null":                     {"/v1/requests", `null`, "member_type", ""},
		"deep nesting":             {"/v1/requests", strings.Repeat("[", 4000), "member_type", ""},
		"trailing bytes":           {"/v1/requests", `{` + whole + `} {}`, "json_malformed", ""},
		"a trailing comma":         {"/v1/requests", `{` + whole + `,}`, "json_malformed", ""},
		"cut short":                {"/v1/requests", `{` + whole, "json_malformed", ""},
		"no JSON":                  {"/v1/requests", `handle=@m@social.example`, "json_malformed", ""},
		"a byte order mark":        {"/v1/requests", "\ufeff{" + whole + "}", "json_malformed", ""},
		"no UTF-8":                 {"/v1/requests", "{\"handle\":\"\xff\"}", "json_malformed", ""},
		"half a surrogate pair":    {"/v1/requests", `{"handle":"\ud800"}`, "json_malformed", "/handle"},
		"a control character":      {"/v1/requests", "{\"handle\":\"a\nb\"}", "json_malformed", "/handle"},
		"nothing but space":        {"/v1/requests", "  ", "json_malformed", ""},
		"an unknown language":      {"/v1/requests", `{` + strings.Replace(whole, `"fr"`, `"de"`, 1) + `}`, "language_unsupported", "/lang"},
		"an unknown proof":         {"/v1/requests", `{` + strings.Replace(whole, "oauth", "post", 1) + `}`, "account_proof_unsupported", "/account_proof/method"},
		"an unknown account proof": {"/v1/requests", `{` + strings.Replace(whole, "oauth", "fax", 1) + `}`, "account_proof_unsupported", "/account_proof/method"},
		"account proof, unknown":   {"/v1/requests/" + a.id + "/account-proof", `{"token":"x"}`, "member_unknown", "/token"},
		"account proof, type":      {"/v1/requests/" + a.id + "/account-proof", `{"code":12345678}`, "member_type", "/code"},
		"mailbox proof, type":      {"/v1/requests/" + a.id + "/mailbox-proof", `{"code":12345678}`, "member_type", "/code"},
		"mailbox proof, twice":     {"/v1/requests/" + a.id + "/mailbox-proof", `{"code":"1","code":"2"}`, "member_repeated", "/code"},
		"attestation, unknown":     {"/v1/requests/" + a.id + "/attestation", `{"x":1}`, "member_unknown", "/x"},
		"verify, unknown":          {"/v1/verify", `{"token":"x"}`, "member_unknown", "/token"},
		"verify, type":             {"/v1/verify", `{"attestation":["x"]}`, "member_type", "/attestation"},
		"verify, neither":          {"/v1/verify", `{}`, "verify_one_of", ""},
		"verify, both":             {"/v1/verify", `{"attestation":"x","handle":"@m@social.example"}`, "verify_one_of", ""},
		"verify, no handle":        {"/v1/verify", `{"handle":"m"}`, "handle_malformed", "/handle"},
		"verify, expects none":     {"/v1/verify", `{"attestation":"x","expect_handle":""}`, "handle_malformed", "/expect_handle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.visitor(t).do(http.MethodPost, c.path, c.body, "Authorization: Bearer "+a.token).refused(http.StatusBadRequest, c.code, c.field)
		})
	}
	for _, path := range []string{"/v1/requests", "/v1/requests/" + a.id + "/account-proof", "/v1/requests/" + a.id + "/mailbox-proof", "/v1/requests/" + a.id + "/attestation", "/v1/verify"} {
		t.Run("any body of "+path, func(t *testing.T) {
			t.Parallel()
			v := w.visitor(t)
			bearer := "Authorization: Bearer " + a.token
			for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", ";"} {
				v.do(http.MethodPost, path, `{}`, bearer, "Content-Type: "+contentType).refused(http.StatusUnsupportedMediaType, "media_type_unsupported", "")
			}
			huge := `{"attestation":"` + strings.Repeat("x", 80<<10) + `"}`
			v.do(http.MethodPost, path, huge, bearer).refused(http.StatusRequestEntityTooLarge, "body_too_large", "")
			if strings.HasSuffix(path, "/attestation") {
				v.do(http.MethodPost, path, "", bearer).refused(http.StatusConflict, "request_out_of_turn", "")
				return
			}
			v.do(http.MethodPost, path, "", bearer).refused(http.StatusBadRequest, "body_missing", "")
		})
	}
	if s := a.state(); s != "awaiting_account_proof" {
		t.Errorf("the request is %s", s)
	}
}

func TestAnyTokenGetsAReport(t *testing.T) {
	t.Parallel()
	w := shared(t)
	v := w.visitor(t)
	for name, token := range map[string]string{
		"empty": "", "a tilde": "~", "dots": "..~", "garbage": "\x00\u2028garbage", "spaces": "   ", "a JWS of nothing": "e30.e30.e30~",
		"as large as it may be": strings.Repeat("a", 65536),
	} {
		t.Run(name, func(t *testing.T) {
			r := v.report(map[string]string{"attestation": token})
			if r.Valid || r.Outcome != verify.OutcomeInvalid || r.Code == "" || len(r.Checks) != 16 || r.Attestation != nil {
				t.Errorf("got %+v", r)
			}
		})
	}
	v.do(http.MethodPost, "/v1/verify", `{"attestation":"`+strings.Repeat("a", 65537)+`"}`).
		refused(http.StatusRequestEntityTooLarge, "attestation_too_large", "/attestation")
	v.do(http.MethodPost, "/v1/verify", `{"handle":"@nobody@social.example"}`).refused(http.StatusNotFound, "attestation_not_found", "")
}

func TestABrowserOfAnotherOriginMayCheckAToken(t *testing.T) {
	t.Parallel()
	v := shared(t).visitor(t)
	preflight := v.do(http.MethodOptions, "/v1/verify", "", "Origin: https://reader.example",
		"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type").want(http.StatusNoContent)
	if preflight.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(preflight.header.Get("Access-Control-Allow-Methods"), "POST") ||
		!strings.Contains(strings.ToLower(preflight.header.Get("Access-Control-Allow-Headers")), "content-type") {
		t.Errorf("preflight: %v", preflight.header)
	}
	got := v.do(http.MethodPost, "/v1/verify", `{"attestation":""}`, "Origin: https://reader.example", "Sec-Fetch-Site: cross-site").want(http.StatusOK)
	if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the report: %v", got.header)
	}
	closed := v.do(http.MethodOptions, "/v1/requests", "", "Origin: https://evil.example", "Access-Control-Request-Method: POST")
	if closed.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a page of another origin may begin a request")
	}
}
