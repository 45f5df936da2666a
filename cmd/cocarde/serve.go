package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
)

func newServe() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run an issuer", Args: noArgs,
		Long: `Run an issuer. With nothing configured it listens on 127.0.0.1:8080 and keeps
its data in ./cocarde-data. Settings come from the environment or from --config:

` + settingsHelp(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			ctx, stop := untilStopped(cmd)
			defer stop()
			a, err := app.New(ctx, app.Options{
				Config: cfg, Version: version, Log: newLog(cmd),
			})
			if err != nil {
				return err
			}
			return a.Run(ctx)
		},
	}
}

// loadConfig reads the settings; a wrong one is an error of usage.
func loadConfig(cmd *cobra.Command) (config.Config, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return config.Config{}, err
	}
	cfg, err := config.Load(path, os.Environ())
	if err != nil {
		return config.Config{}, usage{err}
	}
	return cfg, nil
}

func newLog(cmd *cobra.Command) *slog.Logger {
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
}

func settingsHelp() string {
	var s string
	for _, n := range config.Names() {
		s += "  " + n + "\n"
	}
	return s
}
