package bench

import (
	"os"
	"testing"

	"cocarde.example/test/postgres"
)

func TestMain(m *testing.M) { os.Exit(postgres.Tests{M: m}.Run()) }
