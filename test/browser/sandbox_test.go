//go:build browser

package browser

import "testing"

// TestSandboxPages looks at the pages of `cocarde demo` that are not the issuer's.
func TestSandboxPages(t *testing.T) {
	t.Parallel()
	w := shared(t)
	p := open(t, "en")
	social := w.sandbox.Instance.BaseURL()
	for name, address := range map[string]string{
		"sandbox-home": social + "/", "sandbox-profile": social + "/@marie",
		"sandbox-mails": w.sandbox.Instance.MailURL() + "/",
	} {
		p.wants(p.visit(address), 200)
		p.inspect(name)
	}
	p.wants(p.visit(social+"/auth/sign_in"), 200)
	p.inspect("sandbox-signin")
}
