package store_test

import (
	"testing"

	"go.uber.org/goleak"

	"cocarde.example/test/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgres.Tests{M: m}) }
