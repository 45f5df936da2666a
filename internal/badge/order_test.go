package badge

import "testing"

func TestVisual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		rtl  bool
		want string
	}{
		{"Ministère 12", false, "Ministère 12"},
		{"אבג", true, "גבא"},
		{"אבג 12-34 (ABC)", true, "(ABC) 12-34 גבא"}, // numbers and Latin keep their order, brackets turn
		{"Office אבג 12 דהו end", false, "Office והד 12 גבא end"},
		{"(אבג)", true, "(גבא)"},
		{"אבג, Latin", true, "Latin ,גבא"},
	} {
		if got := string(visual(c.in, c.rtl)); got != c.want {
			t.Errorf("visual(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestHandleKeepsItsOrder: the user stands before the host, whatever letters they use.
func TestHandleKeepsItsOrder(t *testing.T) {
	t.Parallel()
	p := newPress()
	for in, want := range map[string]string{
		"@marie@social.example": "@marie@social.example",
		"@אבג@דהו":              "@גבא@והד",
		"@אבג@social.example":   "@גבא@social.example",
	} {
		line := p.handle(item{text: in, size: 15, bold: true}, 1000)
		if got := string(visual(line, false)); got != want {
			t.Errorf("%q is drawn as %q, want %q", in, got, want)
		}
	}
}

func TestFirstStrong(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"": false, "12": false, "(وزارة)": true, "12 א b": true, "a א": false} {
		if got := firstStrongIsRight(in); got != want {
			t.Errorf("%q runs from right to left: %v", in, got)
		}
	}
}
