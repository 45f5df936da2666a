package postgres

import (
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// serveIn asks this program to start a server in a directory and to wait, as a
// process that a test kills.
const serveIn = "COCARDE_TEST_POSTGRES"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveIn); dir != "" {
		s, err := Start(dir)
		fmt.Println(s.SuperuserURL("postgres"), err)
		io.Copy(io.Discard, os.Stdin) // until the test is gone, if it does not kill
		return
	}
	goleak.VerifyTestMain(Tests{M: m})
}
