package sandbox

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Bounds of a message's form (RFC 5322 section 2.1.1 for the line).
const (
	maxLine  = 998
	maxDepth = 5
)

// Message is a mail as it arrived.
type Message struct {
	From      string      // of the envelope
	To        []string    // of the envelope
	At        time.Time   // when it arrived
	Encrypted bool        // whether it came over TLS
	Header    mail.Header // as sent
	Subject   string      // decoded (RFC 2047)
	Text      string      // the first text/plain part, decoded
	HTML      string      // the first text/html part, decoded
	Raw       []byte
}

// parseMessage reads a message and refuses one that careful servers refuse:
// without From, Date or Message-ID, with overlong lines, or with parts that
// cannot be decoded.
func parseMessage(raw []byte) (Message, error) {
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > maxLine {
			return Message{}, errors.New("a line is longer than 998 octets")
		}
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, errors.New("the header cannot be read")
	}
	if _, err := parsed.Header.AddressList("From"); err != nil {
		return Message{}, errors.New("the From field is missing or malformed")
	}
	if _, err := parsed.Header.Date(); err != nil {
		return Message{}, errors.New("the Date field is missing or malformed")
	}
	if parsed.Header.Get("Message-ID") == "" {
		return Message{}, errors.New("the Message-ID field is missing")
	}
	m := Message{Header: parsed.Header, Raw: raw}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return Message{}, errors.New("the subject cannot be decoded")
	}
	if err := m.readPart(partHeader(parsed.Header), parsed.Body, maxDepth); err != nil {
		return Message{}, err
	}
	return m, nil
}

// partHeader is what a message's and a part's header have in common.
type partHeader map[string][]string

func (h partHeader) get(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// readPart walks a body and keeps its first plain and its first HTML text.
func (m *Message) readPart(header partHeader, body io.Reader, depth int) error {
	if depth == 0 {
		return errors.New("parts are nested too deeply")
	}
	contentType := header.get("Content-Type")
	if contentType == "" {
		contentType = "text/plain; charset=us-ascii"
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return errors.New("a Content-Type is malformed")
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		return m.readParts(multipart.NewReader(body, params["boundary"]), depth)
	}
	content, err := io.ReadAll(decodeTransfer(header.get("Content-Transfer-Encoding"), body))
	if err != nil {
		return fmt.Errorf("a part of type %s cannot be decoded", mediaType)
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch {
	case mediaType == "text/plain" && m.Text == "":
		m.Text = text
	case mediaType == "text/html" && m.HTML == "":
		m.HTML = text
	}
	return nil
}

func (m *Message) readParts(parts *multipart.Reader, depth int) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errors.New("a multipart body is malformed")
		}
		if err := m.readPart(partHeader(part.Header), part, depth-1); err != nil {
			return err
		}
	}
}

func decodeTransfer(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}

// codePattern is 8 digits, perhaps with a space of some kind in the middle,
// that are no part of a longer word.
var codePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^\pL\pN_-])([0-9]{4})[ \x{00A0}\x{202F}]?([0-9]{4})(?:$|[^\pL\pN_-])`)
})

// Code finds the 8-digit code in a message's text, without its space; "" if
// there is none.
func Code(m Message) string {
	found := codePattern().FindStringSubmatch(m.Text)
	if found == nil {
		return ""
	}
	return found[1] + found[2]
}
