package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// Login is the name and the password of an account.
type Login struct{ Username, Password string }

// DefaultLogins are the accounts of a sandbox that asks for no others.
var DefaultLogins = []Login{
	{"marie", "rosette-marie"},
	{"karim", "rosette-karim"},
	{"lucie", "rosette-lucie"},
}

// Options say how a sandbox is set up. The zero value is what the demo uses.
type Options struct {
	Instance InstanceOptions
	Mailbox  MailboxOptions
	// Logins are the accounts to make (default: DefaultLogins).
	Logins []Login
}

// Sandbox is a fediverse instance, a mailbox and a resolver, all running.
type Sandbox struct {
	Instance *Instance
	Mailbox  *Mailbox
	Resolver *Resolver
	Accounts map[string]*Account // by username
}

// Start starts all three on loopback, with accounts and a zone in which French
// and European institutions receive mail. The context is looked at between the
// steps only: what runs is ended by Close.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	s := &Sandbox{Accounts: map[string]*Account{}}
	steps := []func() error{
		func() (err error) { s.Resolver, err = StartResolver(); return err },
		func() (err error) { s.Mailbox, err = StartMailbox(o.Mailbox); return err },
		func() (err error) {
			o.Instance.Mailbox = s.Mailbox
			s.Instance, err = StartInstance(o.Instance)
			return err
		},
		func() error { return s.furnish(o.Logins) },
	}
	for _, step := range steps {
		err := ctx.Err()
		if err == nil {
			err = step()
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start the sandbox: %w", err), s.Close())
		}
	}
	return s, nil
}

// furnish makes the accounts and fills the zone.
func (s *Sandbox) furnish(logins []Login) error {
	if logins == nil {
		logins = DefaultLogins
	}
	for _, l := range logins {
		account, err := s.Instance.AddAccount(l.Username, l.Password)
		if err != nil {
			return err
		}
		s.Accounts[l.Username] = account
	}
	for _, domain := range mailDomains {
		s.Resolver.AddMX(domain, "mx."+domain)
	}
	s.Resolver.AddNullMX("sans-courrier.gouv.fr")
	s.Resolver.AddA("ancien-site.gouv.fr", netip.MustParseAddr("192.0.2.1"))
	s.Resolver.AddCNAME("alias.gouv.fr", "culture.gouv.fr")
	return nil
}

// mailDomains receive mail in the sandbox's zone.
var mailDomains = []string{
	"culture.gouv.fr", "interieur.gouv.fr", "finances.gouv.fr", "education.gouv.fr", "justice.gouv.fr",
	"sante.gouv.fr", "developpement-durable.gouv.fr", "numerique.gouv.fr",
	"insee.fr", "senat.fr", "assemblee-nationale.fr", "ac-paris.fr", "ac-lyon.fr",
	"ec.europa.eu", "europarl.europa.eu",
}

// Close stops what was started.
func (s *Sandbox) Close() error {
	var errs []error
	if s.Instance != nil {
		errs = append(errs, s.Instance.Close())
	}
	if s.Mailbox != nil {
		errs = append(errs, s.Mailbox.Close())
	}
	if s.Resolver != nil {
		errs = append(errs, s.Resolver.Close())
	}
	return errors.Join(errs...)
}
