package torture

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"cocarde.example/attest"
	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/safehttp"
	"cocarde.example/verify"
)

// roleVariable names the role of a process that the tests start.
const roleVariable = "TORTURE_ROLE"

// The roles.
const (
	roleServer  = "server"  // cocarde serve
	roleDesk    = "desk"    // cocarde attestations suspend|resume|revoke, for many acts
	roleMigrate = "migrate" // cocarde db migrate
)

// What a role says on standard output beside a desk's results.
const (
	sayUp    = "up "   // and a server's address
	sayReady = "ready" // what is published stands
)

// play ends with the status of the process. A process whose parent has ended
// reads the end of its standard input, and ends too.
func play(role string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, err := config.Load("", os.Environ())
	if err == nil {
		switch role {
		case roleServer:
			err = playServer(ctx, cfg)
		case roleDesk:
			err = playDesk(ctx, cfg)
		case roleMigrate:
			_, err = app.MigrateDatabase(ctx, cfg)
		default:
			err = fmt.Errorf("no such role: %s", role)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func playServer(ctx context.Context, cfg config.Config) error {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	a, err := app.New(ctx, app.Options{
		Config: cfg, Version: "torture", Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Outbound: safehttp.Policy{AllowLoopback: true}, Limits: generous(),
	})
	if err != nil {
		return err
	}
	fmt.Println(sayUp + a.Addr())
	go func() {
		<-a.Ready()
		fmt.Println(sayReady)
	}()
	return a.Run(ctx)
}

// generous are limits that nobody reaches.
func generous() *attest.Limits {
	const many = 1_000_000
	return &attest.Limits{
		RequestsPerClient: many, RequestsPerHandle: many, RequestsPerInstance: many, RequestsPerMailbox: many,
		RequestsInTotal: many, MailsPerMailbox: many, MailsPerMailboxADay: many, MailsInTotal: many,
		WrongCodes: many, LooksPerRequest: many, UnaskedPerClient: many, UnaskedPerMailbox: many,
	}
}

// order is what a desk is to do; the id is written into the event, as who did it.
type order struct {
	ID    string
	Badge string
	To    verify.Status
	Note  string
}

// result is what came of an order; Code is that of the fault, if there was one.
type result struct {
	ID      string
	Changed bool
	Code    string
}

func playDesk(ctx context.Context, cfg config.Config) error {
	d, err := app.OpenDesk(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Println(sayUp)
	orders := json.NewDecoder(bufio.NewReader(os.Stdin))
	results := json.NewEncoder(os.Stdout)
	for {
		var o order
		if err := orders.Decode(&o); errors.Is(err, io.EOF) {
			return d.Close()
		} else if err != nil {
			return err
		}
		if err := results.Encode(obey(ctx, d.Badges, o)); err != nil {
			return err
		}
	}
}

func obey(ctx context.Context, b *attest.Badges, o order) result {
	act := map[verify.Status]func(context.Context, attest.Act) (bool, error){
		verify.Valid: b.Resume, verify.Suspended: b.Suspend, verify.Revoked: b.Revoke,
	}[o.To]
	changed, err := act(ctx, attest.Act{BadgeID: o.Badge, By: o.ID, Reason: attest.Other, Note: o.Note})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return result{ID: o.ID, Code: fault.Code(err)}
	}
	return result{ID: o.ID, Changed: changed}
}
