package mail

import (
	"time"

	"cocarde.example/internal/fault"
)

// The refusals of this package.
var (
	// ErrRefused: the mail server will never take this mail.
	ErrRefused = fault.New(fault.Invalid, "mail_refused",
		"The mail server refuses this mail. Check the address, or give another.")
	// ErrServer: the mail server cannot be reached, or does not take mail now.
	ErrServer = fault.New(fault.Unavailable, "mail_server_unavailable",
		"The mail server does not take mail at the moment. It is tried again.")
	// ErrNoMX: the domain has no mail exchanger of its own.
	ErrNoMX = fault.New(fault.Invalid, "mail_domain_no_mx",
		"This domain has no mail server of its own in the DNS. Use your address at the domain that your agency receives its mail under.")
	// ErrUnknownDomain: there is no such name in the DNS.
	ErrUnknownDomain = fault.New(fault.Invalid, "mail_domain_unknown",
		"This mail domain does not exist in the DNS. Check how the address is written.")
	// ErrDNS: the DNS does not answer.
	ErrDNS = fault.New(fault.Unavailable, "dns_unavailable",
		"The DNS did not answer for this mail domain. Try again in a minute.").After(time.Minute)
)
