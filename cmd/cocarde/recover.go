package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"cocarde.example/internal/app"
)

func newBackup() *cobra.Command {
	var to string
	var r app.Recipients
	cmd := &cobra.Command{
		Use: "backup", Short: "Write an encrypted backup, beside running servers", Args: noArgs,
		Long: `Write a backup of the database as it is at one moment, encrypted with age for
everybody who is named. Servers go on. The secret file is no part of it: keep a
copy of that elsewhere. What is published later is in COCARDE_PUBLISHED_DIR, which
a restore needs too.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usage{errors.New("say with --to where the backup goes; - is standard output")}
			}
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			ctx, stop := untilStopped(cmd)
			defer stop()
			bar := newBar(cmd, "backup")
			defer bar.end()
			return app.BackupDatabase(ctx, cfg, to, cmd.OutOrStdout(), r, bar.tell)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the file to write; - is standard output")
	cmd.Flags().StringArrayVar(&r.Keys, "recipient", nil, "who can open it, age1…; may be repeated")
	cmd.Flags().StringArrayVar(&r.Files, "recipients-file", nil, "a file of recipients, one a line")
	return cmd
}

func newRestore() *cobra.Command {
	var r app.Restoring
	cmd := &cobra.Command{
		Use: "restore FILE|-", Short: "Make the database of a backup in an empty place", Args: exactly(1, "the backup's FILE"),
		Long: `Make the database of a backup at COCARDE_DATABASE, which must be empty, and repeat
what was published since, from COCARDE_PUBLISHED_DIR: what others have seen holds.
Attestations that were issued since the backup are lost, and revoked. Everything
is checked before anything is touched. "-" reads from standard input.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if r.Identity == "" {
				return usage{errors.New("give the file of the age identity with --identity")}
			}
			ctx, stop := untilStopped(cmd)
			defer stop()
			bar := newBar(cmd, "restore")
			r.File, r.In, r.Progress = args[0], cmd.InOrStdin(), bar.tell
			done, err := app.RestoreDatabase(ctx, cfg, r)
			bar.end()
			if err != nil {
				return err
			}
			printRecovery(cmd, done)
			return nil
		},
	}
	cmd.Flags().StringVar(&r.Identity, "identity", "", "file that holds the age identity of a recipient")
	withoutRecord(cmd, &r.WithoutRecord)
	return cmd
}

func newReplay() *cobra.Command {
	var without bool
	cmd := &cobra.Command{
		Use: "replay", Short: "Repeat in a database that was put back what was published since", Args: noArgs,
		Long: `Repeat what was published since the copy was made that now stands at
COCARDE_DATABASE: for whoever puts databases back by other means than cocarde db
restore, such as pg_restore or Litestream. Stop all servers first. It may be
repeated, and changes nothing where nothing is missing but that indices which were
reserved and not used are revoked.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			ctx, stop := untilStopped(cmd)
			defer stop()
			done, err := app.ReplayDatabase(ctx, cfg, without)
			if err != nil {
				return err
			}
			printRecovery(cmd, done)
			return nil
		},
	}
	withoutRecord(cmd, &without)
	return cmd
}

func withoutRecord(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "without-record", false, "go on without the record, which is lost: what was published since is forgotten")
}

func printRecovery(cmd *cobra.Command, r app.Recovery) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "issuer     %s\n", r.Issuer)
	if r.WithoutRecord {
		aside := ""
		if r.SetAside {
			aside = "; what stood there is in a directory aside-… of COCARDE_PUBLISHED_DIR"
		}
		fmt.Fprintf(out, `forgotten  what was published after event %d: attestations, suspensions, revocations, keys, erasures
lists      those so far are closed: no index of theirs is given out again
record     a new one%s
next       suspend, revoke and erase again what you know of; tell agents with newer badges to ask anew; then cocarde serve
`, r.Seq, aside)
		return
	}
	fmt.Fprintf(out, "events     %s back\n", counted(r.Events, "was lost, and is", "were lost, and are"))
	fmt.Fprintf(out, "lost       %s must ask anew\n", counted(r.Lost, "attestation, which is revoked: its agent", "attestations, which are revoked: their agents"))
	fmt.Fprintf(out, "reserved   %s revoked\n", counted(r.Reserved, "index that may have been given out is", "indices that may have been given out are"))
	for _, file := range r.Torn {
		fmt.Fprintf(out, "left out   the last line of %s, which is incomplete: a server that is killed while it writes leaves such a line, and nothing came of it. If the file was cut since, put a whole copy of it back and run cocarde db replay before a server starts\n", file)
	}
	fmt.Fprintln(out, "next       cocarde serve")
}

// counted is a number with what follows it, of one or of many.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
