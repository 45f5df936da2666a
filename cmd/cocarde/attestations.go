package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/app"
	"cocarde.example/verify"
)

func newAttestations() *cobra.Command {
	return group("attestations", "Find attestations and take them back", newList(), newShow(),
		newAct("suspend", "Take a badge back for a time", (*attest.Badges).Suspend, "is suspended"),
		newAct("resume", "End a suspension", (*attest.Badges).Resume, "is valid again"),
		newRevoke())
}

// withBadges opens the database beside a running serve.
func withBadges(cmd *cobra.Command, f func(*attest.Badges) error) error {
	return withDesk(cmd, func(d *app.Desk) error { return f(d.Badges) })
}

func newList() *cobra.Command {
	var handle, domain, status, after string
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List badges", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := newFilter(handle, domain, status, after, limit)
			if err != nil {
				return usage{err}
			}
			return withBadges(cmd, func(b *attest.Badges) error {
				found, err := b.List(cmd.Context(), filter)
				if err != nil {
					return err
				}
				now := time.Now()
				rows := make([]row, len(found))
				for n, p := range found {
					rows[n] = newRow(p, now)
				}
				if asJSON {
					return printJSONLines(cmd, rows)
				}
				return printTable(cmd.OutOrStdout(), rows)
			})
		},
	}
	c.Flags().StringVar(&handle, "handle", "", "only this handle")
	c.Flags().StringVar(&domain, "agency", "", "only this agency domain")
	c.Flags().StringVar(&status, "status", "", "only those whose published status is valid, suspended or revoked; ended ones among them")
	c.Flags().StringVar(&after, "after", "", "continue after this id")
	c.Flags().IntVar(&limit, "limit", 100, "at most this many, 1 to 1000")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON Lines")
	return c
}

func newFilter(handle, domain, status, after string, limit int) (attest.BadgeFilter, error) {
	f := attest.BadgeFilter{After: after, Limit: limit}
	if limit < 1 || limit > 1000 {
		return f, fmt.Errorf("--limit is from 1 to 1000")
	}
	if handle != "" {
		h, err := acct.ParseHandle(handle)
		if err != nil {
			return f, fmt.Errorf("--handle: %s", explain(err))
		}
		f.Handle = h
	}
	if domain != "" {
		d, err := acct.ParseHost(domain)
		if err != nil {
			return f, fmt.Errorf("--agency: %s", explain(err))
		}
		f.Domain = d.String()
	}
	if status != "" {
		known := []verify.Status{verify.Valid, verify.Suspended, verify.Revoked}
		i := slices.IndexFunc(known, func(s verify.Status) bool { return s.String() == status })
		if i < 0 {
			return f, fmt.Errorf("--status is valid, suspended or revoked")
		}
		f.Status = &known[i]
	}
	return f, nil
}

// row is what list and show print of a badge.
type row struct {
	ID          string    `json:"id"`
	Handle      string    `json:"handle"`
	Actor       string    `json:"actor"`
	Agency      string    `json:"agency"`
	Status      string    `json:"status"` // as published, which tells nothing of the time
	State       string    `json:"state"`  // how it stands now
	Listed      bool      `json:"listed"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Attestation string    `json:"attestation,omitempty"`
}

func newRow(p attest.Published, now time.Time) row {
	return row{
		ID: p.Badge.ID, Handle: p.Badge.Actor.Handle.String(), Actor: p.Badge.Actor.ID,
		Agency: p.Badge.Agency.Domain, Status: p.Badge.Status.String(), State: string(p.State(now)), Listed: p.Badge.Listed,
		IssuedAt: p.Attestation.IssuedAt.UTC(), ExpiresAt: p.Attestation.ExpiresAt.UTC(),
	}
}

func printTable(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tHANDLE\tAGENCY\tSTATE\tENDS")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.ID, r.Handle, r.Agency, r.State, r.ExpiresAt.Format(time.DateOnly))
	}
	return w.Flush()
}

func newShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a badge and its latest attestation", Args: exactly(1, "the id of one badge"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withBadges(cmd, func(b *attest.Badges) error {
				p, err := b.Published(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				r := newRow(p, time.Now())
				r.Attestation = p.Attestation.Token
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(r)
			})
		},
	}
}
