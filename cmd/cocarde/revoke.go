package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
)

func newKeysRevoke() *cobra.Command {
	var reason string
	var asJSON bool
	c := &cobra.Command{
		Use: "revoke KID", Short: "Take a signing key out of use for good, and all that it signed", Args: exactly(1, "the id of one key"),
		Long: `Take a signing key out of use for good: it leaves the published keys and stands
among the revoked ones, the standby signs at once, the status lists are signed
anew, and every attestation by the key that has not ended is revoked. A badge
whose latest attestation it signed is revoked with it: those are printed, and
their agents are mailed. Badges that were taken back before are not among them.
Killed on the way, serve goes on with it; so does the same command, called again,
and it prints them all.

It reaches whoever asks. A verifier that keeps the keys has them for an hour at
most, and one that works from files until it is given new ones.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return usage{fmt.Errorf("say why with --reason; it is published")}
			}
			return withDesk(cmd, func(d *app.Desk) error { return revokeKey(cmd, d, args[0], reason, asJSON) })
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, in 1 to 200 characters; it is published")
	c.Flags().BoolVar(&asJSON, "json", false, "print the badges as JSON Lines")
	return c
}

func revokeKey(cmd *cobra.Command, d *app.Desk, kid, reason string, asJSON bool) error {
	told := cmd.ErrOrStderr()
	early, err := d.Keys.Revoke(cmd.Context(), kid, reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(told, "%s is revoked; now all that it signed is\n", kid)
	if early {
		fmt.Fprintln(told, "The key that signs now was published less than 48 hours ago: for an hour, verifiers that keep the former keys and ask for no others refuse what it signs.")
	}
	err = d.Keys.TakeBack(cmd.Context(), kid, func(n int) { fmt.Fprintln(told, counted(n, "attestation", "attestations"), "by it looked at") })
	if err != nil {
		return err
	}
	var rows []affectedRow
	err = d.Keys.Affected(cmd.Context(), kid, func(b attest.Badge, mailed bool) error {
		rows = append(rows, newAffectedRow(b, mailed))
		return nil
	})
	switch {
	case err != nil:
		return err
	case asJSON:
		return printJSONLines(cmd, rows)
	case len(rows) == 0:
		fmt.Fprintln(told, "No badge was revoked with it.")
		return nil
	}
	fmt.Fprintf(told, "Issue anew to %d:\n", len(rows))
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tHANDLE\tAGENCY\tMAILED")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%v\n", r.ID, r.Handle, r.Agency, r.Mailed)
	}
	return w.Flush()
}
