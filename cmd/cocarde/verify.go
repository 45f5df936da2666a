package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/safehttp"
	"cocarde.example/verify"
	"cocarde.example/verify/online"
)

// verifyTime bounds a check, everything that it fetches included.
const verifyTime = 60 * time.Second

// maxFile bounds a file given to verify, in bytes.
const maxFile = 4 << 20

type verifyFlags struct {
	issuers []string
	jwks    string
	status  []string
	expect  string // as given; compared only where expects is set
	expects bool
	json    bool
}

func newVerify() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify [TOKEN|BADGE-URL|@user@host|-]",
		Short: "Check an attestation",
		Long: `Check an attestation: a token, the link of a badge, or the handle of an account
whose attestation the issuer lists. "-" or no argument reads from standard input.

Only issuers named by --issuer are trusted. With --jwks and --status nothing is
fetched: keys and status lists come from these files.

Ends with status 0 if the attestation is valid, 1 if it is not, 2 if nobody can
tell now (the issuer or its status list cannot be reached), 64 if the command
was not understood.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage{errors.New("give one token, badge link or handle")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.expects = cmd.Flags().Changed("expect-handle")
			given, err := readGiven(cmd.InOrStdin(), args)
			if err != nil {
				return err
			}
			report, err := f.check(cmd.Context(), given)
			if err != nil {
				return err
			}
			return showReport(cmd.OutOrStdout(), report, f.json)
		},
	}
	c.Flags().StringArrayVar(&f.issuers, "issuer", nil, "origin of an issuer to trust; may be repeated")
	c.Flags().StringVar(&f.jwks, "jwks", "", "file with the issuer's keys: check offline")
	c.Flags().StringArrayVar(&f.status, "status", nil, "file with a status list token, for offline checks; may be repeated")
	c.Flags().StringVar(&f.expect, "expect-handle", "", "the account beside which the attestation was shown, @user@host")
	c.Flags().BoolVar(&f.json, "json", false, "print the report as JSON")
	return c
}

// readGiven gives what is to be checked, without the white space around it.
func readGiven(in io.Reader, args []string) (string, error) {
	if len(args) == 1 && args[0] != "-" {
		return strings.TrimSpace(args[0]), nil
	}
	b, err := io.ReadAll(io.LimitReader(in, verify.MaxToken+2))
	if err != nil {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// check finds the token, and whom to ask about it.
func (f verifyFlags) check(ctx context.Context, given string) (verify.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, verifyTime)
	defer cancel()
	account, err := f.account()
	if err != nil {
		return verify.Report{}, err
	}
	source, client, err := f.source()
	if err != nil {
		return verify.Report{}, err
	}
	v := verify.New(verify.Config{Source: source})
	lookup := lookup{trusted: f.issuers, http: client}
	switch {
	case isHandle(given):
		h, err := acct.ParseHandle(given)
		if err != nil {
			return verify.Report{}, usage{errors.New(explain(err))}
		}
		if !f.expects {
			account = verify.ForHandle(h.String())
		}
		return lookup.check(ctx, v, account, func(issuer string) string {
			return issuer + "/v1/attestations?handle=" + url.QueryEscape(h.String())
		})
	case isURL(given):
		badge, err := parseBadgeURL(given)
		if err != nil {
			return verify.Report{}, usage{err}
		}
		lookup.only = badge.Scheme + "://" + badge.Host
		return lookup.check(ctx, v, account, func(issuer string) string {
			return issuer + "/v1/attestations/" + strings.TrimPrefix(badge.Path, badgePath)
		})
	}
	if given == "" {
		return verify.Refusal(verify.MalformedToken, "nothing was given to check"), nil
	}
	return v.Verify(ctx, given, account), nil
}

func (f verifyFlags) account() (verify.Account, error) {
	if !f.expects {
		return verify.AnyAccount(), nil
	}
	h, err := acct.ParseHandle(f.expect)
	if err != nil {
		return verify.Account{}, usage{fmt.Errorf("--expect-handle: %s", explain(err))}
	}
	return verify.ForHandle(h.String()), nil
}

// source gives where keys and lists come from; client is nil offline.
func (f verifyFlags) source() (verify.Source, *http.Client, error) {
	for _, i := range f.issuers {
		if _, err := verify.CheckURL(i); err != nil {
			return nil, nil, usage{fmt.Errorf("--issuer: %q: %w", i, err)}
		}
	}
	if f.jwks == "" && len(f.status) == 0 {
		client := safehttp.New(safehttp.Policy{
			UserAgent: "Cocarde/" + version, AllowLoopback: anyLoopback(f.issuers),
		})
		source, err := online.New(online.Config{HTTP: client, Trust: f.issuers})
		if err != nil {
			return nil, nil, usage{err}
		}
		return source, client, nil
	}
	source, err := f.offline()
	return source, nil, err
}

// anyLoopback: whoever names an issuer on this machine wants it reached.
func anyLoopback(issuers []string) bool {
	for _, i := range issuers {
		if u, err := url.Parse(i); err == nil {
			ip, _ := netip.ParseAddr(u.Hostname())
			if h, err := acct.ParseHost(u.Host); ip.IsLoopback() || err == nil && h.Loopback() {
				return true
			}
		}
	}
	return false
}

func (f verifyFlags) offline() (verify.Source, error) {
	if f.jwks == "" {
		return nil, usage{errors.New("--status needs --jwks: the list must be signed by the issuer's keys")}
	}
	if len(f.issuers) != 1 {
		return nil, usage{errors.New("offline, name the one issuer whose keys these are with --issuer")}
	}
	jwks, err := readFile(f.jwks)
	if err != nil {
		return nil, usage{fmt.Errorf("--jwks: %w", err)}
	}
	var lists []string
	for _, name := range f.status {
		list, err := readFile(name)
		if err != nil {
			return nil, usage{fmt.Errorf("--status: %w", err)}
		}
		lists = append(lists, strings.TrimSpace(string(list)))
	}
	source, err := verify.NewOffline(verify.Offline{Issuer: f.issuers[0], JWKS: jwks, Lists: lists})
	if err != nil {
		return nil, usage{err}
	}
	return source, nil
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s is larger than 4 MiB", name)
	}
	return b, err
}

// showReport prints a report and ends the command with its verdict.
func showReport(out io.Writer, r verify.Report, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return err
		}
	} else {
		printReport(out, r)
	}
	switch r.Outcome {
	case verify.OutcomeValid:
		return nil
	case verify.OutcomeUnknown:
		return exit(exitUnknown)
	}
	return exit(exitFailed)
}

func printReport(out io.Writer, r verify.Report) {
	fmt.Fprintf(out, "\n%s", strings.ToUpper(string(r.Outcome)))
	if r.Code != "" {
		fmt.Fprintf(out, ": %s", r.Code)
	}
	fmt.Fprint(out, "\n\n")
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if a := r.Attestation; a != nil {
		fmt.Fprintf(w, "  account\t%s\t\n  agency\t%s\t\n", visible(a.Handle), visible(agencyText(a.Agency)))
		if a.Mailbox != "" {
			fmt.Fprintf(w, "  mailbox\t%s\t\n", visible(a.Mailbox))
		}
		fmt.Fprintf(w, "  issuer\t%s\t\n  until\t%s\t\n\t\t\n", visible(a.Issuer), a.ExpiresAt.UTC().Format(time.DateOnly))
	}
	for _, c := range r.Checks {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", c.Name, c.Outcome, visible(c.Detail))
	}
	w.Flush()
}

// visible spells out what a terminal would obey or hide: a token may say anything.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

func agencyText(a verify.Agency) string {
	if a.Name == "" {
		return a.Domain
	}
	return a.Name + " (" + a.Domain + ")"
}
