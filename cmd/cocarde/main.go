// Command cocarde attests that a fediverse account belongs to someone with a
// mailbox at a public agency, and checks such attestations.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"cocarde.example/internal/fault"
)

// Exit codes; verify uses the first three as its verdict.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUnknown = 2
	exitUsage   = 64 // EX_USAGE of sysexits.h
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// untilStopped gives a context that ends when the program is asked to stop. It is
// for commands that have something to finish; the others just end. Asked again,
// the program ends at once.
func untilStopped(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(cmd.Context())
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-asked:
		case <-ctx.Done():
		}
		signal.Stop(asked) // before anybody knows: the next one ends the process
		cancel()
	}()
	return ctx, cancel
}

// exit ends the command with a code, its message already printed.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usage is an error of whoever typed the command.
type usage struct{ error }

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var code exit
	var wrong usage
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &wrong), !understood:
		fmt.Fprintf(errOut, "cocarde: %v\nTry cocarde --help.\n", err)
		return exitUsage
	}
	fmt.Fprintf(errOut, "cocarde: %s\n", explain(err))
	if f, ok := fault.Of(err); ok && f.Kind == fault.Invalid {
		return exitUsage
	}
	return exitFailed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cocarde",
		Short: "Attest that a fediverse account belongs to someone with a mailbox at a public agency",
		Long: `Cocarde attests that a fediverse account belongs to someone with a mailbox at
a public agency. Anyone can check an attestation; an auditor can take it back.

  cocarde demo --once    see the main job happen, on this machine
  cocarde serve          run an issuer
  cocarde verify         check an attestation`,
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.PersistentFlags().String("config", "", "file of settings, lines of NAME=value; the environment prevails")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(newServe(), newDemo(), newVerify(), newAttestations(), newAgencies(), newKeys(), newDB(), newVersion())
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = noArgs, needsCommand
		}
	}
	return root
}

// noArgs and exactly are cobra's own checks as errors of usage.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage{fmt.Errorf("%q is not a command of %s", args[0], cmd.CommandPath())}
	}
	return nil
}

func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usage{fmt.Errorf("give %s", what)}
		}
		return nil
	}
}

// group is a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: noArgs, RunE: needsCommand}
	c.AddCommand(subs...)
	return c
}

func needsCommand(cmd *cobra.Command, _ []string) error {
	return usage{fmt.Errorf("%s needs one of its commands; see %s --help", cmd.CommandPath(), cmd.CommandPath())}
}
