package objecttest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Fault answers a request wrongly. It stands between a client and a server,
// where networks and busy servers go wrong.
type Fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

// Answer answers with an error in place of the server.
func Answer(status int, code string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, status, code)
	}
}

func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>in a test</Message></Error>", code)
}

// Reset breaks the connection before the request has any effect.
func Reset(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// Lost lets the request have its effect and breaks the connection before the
// answer.
func Lost(_ http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// Denied lets the request have its effect and answers with an error.
func Denied(status int, code string) Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(httptest.NewRecorder(), r)
		answer(w, status, code)
	}
}

// Silence takes the request and never answers.
func Silence(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// Late passes the request on after a while.
func Late(by time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		select {
		case <-time.After(by):
			server.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Cut breaks the connection after so many bytes of the answer's body.
func Cut(after int) Fault { return CutThen(after, func(*http.Request) {}) }

// Stall delivers so many bytes of the answer's body, and then nothing.
func Stall(after int) Fault { return CutThen(after, func(r *http.Request) { <-r.Context().Done() }) }

// CutThen does something after so many bytes of the answer's body, and breaks
// the connection.
func CutThen(after int, then func(*http.Request)) Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(&limitedWriter{ResponseWriter: w, left: after, end: func() {
			then(r)
			panic(http.ErrAbortHandler)
		}}, r)
	}
}

type limitedWriter struct {
	http.ResponseWriter
	left int
	end  func()
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(len(p), w.left)])
	w.left -= n
	if w.left == 0 {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		w.end()
	}
	return n, err
}

// Short answers with half of the body, as if that were all of it.
func Short(w http.ResponseWriter, r *http.Request, server http.Handler) {
	resend(w, r, server, func(b []byte) []byte { return b[:len(b)/2] })
}

// Garbled answers with a body in which a byte is another.
func Garbled(w http.ResponseWriter, r *http.Request, server http.Handler) {
	resend(w, r, server, garble)
}

func resend(w http.ResponseWriter, r *http.Request, server http.Handler, change func([]byte) []byte) {
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, r)
	body := change(answer.Body.Bytes())
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body)
}

// GarbledRequest passes on another body than was sent.
func GarbledRequest(w http.ResponseWriter, r *http.Request, server http.Handler) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(garble(sent)))
	server.ServeHTTP(w, r)
}

func garble(b []byte) []byte {
	if len(b) > 0 {
		b[len(b)/2] ^= 1
	}
	return b
}
