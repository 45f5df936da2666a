package published

import "cocarde.example/verify"

// The members of type metadata (draft-ietf-oauth-sd-jwt-vc §6).
type (
	typeMetadata struct {
		VCT         string        `json:"vct"`
		Name        string        `json:"name"`
		Description string        `json:"description"`
		Display     []typeDisplay `json:"display"`
		Claims      []claim       `json:"claims"`
	}
	typeDisplay struct {
		Locale      string `json:"locale"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	claim struct {
		Path    []string       `json:"path"`
		Display []claimDisplay `json:"display"`
		SD      string         `json:"sd"` // "always" or "never" selectively disclosable
	}
	claimDisplay struct {
		Locale      string `json:"locale"`
		Label       string `json:"label"`
		Description string `json:"description"`
	}
)

// mailboxType describes the attestation of a person's mailbox, in French and English.
func mailboxType(origin string) typeMetadata {
	const (
		nameEN = "Mailbox at a public agency"
		textEN = "Whoever controls this fediverse account read this mailbox at a public agency on that day. It says nothing of the person's function, nor of what the account writes."
		nameFR = "Messagerie dans un organisme public"
		textFR = "La personne qui contrôle ce compte du fédivers a lu cette messagerie d’un organisme public ce jour-là. Rien n’est dit de sa fonction, ni de ce que le compte publie."
	)
	return typeMetadata{
		VCT: verify.VCT(origin, verify.KindMailbox), Name: nameEN, Description: textEN,
		Display: []typeDisplay{{"fr", nameFR, textFR}, {"en", nameEN, textEN}},
		Claims: []claim{
			described("never", "Compte", "Le compte du fédivers, @nom@instance.", "Account", "The fediverse account, @user@host.", "acct"),
			described("never", "Domaine de l’organisme", "Le domaine de messagerie de l’organisme public.", "Agency domain", "The public agency's mail domain.", "agency", "domain"),
			described("never", "Organisme", "Le nom de l’organisme public, si le domaine en désigne un.", "Agency", "The public agency's name, where the domain names one.", "agency", "name"),
			described("never", "Pays", "Le pays de l’organisme public.", "Country", "The public agency's country.", "agency", "country"),
			described("never", "Preuve du compte", "Comment et quel jour le compte a été prouvé.", "Account proof", "How and on which day the account was proven.", "account_proof"),
			described("never", "Preuve de la messagerie", "Comment et quel jour la messagerie a été prouvée.", "Mailbox proof", "How and on which day the mailbox was proven.", "mailbox_proof"),
			described("always", "Adresse électronique", "L’adresse elle-même, que seul l’agent peut révéler.", "Mail address", "The address itself, which only the agent can reveal.", verify.ClaimEmail),
		},
	}
}

func described(sd, labelFR, textFR, labelEN, textEN string, path ...string) claim {
	return claim{Path: path, SD: sd, Display: []claimDisplay{{"fr", labelFR, textFR}, {"en", labelEN, textEN}}}
}
