// Package mail writes the mails, hands them to the mail server, and looks up
// whether a domain has a mail exchanger of its own.
//
// Texts come from package locale; they are plain text, track nobody, and hold
// no link but the one that attest put there. Nothing of a mail, neither its
// recipient nor its code, stands in an error of this package.
package mail
