package badge

import (
	"fmt"
	"os"
	"testing"
)

func TestSamples(t *testing.T) {
	dir := os.Getenv("BADGE_SAMPLES")
	if dir == "" {
		t.Skip()
	}
	put := func(name string, c Card) {
		w := func(ext string, b []byte, err error) {
			if err != nil {
				t.Fatal(err)
			}
			t.Log(name, ext, len(b))
			os.WriteFile(dir+"/"+name+ext, b, 0o644)
		}
		w(".svg", SVG(c), nil)
		b, err := PNG(c)
		w(".png", b, err)
		b, err = Preview(c)
		w("-preview.png", b, err)
	}
	base := sample()
	put("valid", base)
	for i, s := range []Status{Reserved, Pending, Suspended, Revoked, Withdrawn, Ended, Unknown} {
		c := base
		c.Status = s
		c.Labels.Status = []string{"Reserved", "Pending", "Suspended", "Revoked", "Withdrawn", "Ended", "Unknown"}[i]
		c.Since = "on 3 May 2026"
		c.Until = ""
		put(string(s), c)
	}
	long := base
	long.Handle = "@direction.regionale.de.l.environnement@social.bretagne.developpement-durable.gouv.example"
	long.AgencyName = "Direction régionale de l’environnement, de l’aménagement et du logement de Provence-Alpes-Côte d’Azur et des Alpes-de-Haute-Provence, service de la connaissance"
	long.AgencyDomain = "direction-regionale.developpement-durable.gouv.example"
	put("long", long)
	ar := base
	ar.AgencyName = "وزارة الثقافة والاتصال (2026) لا إله"
	ar.AgencyDomain = "culture.gov.example"
	ar.IssuerName = "الوكالة الرقمية"
	put("arabic", ar)
	ar.Lang = "ar"
	ar.Labels = Labels{"ساري المفعول", "يقرأ بريدا في", "صادر عن"}
	ar.Since, ar.Until = "منذ 12 مارس 2026", "حتى 8 سبتمبر 2026"
	put("arabic-ui", ar)
	gr := base
	gr.AgencyName = "Υπουργείο Πολιτισμού και Αθλητισμού — Ἀθῆναι"
	gr.IssuerName = "Υπουργείο Ψηφιακής Διακυβέρνησης"
	put("greek", gr)
	cy := base
	cy.AgencyName = "Министерство на културата «България» 文化庁 🎉"
	cy.IssuerName = "Ministère 文化庁"
	put("cyrillic", cy)
	he := base
	he.AgencyName = "משרד התרבות 12-34 (ABC)"
	he.AgencyDomain = ""
	put("hebrew", he)
	cjk := base
	cjk.AgencyName = "文化庁"
	put("cjk", cjk)
	bare := Card{Status: Unknown, Labels: Labels{Status: "Unknown badge"}}
	put("bare", bare)
	pal := base
	pal.Palette = Palette{Colour{0x0b, 0x3d, 0x91}, Colour{0xff, 0xcc, 0x33}, Colour{0x8a, 0x10, 0x20}}
	put("palette", pal)
	for _, n := range []int{16, 32, 64, 256} {
		os.WriteFile(fmt.Sprintf("%s/rosette%d.svg", dir, n), Rosette(Palette{}, n), 0o644)
	}
	b, _ := QRSVG(base.URL)
	os.WriteFile(dir+"/qr.svg", b, 0o644)
	b, _ = QRPNG(base.URL, 300)
	os.WriteFile(dir+"/qr.png", b, 0o644)
}

func sample() Card {
	return Card{
		Handle: "@marie@social.example", AgencyName: "Ministère de la Culture", AgencyDomain: "culture.gouv.example",
		IssuerName: "Direction interministérielle du numérique", IssuerHost: "cocarde.example.org",
		URL: "https://cocarde.example.org/b/7k3m9x2p4q5r", Status: Valid,
		Since: "since 12 March 2026", Until: "until 8 September 2026", Lang: "en",
		Labels: Labels{Status: "In force", Mailbox: "reads a mailbox at", Issuer: "Attested by"},
	}
}
