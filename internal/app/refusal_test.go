package app_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"cocarde.example/internal/app"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// onServer gives settings with a migrated database, its name, and how to act in one as the superuser.
func onServer(t *testing.T) (c config.Config, name string, do func(in, statements string)) {
	t.Helper()
	server := postgres.Shared(t)
	database, err := server.NewDatabase(t.Context())
	must(t, err)
	_, err = store.Migrate(t.Context(), store.Options{Database: database})
	must(t, err)
	u, err := url.Parse(database)
	must(t, err)
	c = settings(t, t.TempDir(), "COCARDE_DATABASE="+database+"&pool_max_conns=2")
	return c, strings.TrimPrefix(u.Path, "/"), func(in, statements string) {
		t.Helper()
		must(t, server.Exec(t.Context(), in, statements))
	}
}

// A server does not start on a database that takes no writes, and starts once it does.
func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	c, name, do := onServer(t)
	do("postgres", `ALTER DATABASE `+name+` SET default_transaction_read_only = on`)
	refused(t, options(c), "database_read_only")
	if _, err := os.Stat(c.SecretFile); err == nil {
		t.Error("a secret was made")
	}
	do("postgres", `ALTER DATABASE `+name+` RESET default_transaction_read_only`)
	founded(t, c)
	do("postgres", `ALTER DATABASE `+name+` SET default_transaction_read_only = on`)
	refused(t, options(c), "database_read_only")
}

// A founding that fails says what is left of it, and the next start goes on with that.
func TestFoundingFails(t *testing.T) {
	t.Parallel()
	c, name, do := onServer(t)
	do(name, `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
		CREATE TRIGGER full_disk BEFORE INSERT ON data_keys FOR EACH ROW EXECUTE FUNCTION full_disk()`)
	var secret string
	for range 2 {
		err := refused(t, options(c), "storage_full")
		f, _ := fault.Of(err)
		if strings.Contains(f.Message, "Nothing was changed") || !strings.Contains(f.Message, "secret file") || !strings.Contains(fault.Cause(err).Error(), "No space left") {
			t.Errorf("it says %v", err)
		}
		now, err := os.ReadFile(c.SecretFile)
		must(t, err)
		if secret == "" {
			secret = string(now)
		}
		if string(now) != secret {
			t.Error("another secret was made")
		}
	}
	do(name, `DROP TRIGGER full_disk ON data_keys`)
	founded(t, c)
	desk, err := app.OpenDesk(t.Context(), c)
	must(t, err)
	must(t, desk.Close())
}
