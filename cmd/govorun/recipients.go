package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// clientColumn is the column of the clients' ids.
const clientColumn = "clientId"

// recipientRow is a client as the API takes it.
type recipientRow struct {
	ClientID string            `json:"clientId"`
	Data     map[string]string `json:"data,omitempty"`
}

// rows reads the clients that are to get it.
func (c *campaignSendCmd) rows(w *world) ([]recipientRow, error) {
	from, name := w.Stdin, "the standard input"
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // it is only read
		from, name = f, c.File
	}
	if from == nil {
		from = bytes.NewReader(nil)
	}
	rows, err := readRecipients(from, c.Event != "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows, nil
}

// readRecipients reads CSV with a header. Columns beside the client's id become data when an event has
// them. A mistake names its line.
func readRecipients(from io.Reader, event bool) ([]recipientRow, error) {
	text := bufio.NewReader(from)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = text.Discard(len(mark)) // it is there
	}
	r := csv.NewReader(text)
	header, at, err := readColumns(r)
	if err != nil {
		return nil, err
	}
	var rows []recipientRow
	for {
		fields, err := r.Read()
		switch {
		case errors.Is(err, io.EOF) && len(rows) == 0:
			return nil, errors.New("expected at least one client below the header")
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, err
		}
		row := recipientRow{ClientID: strings.TrimSpace(fields[at])}
		line, _ := r.FieldPos(at)
		if row.ClientID == "" {
			return nil, fmt.Errorf("line %d: expected the id of a client in the column %s", line, clientColumn)
		}
		if event && len(header) > 1 {
			row.Data = map[string]string{}
		}
		for i, value := range fields {
			if !utf8.ValidString(value) {
				return nil, fmt.Errorf("line %d: the column %s is not UTF-8", line, header[i])
			}
			if i != at && row.Data != nil {
				row.Data[header[i]] = value
			}
		}
		rows = append(rows, row)
	}
}

// Recipients go to the server in parts.
const (
	partRows  = 500
	partBytes = 512 << 10 // of JSON; the server takes twice as much
)

// part is how many rows go to the server in the next call, one at least.
func part(rows []recipientRow) (n int, err error) {
	for size := 0; n < len(rows) && n < partRows; n++ {
		data, err := json.Marshal(rows[n])
		if err != nil {
			return 0, fmt.Errorf("encode a client: %w", err)
		}
		if size += len(data); n > 0 && size > partBytes {
			break
		}
	}
	return n, nil
}

// readColumns reads the header, and finds the column of the clients' ids.
func readColumns(r *csv.Reader) (header []string, at int, err error) {
	header, err = r.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("it is empty; expected a header with the column %s", clientColumn)
	}
	if err != nil {
		return nil, 0, err
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
		switch name := header[i]; {
		case !utf8.ValidString(name):
			return nil, 0, errors.New("the header is not UTF-8")
		case name == "":
			return nil, 0, fmt.Errorf("column %d has no name in the header", i+1)
		case slices.Contains(header[:i], name):
			return nil, 0, fmt.Errorf("two columns are called %s", name)
		}
	}
	if at = slices.Index(header, clientColumn); at < 0 {
		return nil, 0, fmt.Errorf("expected a column %s in the header, parted by commas; got %s", clientColumn, strings.Join(header, ", "))
	}
	return header, at, nil
}
