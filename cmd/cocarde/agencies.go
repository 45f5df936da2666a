package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
)

func newAgencies() *cobra.Command {
	return group("agencies", "Look at the domain rules", newRules(), newCheck())
}

func newRules() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the domain rules", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			registry, err := agency.Builtin()
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				for _, r := range registry.Rules() {
					if err := e.Encode(newRule(r)); err != nil {
						return err
					}
				}
				return nil
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "DOMAIN\tMATCH\tTIER\tCOUNTRY\tSTATE\tNAME")
			for _, r := range registry.Rules() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Domain, r.Match, r.Tier, r.Country, r.State, r.Name)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON Lines")
	return c
}

// rule is what list prints of a domain rule.
type rule struct {
	Domain  string   `json:"domain"`
	Match   string   `json:"match"`
	Except  []string `json:"except,omitempty"`
	Tier    string   `json:"tier"`
	Name    string   `json:"name,omitempty"`
	Country string   `json:"country"`
	Source  string   `json:"source"`
	State   string   `json:"state"`
}

func newRule(r agency.Rule) rule {
	return rule{
		Domain: r.Domain.String(), Match: string(r.Match), Except: r.Except, Tier: string(r.Tier),
		Name: r.Name, Country: r.Country, Source: r.Source, State: string(r.State),
	}
}

// verdict is what the rules say of one address. Address is echoed byte for byte.
type verdict struct {
	Address string `json:"address"`
	Allowed bool   `json:"allowed"`
	Domain  string `json:"domain,omitempty"`
	Name    string `json:"name,omitempty"`
	Country string `json:"country,omitempty"`
	Tier    string `json:"tier,omitempty"`
	NeedsMX bool   `json:"needs_mx,omitempty"` // the domain's own MX is looked up at request
	Code    string `json:"code,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

func newCheck() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "check [ADDRESS]...", Short: "Tell what the rules say of mail addresses",
		Long: `Tell what the rules say of mail addresses, given as arguments or, without any,
one a line on standard input. Nothing is looked up in the network. Ends with
status 1 if an address is not allowed.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			registry, err := agency.Builtin()
			if err != nil {
				return err
			}
			refused := false
			show := func(address string) error {
				v := judge(registry, address)
				refused = refused || !v.Allowed
				return v.print(cmd.OutOrStdout(), asJSON)
			}
			if err := each(cmd.InOrStdin(), args, show); err != nil {
				return err
			}
			if refused {
				return exit(exitFailed)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON Lines")
	return c
}

// each calls f for every argument, or for every line where there is none.
func each(in io.Reader, args []string, f func(string) error) error {
	if len(args) > 0 {
		for _, a := range args {
			if err := f(a); err != nil {
				return err
			}
		}
		return nil
	}
	lines := bufio.NewScanner(in)
	lines.Split(splitLines)
	for lines.Scan() {
		if err := f(lines.Text()); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return errors.New("a line is longer than 64 KiB, which no address is; give one address a line")
	}
	return lines.Err()
}

// splitLines is bufio.ScanLines, but leaves a carriage return in its line: an
// address is echoed byte for byte.
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

func judge(registry *agency.Registry, address string) verdict {
	match, err := admit(registry, address)
	if err != nil {
		v := verdict{Address: address, Code: fault.Code(err), Detail: err.Error()}
		if f, ok := fault.Of(err); ok {
			v.Detail = f.Message
		}
		return v
	}
	return verdict{
		Address: address, Allowed: true, Domain: match.Domain.String(), Name: match.Name,
		Country: match.Country, Tier: string(match.Rule.Tier), NeedsMX: match.NeedsMX,
	}
}

func admit(registry *agency.Registry, address string) (agency.Match, error) {
	a, err := acct.ParseAddress(strings.TrimSuffix(address, "\r"))
	if err != nil {
		return agency.Match{}, err
	}
	if err := agency.CheckMailbox(a); err != nil {
		return agency.Match{}, err
	}
	return registry.Match(a.Domain())
}

func (v verdict) print(out io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	var err error
	switch {
	case !v.Allowed:
		_, err = fmt.Fprintf(out, "%q  refused  %s: %s\n", v.Address, v.Code, v.Detail)
	case v.Name != "":
		_, err = fmt.Fprintf(out, "%q  allowed  %s, %s\n", v.Address, v.Domain, v.Name)
	default:
		_, err = fmt.Fprintf(out, "%q  allowed  %s\n", v.Address, v.Domain)
	}
	return err
}
