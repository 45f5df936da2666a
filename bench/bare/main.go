// Command bare is the floor under the start of cocarde serve: it opens the same
// SQLite file with the same driver and settings, reads one row, listens on a free
// port of 127.0.0.1, and answers. Its argument is the file.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	_ "modernc.org/sqlite"
)

func main() {
	log.SetFlags(0)
	db, err := sql.Open("sqlite", "file:"+os.Args[1]+"?mode=rw&_pragma=busy_timeout(5000)"+
		"&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)&_txlock=immediate&_dqs=0")
	if err != nil {
		log.Fatal(err)
	}
	var origin string
	if err := db.QueryRow(`SELECT origin FROM meta`).Scan(&origin); err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "listening addr=%s issuer=%s\n", l.Addr(), origin)
	log.Fatal(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})))
}
