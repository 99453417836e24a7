package files_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/files"
)

const unknown = "99999999-9999-4999-8999-999999999999"

// hold begins an upload that does not end before the test.
func (w *world) hold(session, begin string, headers ...string) net.Conn {
	w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	headers = append(headers, "Host: x", "Content-Type: multipart/form-data; boundary=b", "Content-Length: 1000000")
	if _, err := fmt.Fprintf(c, "POST /sessions/%s/files HTTP/1.1\r\n%s\r\n\r\n%s", session, strings.Join(headers, "\r\n"), begin); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// answer is the one to an upload that does not end. Without bounds it comes after the 30 s of a stall.
func answer(t *testing.T, c net.Conn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(25 * time.Second)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// asking tells when the domain was asked whether somebody may send files.
type asking struct {
	files.Domain
	asked chan struct{}
}

func (a *asking) MayUpload(ctx context.Context, id string, limits chat.FileLimits, idem chat.Idempotency) (chat.FileSum, error) {
	defer func() { a.asked <- struct{}{} }()
	return a.Domain.MayUpload(ctx, id, limits, idem)
}

// Who is refused, and does not stop sending, holds no place meanwhile, and is answered soon.
func TestRefusedHoldNoPlace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ session, begin, want string }{
		"a stranger": {unknown, "--b\r\n", "not_found"},
		"bad form":   {"", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n", "invalid file[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 10)
			w := newWorld(t, func(p *files.Params) {
				p.Limits.Uploads = 1
				p.Domain = &asking{p.Domain, asked}
			})
			if tt.session == "" {
				tt.session = w.session.ID
			}
			c := w.hold(tt.session, tt.begin)
			<-asked
			w.send("a.txt", "text")
			if text := answer(t, c); !strings.HasPrefix(text, tt.want) {
				t.Error(text)
			}
		})
	}
}

// fromHeader has a test say which address it comes from.
func fromHeader(r *http.Request) netip.Prefix {
	addr, _ := netip.ParseAddr(r.Header.Get("From")) // without the header none
	network, _ := addr.Prefix(addr.BitLen())
	return network
}

func TestDownloadsOfAnAddressAreBounded(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	reading := make(chan struct{})
	w := newWorld(t, func(p *files.Params) {
		p.Limits.AddressDownloads, p.Address = 1, fromHeader
		p.Blobs = &stuck{p.Blobs, reading, end}
	})
	link, _ := w.links(w.send("a.txt", "text"))
	done := make(chan int)
	go func() {
		r, _ := http.NewRequest(http.MethodGet, link, nil)
		r.Header.Set("From", "192.0.2.1")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			close(done)
			return
		}
		res.Body.Close()
		done <- res.StatusCode
	}()
	<-reading
	if res, text := w.request(http.MethodHead, link, "From: 192.0.2.1"); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Error("a second one:", res.StatusCode, text)
	}
	if res, text := w.request(http.MethodHead, link, "From: 192.0.2.2"); res.StatusCode != 200 {
		t.Error("another address:", res.StatusCode, text)
	}
	if res, text := w.request(http.MethodHead, link); res.StatusCode != 200 {
		t.Error("who has no address:", res.StatusCode, text)
	}
	close(end)
	if status := <-done; status != 200 {
		t.Error(status)
	}
	eventually(t, "there is room again", func() bool {
		res, _ := w.request(http.MethodHead, link, "From: 192.0.2.1")
		return res.StatusCode == 200
	})
}

// stuck is a storage whose blobs cannot be opened before end.
type stuck struct {
	files.Blobs
	reading chan<- struct{}
	end     <-chan struct{}
}

func (s *stuck) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, error) {
	s.reading <- struct{}{}
	<-s.end
	return s.Blobs.Open(ctx, name, offset)
}

func TestUploadsOfAnAddressAreBounded(t *testing.T) {
	t.Parallel()
	transfers := prometheus.NewGauge(prometheus.GaugeOpts{Name: "transfers"})
	w := newWorld(t, func(p *files.Params) {
		p.Limits.AddressUploads, p.Metrics.Transfers, p.Address = 2, transfers, fromHeader
	})
	const begin = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
	first := w.hold(w.start().ID, begin, "From: 192.0.2.1")
	w.hold(w.start().ID, begin, "From: 192.0.2.1")
	underWay := func(n float64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%v uploads are under way", n), func() bool {
			var m dto.Metric
			return transfers.Write(&m) == nil && m.GetGauge().GetValue() == n
		})
	}
	underWay(2)
	from := func(address string) string {
		_, refused := w.tryFrom(address, w.start().ID, part{"file", "a", "", "x"})
		return refused
	}
	if refused := from("192.0.2.1"); refused != "rate_limited  the address is sending too many files at once" {
		t.Error(refused)
	}
	if refused := from("192.0.2.2"); refused != "" {
		t.Error("another address:", refused)
	}
	w.send("who has no address", "x")
	first.Close()
	underWay(1)
	if refused := from("192.0.2.1"); refused != "" {
		t.Error("after one has gone:", refused)
	}
}
