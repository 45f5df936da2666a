package years

import (
	"net/http"
	"strings"
	"time"

	"cocarde.example/verify"
)

// hot is for how long a badge is looked at each time after anything has happened to it.
func hot() time.Duration { return 3 * *every }

// checkBadges looks at what has changed or ended lately, and at one more.
func (y *years) checkBadges() {
	y.t.Helper()
	now := y.now()
	for n, b := range y.badges {
		ended := now.Sub(b.latest().ends)
		if n == y.nextBadge || now.Sub(b.changed) < hot() || ended >= 0 && ended < hot() {
			y.checkBadge(b)
		}
	}
	y.nextBadge = (y.nextBadge + 1) % max(1, len(y.badges))
}

// checkBadge: its page and the API say what it is, by the link that it has always had.
func (y *years) checkBadge(b *badge) {
	y.t.Helper()
	found := y.ask(http.MethodGet, "/v1/attestations/"+b.id, "")
	page := y.ask(http.MethodGet, "/b/"+b.id, "", "Accept: text/html", "Accept-Language: en")
	if b.erased {
		y.refused(found, "badge_not_found")
		y.wanted(page, http.StatusNotFound)
		return
	}
	var shown struct{ ID, Attestation, Status string }
	y.decode(y.wanted(found, http.StatusOK).text, &shown)
	if shown.ID != b.id || shown.Attestation != b.latest().public || shown.Status != b.status.String() {
		y.t.Fatalf("%v: the badge %s is %s with %.40s…, want %v", y.now(), b.id, shown.Status, shown.Attestation, b.status)
	}
	says := "The badge holds until "
	switch {
	case b.status == verify.Revoked:
		says = "This badge was revoked on "
	case b.ended(y.now()):
		says = "This badge ended on " + dated(b.latest().ends)
	case b.status == verify.Suspended:
		says = "This badge was suspended on "
	}
	y.wanted(page, http.StatusOK)
	if !strings.Contains(page.text, says) || strings.Contains(page.text, `rel="me`) != b.inForce(y.now()) {
		y.t.Fatalf("%v: the page of %s does not say %q: %s", y.now(), b.id, says, page.text)
	}
}

// dated is a day as readers of English get it: it does not break at the end of a line.
func dated(at time.Time) string { return at.UTC().Format("2\u00a0January 2006") }
