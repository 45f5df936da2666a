package agency

import (
	"strings"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
)

// The refusals of CheckMailbox.
var (
	ErrFreeMail = fault.New(fault.Invalid, "address_free_mail",
		"This address is at a private mail provider. Give the address that your agency gave you.")
	ErrDisposable = fault.New(fault.Invalid, "address_disposable",
		"This address is at a provider of throw-away mailboxes. Give the address that your agency gave you.")
	ErrRole = fault.New(fault.Invalid, "address_role",
		"This mailbox belongs to a function, a list or a machine, not to one person. Give your own address at the agency.")
)

// CheckMailbox refuses mailboxes that prove nothing about one agent: those of
// free and disposable providers, whose refusal says more than that the domain is
// not listed (so check before Match), and those that several people or none read.
//
// Errors: ErrFreeMail, ErrDisposable, ErrRole.
func CheckMailbox(a acct.Address) error {
	for suffix := a.Domain().String(); suffix != ""; _, suffix, _ = strings.Cut(suffix, ".") {
		if disposable[suffix] {
			return ErrDisposable
		}
		if freeMail[suffix] {
			return ErrFreeMail
		}
	}
	local, _, _ := strings.Cut(a.Key(), "@")
	if roles[local] || isList(local) || isUnattended(local) {
		return ErrRole
	}
	return nil
}

// isList knows the addresses that list managers add to a list's own.
func isList(local string) bool {
	for _, prefix := range []string{"owner-", "request-", "bounce-", "bounces-", "list-", "liste-", "liste."} {
		if strings.HasPrefix(local, prefix) {
			return true
		}
	}
	for _, suffix := range []string{"-request", "-owner", "-bounce", "-bounces", "-admin", "-editor",
		"-subscribe", "-unsubscribe", "-join", "-leave", "-confirm"} {
		if strings.HasSuffix(local, suffix) {
			return true
		}
	}
	return false
}

// isUnattended knows the mailboxes of machines, however their words are joined.
func isUnattended(local string) bool {
	joined := strings.NewReplacer(".", "", "-", "", "_", "").Replace(local)
	for _, word := range []string{"noreply", "donotreply", "nepasrepondre", "mailerdaemon"} {
		if strings.HasPrefix(joined, word) || strings.HasSuffix(joined, word) {
			return true
		}
	}
	return false
}
