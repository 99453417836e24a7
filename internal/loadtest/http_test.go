package loadtest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHTTPConn(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 10_000)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("GET /chunked", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, long)
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "end")
		w.Header().Set("X-Sum", "1")
	})
	mux.HandleFunc("GET /nothing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /last", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "bye")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	dials := 0
	c := &httpConn{host: "test", dial: func() (net.Conn, error) {
		dials++
		return net.Dial("tcp", server.Listener.Addr().String())
	}}
	t.Cleanup(c.close)
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
		dials              int
	}{
		{"POST", "/echo", "hello", 201, "hello", 1},
		{"GET", "/chunked", "", 200, long + "end", 1},
		{"GET", "/nothing", "", 204, "", 1},
		{"POST", "/echo", "", 201, "", 1},
		{"GET", "/absent", "", 404, "404 page not found\n", 1},
		{"GET", "/last", "", 200, "bye", 1},
		{"POST", "/echo", "again", 201, "again", 2},
	} {
		var body []byte
		if step.method == "POST" {
			body = []byte(step.body)
		}
		status, got, err := c.do(step.method, step.path, body)
		if err != nil || status != step.status || string(got) != step.want || dials != step.dials {
			t.Fatalf("%s: status %d, %d bytes, %d dials, %v", step.path, status, len(got), dials, err)
		}
	}
}

func TestHTTPConnNeverRepeats(t *testing.T) {
	t.Parallel()
	dials := 0
	c := &httpConn{host: "test", dial: func() (net.Conn, error) {
		dials++
		client, server := net.Pipe()
		go func() {
			_, _ = server.Read(make([]byte, 1024))
			server.Close() // the request is read, and there is no answer
		}()
		return client, nil
	}}
	if _, _, err := c.do("POST", "/", []byte("x")); !errors.Is(err, io.EOF) || dials != 1 {
		t.Errorf("%d dials, error %v", dials, err)
	}
	if _, _, err := c.do("POST", "/", []byte("x")); err == nil || dials != 2 {
		t.Errorf("after an error: %d dials, error %v", dials, err)
	}
}

// FuzzResponse: whatever a server sends, reading it ends.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 503 \r\nConnection: close\r\n\r\nno"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &httpConn{in: bufio.NewReader(bytes.NewReader(data))}
		if status, _, err := c.response(); err == nil && status > 999 {
			t.Errorf("status %d", status)
		}
	})
}

func TestLocalAddressesStayOnLoopback(t *testing.T) {
	t.Parallel()
	for _, base := range []uint32{0, 1, 1<<24 - 3, 1<<24 - 2, 1<<32 - 1} {
		l := newLocalAddresses("127.0.0.1")
		l.base = base
		seen := map[string]int{}
		for range 3 * connectionsPerAddress {
			a, ok := l.next().(*net.TCPAddr)
			if !ok || !a.IP.IsLoopback() {
				t.Fatalf("base %d: address %v", base, a)
			}
			seen[a.IP.String()]++
		}
		if len(seen) < 3 {
			t.Errorf("base %d: only %d addresses", base, len(seen))
		}
	}
	if a := newLocalAddresses("192.0.2.1").next(); a != nil {
		t.Errorf("address %v for another machine", a)
	}
}
