package chain

import (
	"io"
	"net"
	"net/url"
	"testing"
)

// relay has everything that comes in at a listener go on to a database's server, and
// gives the URL that leads through there.
func relay(t *testing.T, l net.Listener, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	u.Host = l.Addr().String()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go pass(in, server)
		}
	}()
	return u.String()
}

// pass copies both ways until one side ends.
func pass(in net.Conn, server string) {
	defer in.Close()
	out, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer out.Close()
	go func() {
		defer in.Close()
		_, _ = io.Copy(in, out)
	}()
	_, _ = io.Copy(out, in)
}
