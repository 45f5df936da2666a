package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"cocarde.example/internal/app"
)

func newDB() *cobra.Command {
	return group("db", "Look after the database", &cobra.Command{
		Use: "status", Short: "Tell which schema and issuer the database holds", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			s, err := app.DatabaseStatus(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "database  %s\n", cfg.Database)
			fmt.Fprintf(out, "schema    %d (this program knows %d)\n", s.Schema, s.Known)
			if s.Issuer != "" {
				fmt.Fprintf(out, "issuer    %s\n", s.Issuer)
			} else {
				fmt.Fprintln(out, "issuer    none yet: the first cocarde serve founds it")
			}
			return nil
		},
	})
}
