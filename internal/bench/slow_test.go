package bench

import (
	"io"
	"net"
	"net/url"
	"testing"
	"time"
)

// slowed returns an endpoint that leads to a server over a network on which a request
// takes so much longer. It passes on bytes and knows nothing of requests, so it costs
// the processors little, and any number of connections wait at once.
func slowed(t *testing.T, endpoint string, by time.Duration) string {
	t.Helper()
	server, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go slow(client, server.Host, by)
		}
	}()
	return "http://" + listener.Addr().String()
}

// sent is what a client sent, and when it is due at the server.
type sent struct {
	bytes []byte
	due   time.Time
}

// slow connects a client with a server. All of a large request is late once: while a
// part of it waits, the next ones come.
func slow(client net.Conn, address string, by time.Duration) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return // the client sees that its connection ends
	}
	defer server.Close()

	const many = 1 << 10 // parts on their way; who sends more waits
	way := make(chan sent, many)
	go func() {
		defer close(way)
		b := make([]byte, 32<<10)
		for {
			n, err := client.Read(b)
			if n > 0 {
				way <- sent{append([]byte(nil), b[:n]...), time.Now().Add(by)}
			}
			if err != nil {
				return
			}
		}
	}()
	go func() {
		defer server.Close()
		for part := range way {
			time.Sleep(time.Until(part.due))
			_, _ = server.Write(part.bytes) // a connection that broke ends below
		}
	}()
	_, _ = io.Copy(client, server)
}
