package locale

import "testing"

func TestCountry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, code, want string }{
		{"en", "FR", "France"}, {"fr", "EU", "Union européenne"}, {"en", "EU", "European Union"},
		{"fr", "BE", "Belgique"}, {"en", "DE", "Germany"}, {"fr", "12", "12"}, {"fr", "", ""},
	} {
		if got := Country(c.lang, c.code); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.code, c.lang, got, c.want)
		}
	}
}
