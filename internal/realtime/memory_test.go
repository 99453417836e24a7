package realtime_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
)

// idleConnections is how many connections the benchmark holds at once.
const idleConnections = 2000

// BenchmarkIdleConnections reports what an idle connection costs, in bytes of heap and stacks
// after a garbage collection and of resident memory. The clients live in the same process
// and are bare sockets; a connection's other end is counted as well.
func BenchmarkIdleConnections(b *testing.B) {
	for b.Loop() {
		holdIdle(b)
	}
}

func holdIdle(b *testing.B) {
	log := newTestLog()
	s := serve(b, log)
	defer s.stop()
	address := strings.TrimPrefix(s.http.URL, "http://")
	conns := make([]net.Conn, idleConnections)
	before, resident := inUse(), residentBytes()
	for i := range conns {
		id := fmt.Sprintf("bce7d22e-dde6-4427-b391-%012x", i)
		log.open(id)
		conns[i] = dialBare(b, address, id)
	}
	after := inUse()
	b.ReportMetric(float64(after-before)/idleConnections, "B/conn")
	b.ReportMetric(float64(residentBytes()-resident)/idleConnections, "rss-B/conn")
	for _, conn := range conns {
		_ = conn.Close()
	}
}

// dialBare connects without a WebSocket library and keeps nothing but the socket.
func dialBare(b *testing.B, address, sessionID string) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = fmt.Fprintf(conn, "GET /centrifugo/connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	r := bufio.NewReaderSize(conn, 512)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		b.Fatalf("handshake: %v %v", response, err)
	}
	command := `{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["` + sessionID + `"]}}}}`
	// A text frame with an all-zero mask (RFC 6455, 5.2).
	frame := append([]byte{0x81, 0x80 | 126, byte(len(command) >> 8), byte(len(command)), 0, 0, 0, 0}, command...)
	if len(command) < 126 {
		frame = append([]byte{0x81, 0x80 | byte(len(command)), 0, 0, 0, 0}, command...)
	}
	if _, err := conn.Write(frame); err != nil {
		b.Fatal(err)
	}
	if head, err := r.Peek(2); err != nil || head[0] != 0x81 {
		b.Fatalf("connect reply: %v %v", head, err)
	}
	return conn
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// residentBytes is the resident memory of the process; 0 where the system does not say.
func residentBytes() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	_, _ = fmt.Sscan(string(data), &size, &resident)
	return resident * int64(os.Getpagesize())
}
