package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxListed bounds the mailbox's page.
const maxListed = 50

// mailRow is a mail as the pages show it.
type mailRow struct {
	Number                  int // counted from 1, in the order of arrival
	From, To, Subject, Text string
	Time, Stamp             string
	Code                    string // "" without one
}

func newMailRow(n int, m Message) mailRow {
	subject := m.Subject
	if subject == "" {
		subject = "(no subject)"
	}
	return mailRow{
		Number: n + 1, From: m.From, To: strings.Join(m.To, ", "), Subject: subject, Text: m.Text,
		Time: m.At.Format("15:04:05"), Stamp: m.At.Format(time.RFC3339), Code: Code(m),
	}
}

// Web gives the pages on which a person reads the mails that have arrived,
// whoever they are for.
func (m *Mailbox) Web() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.listPage)
	mux.HandleFunc("GET /mails/{number}", m.mailPage)
	mux.HandleFunc("GET /style.css", style)
	return mux
}

// listPage shows the newest mails, and the newest code so that it can be
// copied at once.
func (m *Mailbox) listPage(w http.ResponseWriter, _ *http.Request) {
	data := struct {
		frame
		Latest *mailRow // the newest with a code
		Mails  []mailRow
	}{frame: mailFrame("Mails")}
	for n, message := range slices.Backward(m.Messages("")) {
		if len(data.Mails) == maxListed {
			break
		}
		row := newMailRow(n, message)
		data.Mails = append(data.Mails, row)
		if row.Code != "" && data.Latest == nil {
			data.Latest = &row
		}
	}
	mailsPage.write(w, http.StatusOK, data)
}

func (m *Mailbox) mailPage(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("number"))
	messages := m.Messages("")
	if err != nil || n < 1 || n > len(messages) {
		problemPage.write(w, http.StatusNotFound, struct {
			frame
			Text string
		}{mailFrame("No such mail"), "It may be of an earlier run."})
		return
	}
	row := newMailRow(n-1, messages[n-1])
	mailPage.write(w, http.StatusOK, struct {
		frame
		Mail mailRow
	}{mailFrame(row.Subject), row})
}

func mailFrame(title string) frame { return frame{title, "Sandbox mailbox"} }
