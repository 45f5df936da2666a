package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
)

func newDB() *cobra.Command {
	return group("db", "Look after the database",
		databaseCommand("migrate", "Bring the database's schema up to date", `Bring the database's schema up to date. A SQLite file is made where there is
none; serve does all this by itself. A PostgreSQL database must exist, belong to
the user of COCARDE_DATABASE, and be migrated before the first serve and after
each upgrade. A schema that is newer, or another program's, is not touched.`, app.MigrateDatabase),
		databaseCommand("status", "Tell which schema and issuer the database holds", "", app.DatabaseStatus),
		newBackup(), newRestore(), newReplay())
}

func databaseCommand(use, short, long string, act func(context.Context, config.Config) (app.Status, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			s, err := act(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			printDatabase(cmd, cfg, s)
			return nil
		},
	}
}

func printDatabase(cmd *cobra.Command, cfg config.Config, s app.Status) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "database  %s\n", cfg.Database)
	fmt.Fprintf(out, "schema    %d (this program knows %d)\n", s.Schema, s.Known)
	switch {
	case s.Schema < s.Known:
		fmt.Fprintln(out, "next      cocarde db migrate")
	case s.Schema > s.Known:
		fmt.Fprintln(out, "next      use the version of cocarde that wrote it, or a later one")
	}
	if s.Issuer != "" {
		fmt.Fprintf(out, "issuer    %s\n", s.Issuer)
		if !s.LastEnd.IsZero() {
			fmt.Fprintf(out, "ends      %s, the last attestation\n", s.LastEnd.UTC().Format(time.RFC3339))
		}
	} else if s.Schema == s.Known {
		fmt.Fprintln(out, "issuer    none yet: the first cocarde serve founds it")
	}
}
