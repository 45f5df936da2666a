package chain

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocarde.example/verify"
)

func TestWhatIsPublishedIsSignedOnceAndCacheable(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // so that nothing changes between two looks
	v := w.visitor(t)
	host := strings.TrimPrefix(w.origin(), "http://")
	for path, contentType := range map[string]string{
		"/.well-known/jwks.json":     "application/jwk-set+json",
		"/.well-known/jwt-vc-issuer": "application/json",
		"/vct/agency-mailbox/v1":     "application/json",
		"/status":                    "application/json",
		"/status/1":                  "application/statuslist+jwt",
		"/actor":                     "application/activity+json",
		"/openapi.yaml":              "application/yaml",
		"/.well-known/webfinger?resource=acct:cocarde@" + host:     "application/jrd+json",
		"/.well-known/webfinger?resource=" + w.origin() + "/actor": "application/jrd+json",
	} {
		t.Run(path, func(t *testing.T) {
			first := v.get(path, "Origin: https://reader.example").want(http.StatusOK)
			if got := first.header.Get("Content-Type"); got != contentType {
				t.Errorf("Content-Type is %q, want %q", got, contentType)
			}
			etag := first.header.Get("ETag")
			if !strings.HasPrefix(etag, `"`) || !strings.HasPrefix(first.header.Get("Cache-Control"), "public, max-age=") {
				t.Errorf("ETag %q, Cache-Control %q", etag, first.header.Get("Cache-Control"))
			}
			if first.header.Get("Access-Control-Allow-Origin") != "*" || first.header.Get("Access-Control-Allow-Credentials") != "" ||
				first.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
				t.Errorf("a page of another origin may not read it: %v", first.header)
			}
			if again := v.get(path); again.text != first.text || again.header.Get("ETag") != etag {
				t.Error("two looks give different bytes")
			}
			for _, match := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
				unchanged := v.get(path, "If-None-Match: "+match)
				if unchanged.status != http.StatusNotModified || unchanged.text != "" || unchanged.header.Get("ETag") != etag {
					t.Errorf("If-None-Match: %s: %d, %d bytes", match, unchanged.status, len(unchanged.text))
				}
			}
			v.get(path, `If-None-Match: "other"`).want(http.StatusOK)
			head := v.do(http.MethodHead, path, "")
			if head.status != http.StatusOK || head.text != "" || head.header.Get("ETag") != etag ||
				head.header.Get("Content-Length") != first.header.Get("Content-Length") || head.header.Get("Content-Length") == "" {
				t.Errorf("HEAD: %d %v", head.status, head.header)
			}
			v.do(http.MethodPost, path, "{}").refused(http.StatusMethodNotAllowed, "method_not_allowed", "")
		})
	}
	for _, path := range []string{"/status/0", "/status/2", "/status/01", "/status/x", "/vct/agency-account/v2", "/vct/other/v1"} {
		v.get(path).refused(http.StatusNotFound, "not_found", "")
	}
	v.get("/.well-known/webfinger").refused(http.StatusBadRequest, "resource_missing", "/resource")
	v.get("/.well-known/webfinger?resource=acct:root@"+host).refused(http.StatusNotFound, "not_found", "")
	v.get("/status/1?time=1700000000").refused(http.StatusNotImplemented, "status_time_unsupported", "")
}

func TestKeysMetadataAndListFitTogether(t *testing.T) {
	t.Parallel()
	w := shared(t)
	v := w.visitor(t)
	var metadata struct {
		Issuer  string
		JWKSURI string `json:"jwks_uri"`
		Revoked []any  `json:"revoked_keys"`
	}
	v.get("/.well-known/jwt-vc-issuer").into(&metadata)
	if metadata.Issuer != w.origin() || metadata.JWKSURI != w.origin()+"/.well-known/jwks.json" || metadata.Revoked == nil {
		t.Errorf("issuer metadata: %+v", metadata)
	}
	var set struct{ Keys []map[string]string }
	v.get(metadata.JWKSURI).into(&set)
	if len(set.Keys) == 0 {
		t.Fatal("no keys")
	}
	for _, k := range set.Keys {
		if k["d"] != "" || k["kty"] != "EC" || k["crv"] != "P-256" || k["alg"] != "ES256" || k["use"] != "sig" {
			t.Errorf("key %v", k)
		}
		sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + k["x"] + `","y":"` + k["y"] + `"}`)) // RFC 7638
		if k["kid"] != base64.RawURLEncoding.EncodeToString(sum[:]) {
			t.Errorf("the key's id %s is not its thumbprint", k["kid"])
		}
	}
	var lists struct {
		URIs []string `json:"status_lists"`
	}
	v.get("/status").into(&lists)
	if len(lists.URIs) != 1 || lists.URIs[0] != w.origin()+"/status/1" {
		t.Fatalf("lists: %v", lists.URIs)
	}
	issuer, err := verify.NewIssuer(w.origin(), []byte(v.get("/.well-known/jwks.json").text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify.VerifyStatusList(v.get("/status/1").text, issuer, lists.URIs[0], time.Now()); err != nil {
		t.Error(err)
	}
	var typ struct {
		VCT     string
		Display []struct{ Locale string }
		Claims  []any
	}
	v.get("/vct/agency-mailbox/v1").into(&typ)
	if typ.VCT != w.origin()+"/vct/agency-mailbox/v1" || len(typ.Claims) == 0 ||
		len(typ.Display) != 2 || typ.Display[0].Locale != "en" || typ.Display[1].Locale != "fr" {
		t.Errorf("type metadata: %+v", typ)
	}
}

func TestEveryAgencyRuleIsListedPageByPage(t *testing.T) {
	t.Parallel()
	v := shared(t).visitor(t)
	seen, cursor := map[string]bool{}, ""
	for range 100 {
		var page struct {
			Items []struct{ Domain, Tier, Match string }
			Next  string
		}
		v.get("/v1/agencies?limit=50" + cursor).want(http.StatusOK).into(&page)
		for _, r := range page.Items {
			seen[r.Domain+" "+r.Tier+" "+r.Match] = true
		}
		if page.Next == "" {
			break
		}
		cursor = "&cursor=" + page.Next
	}
	for _, rule := range []string{
		"gouv.fr generic subdomains", "culture.gouv.fr agency exact", "insee.fr agency exact", "senat.fr agency exact",
		"assemblee-nationale.fr agency exact", "ac-paris.fr agency exact", "ec.europa.eu agency subdomains",
	} {
		if !seen[rule] {
			t.Errorf("no rule %q", rule)
		}
	}
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=1001": "limit", "limit=x": "limit", "limit=1&limit=2": "limit",
		"cursor=-1": "cursor", "cursor=x": "cursor", "cursor=99999999": "cursor",
	} {
		v.get("/v1/agencies?"+query).refused(http.StatusBadRequest, field+"_invalid", "/"+field)
	}
}

func TestPagesForPeopleExplainTheContractAndEveryProblem(t *testing.T) {
	t.Parallel()
	v := shared(t).visitor(t)
	docs := v.get("/docs", "Accept: text/html", "Accept-Language: fr").want(http.StatusOK)
	if docs.header.Get("Content-Language") != "fr" || !strings.Contains(docs.text, "/v1/requests") {
		t.Error("the contract's page")
	}
	var p problem
	refused := v.get("/v1/attestations")
	if err := json.Unmarshal([]byte(refused.text), &p); err != nil {
		t.Fatal(err)
	}
	v.get(p.Type, "Accept: text/html").want(http.StatusOK)
	v.get("/problems/no_such_code").refused(http.StatusNotFound, "not_found", "")
}
