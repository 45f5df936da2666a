package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
)

func newKeys() *cobra.Command {
	return group("keys", "Look after the signing keys and the secret file",
		newKeysList(), newKeysRotate(), newKeysRevoke(), newKeysExport(), newKeysReseal())
}

// withDesk opens the database beside a running serve.
func withDesk(cmd *cobra.Command, f func(*app.Desk) error) error {
	cfg, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	d, err := app.OpenDesk(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	defer d.Close()
	return f(d)
}

// keyRow is what list prints of a key.
type keyRow struct {
	KID         string     `json:"kid"`
	State       string     `json:"state"`
	CreatedAt   time.Time  `json:"created_at"`
	NotBefore   time.Time  `json:"not_before"`
	ActivatedAt *time.Time `json:"activated_at,omitempty"`
	RetiredAt   *time.Time `json:"retired_at,omitempty"`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
	Reason      string     `json:"reason,omitempty"`
}

func newKeysList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the signing keys, oldest first", Args: noArgs,
		Long: `List the signing keys, oldest first: an announced key is published and does not
sign yet, the active one signs, a retired one verifies what it signed, a revoked
one does not. Keys whose signatures have all ended are gone.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDesk(cmd, func(d *app.Desk) error {
				rows, err := keyRows(cmd, d)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSONLines(cmd, rows)
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "KID\tSTATE\tSINCE\tREMARK")
				for _, r := range rows {
					since, remark := r.since()
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.KID, r.State, since.Format(time.DateOnly), remark)
				}
				return w.Flush()
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON Lines")
	return c
}

func keyRows(cmd *cobra.Command, d *app.Desk) ([]keyRow, error) {
	all, err := d.Keys.List(cmd.Context())
	rows := make([]keyRow, len(all))
	for n, k := range all {
		rows[n] = keyRow{
			KID: k.KID, State: string(k.State), CreatedAt: k.Created, NotBefore: k.NotBefore, Reason: k.Reason,
			ActivatedAt: unlessZero(k.ActivatedAt), RetiredAt: unlessZero(k.RetiredAt), RevokedAt: unlessZero(k.RevokedAt),
		}
	}
	return rows, err
}

// since says from when on a key has been in its state, and what else to know.
func (r keyRow) since() (at time.Time, remark string) {
	switch {
	case r.RevokedAt != nil:
		return *r.RevokedAt, r.Reason
	case r.RetiredAt != nil:
		return *r.RetiredAt, "verifies until all that it signed has ended"
	case r.ActivatedAt != nil:
		return *r.ActivatedAt, "signs"
	}
	return r.CreatedAt, "may sign from " + r.NotBefore.Format(time.RFC3339)
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func printJSONLines[T any](cmd *cobra.Command, rows []T) error {
	e := json.NewEncoder(cmd.OutOrStdout())
	for _, r := range rows {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func newKeysRotate() *cobra.Command {
	return &cobra.Command{
		Use: "rotate", Short: "Let the standby sign before its time", Args: noArgs,
		Long: `Let the standby sign before its time; serve does so by itself every 90 days. The
former key stays published, and what it signed stays valid. A standby that was
announced less than 48 hours ago is refused.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDesk(cmd, func(d *app.Desk) error {
				kid, err := d.Keys.Rotate(cmd.Context())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s signs now; a new standby is announced\n", kid)
				return err
			})
		},
	}
}

func newKeysExport() *cobra.Command {
	return &cobra.Command{
		Use: "export-jwks", Short: "Print the public keys as a JWK Set, as the issuer publishes it", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDesk(cmd, func(d *app.Desk) error {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", d.JWKS())
				return err
			})
		},
	}
}

func newKeysReseal() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use: "reseal", Short: "Wrap the data keys under a new secret file", Args: noArgs,
		Long: `Wrap the data keys under a new secret file, which is made. What rests sealed in
the database stays as it is, and servers that run go on. Then put the new file
where COCARDE_SECRET_FILE says, on every server: the former one opens only
backups that are older. Called again after it was killed, it ends what it began.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return usage{fmt.Errorf("say where to make the new one with --new-secret-file")}
			}
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if err := app.Reseal(cmd.Context(), cfg, path); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "the database is sealed under %s; put it in place of %s before the next start\n", path, cfg.SecretFile)
			return err
		},
	}
	c.Flags().StringVar(&path, "new-secret-file", "", "where to make it")
	return c
}

// affectedRow is a badge that was revoked with a key.
type affectedRow struct {
	ID     string `json:"id"`
	Handle string `json:"handle"`
	Agency string `json:"agency"`
	Mailed bool   `json:"mailed"` // its agent, to ask for another
}

func newAffectedRow(b attest.Badge, mailed bool) affectedRow {
	return affectedRow{b.ID, b.Actor.Handle.String(), b.Agency.Domain, mailed}
}
