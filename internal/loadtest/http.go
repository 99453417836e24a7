package loadtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// requestTimeout bounds one request; what takes longer has failed, with its outcome unknown.
const requestTimeout = 30 * time.Second

// httpConn is a persistent HTTP/1.1 connection for one request at a time. The standard client
// does more than a generator needs, and costs the server it shares the machine with.
type httpConn struct {
	dial    func() (net.Conn, error)
	host    string
	headers string   // further ones, each after an end of line
	conn    net.Conn // nil until the first request and after an error
	in      *bufio.Reader
	out     []byte
	body    bytes.Buffer
}

// do sends a request and returns the status and the body, which is valid until the next one.
// A request is never sent twice.
func (c *httpConn) do(method, path string, body []byte) (int, []byte, error) {
	if c.conn == nil {
		conn, err := c.dial()
		if err != nil {
			return 0, nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	status, keep, err := c.exchange(method, path, body)
	if err != nil || !keep {
		c.close()
	}
	if err != nil {
		return 0, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return status, c.body.Bytes(), nil
}

func (c *httpConn) exchange(method, path string, body []byte) (status int, keep bool, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return 0, false, err
	}
	c.out = append(c.out[:0], method...)
	c.out = append(c.out, ' ')
	c.out = append(c.out, path...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: "...)
	c.out = append(c.out, c.host...)
	c.out = append(c.out, c.headers...)
	if body != nil {
		c.out = append(c.out, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	}
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, false, err
	}
	return c.response()
}

// response reads one answer into c.body (RFC 9112, sections 4 to 6).
func (c *httpConn) response() (status int, keep bool, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, false, fmt.Errorf("not a response: %q", line)
	}
	status = int(number(line[9:12]))
	length, chunked, keep, err := c.header()
	if err != nil {
		return 0, false, err
	}
	c.body.Reset()
	switch {
	case chunked:
		if _, err = c.body.ReadFrom(httputil.NewChunkedReader(c.in)); err == nil {
			_, _, _, err = c.header() // trailers and the empty line
		}
	case length >= 0:
		_, err = io.CopyN(&c.body, c.in, length)
	case status != http.StatusNoContent && status != http.StatusNotModified:
		keep = false
		_, err = c.body.ReadFrom(c.in)
	}
	return status, keep, err
}

// header reads up to the empty line. length is -1 when it is not given.
func (c *httpConn) header() (length int64, chunked, keep bool, err error) {
	length, keep = -1, true
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, false, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, chunked, keep, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch len(name) { // most headers are told apart by their length alone
		case len("Content-Length"):
			if bytes.EqualFold(name, []byte("Content-Length")) {
				length = number(value)
			}
		case len("Transfer-Encoding"):
			if bytes.EqualFold(name, []byte("Transfer-Encoding")) {
				chunked = bytes.EqualFold(value, []byte("chunked"))
			}
		case len("Connection"):
			if bytes.EqualFold(name, []byte("Connection")) {
				keep = !bytes.EqualFold(value, []byte("close"))
			}
		}
	}
}

func (c *httpConn) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is left to be sent
		c.conn = nil
	}
}
