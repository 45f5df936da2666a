package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
)

// act is what an auditor does with a badge; it says whether that changed anything.
type act func(*attest.Badges, context.Context, attest.Act) (changed bool, err error)

func newAct(name, short string, do act, done string) *cobra.Command {
	a := attest.Act{By: "operator"}
	c := &cobra.Command{
		Use: name + " ID", Short: short, Args: exactly(1, "the id of one badge"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.BadgeID = args[0]
			return actOn(cmd, a, do, done)
		},
	}
	reasonFlags(c, &a)
	return c
}

func actOn(cmd *cobra.Command, a attest.Act, do act, done string) error {
	if err := checkReason(a); err != nil {
		return err
	}
	return withBadges(cmd, func(b *attest.Badges) error {
		changed, err := do(b, cmd.Context(), a)
		if err != nil {
			return err
		}
		end := ""
		if !changed {
			end = " already; nothing changed"
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s%s\n", a.BadgeID, done, end)
		return err
	})
}

func newRevoke() *cobra.Command {
	all := false
	a := attest.Act{By: "operator"}
	c := &cobra.Command{
		Use: "revoke ID|--all", Short: "Take a badge back for good, or all of them",
		Long: `Take a badge back for good.

With --all every badge that holds is taken back, which ends an issuer: refused
before the day of COCARDE_CLOSES. Nobody is mailed, since agents were told of that
day before. Killed on the way, call it again.`,
		Args: func(_ *cobra.Command, args []string) error {
			if all == (len(args) == 0) && len(args) < 2 {
				return nil
			}
			return usage{fmt.Errorf("give the id of one badge, or --all")}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return revokeAll(cmd, a)
			}
			a.BadgeID = args[0]
			return actOn(cmd, a, (*attest.Badges).Revoke, "is revoked")
		},
	}
	c.Flags().BoolVar(&all, "all", false, "every badge, once the issuer closes")
	reasonFlags(c, &a)
	return c
}

func revokeAll(cmd *cobra.Command, a attest.Act) error {
	if err := checkReason(a); err != nil {
		return err
	}
	return withDesk(cmd, func(d *app.Desk) error {
		return d.RevokeAll(cmd.Context(), a, func(n int) { fmt.Fprintln(cmd.ErrOrStderr(), counted(n, "badge", "badges"), "revoked") })
	})
}

func reasonFlags(c *cobra.Command, a *attest.Act) {
	c.Flags().StringVar((*string)(&a.Reason), "reason", "", "why: "+reasons())
	c.Flags().StringVar(&a.Note, "note", "", "a note for auditors, at most 1,000 characters")
}

func checkReason(a attest.Act) error {
	if slices.Contains(attest.Reasons(), a.Reason) {
		return nil
	}
	return usage{fmt.Errorf("say why with --reason: one of %s", reasons())}
}

func reasons() string {
	var names []string
	for _, r := range attest.Reasons() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}
