package bench

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"
)

// slowed returns an endpoint that leads to a server over a network on which an answer
// takes so long: it comes no earlier than that after its request. What the server takes
// is a part of it, as it is of what a client measures. The endpoint passes on bytes and
// knows nothing of requests, so it costs the processors little, and any number of
// connections wait at once.
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

// slow connects a client with a server. A connection has one request at a time, so what
// the client sent last is the end of the request that is answered next.
func slow(client net.Conn, address string, by time.Duration) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return // the client sees that its connection ends
	}
	defer server.Close()

	var asked atomic.Int64 // when the client sent last, in nanoseconds since the connection began
	begun := time.Now()
	go func() {
		defer server.Close()
		pass(server, client, func() { asked.Store(int64(time.Since(begun))) })
	}()
	pass(client, server, func() { time.Sleep(time.Until(begun.Add(time.Duration(asked.Load()) + by))) })
}

// pass copies what comes to where it goes, until one of them ends. Before each part it
// calls a function.
func pass(to io.Writer, from io.Reader, before func()) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			before()
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
