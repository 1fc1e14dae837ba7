package object

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// server is a doer that takes its time. Reading the request and waiting end
// with the request's context, and fail as those of net/http do.
type server struct {
	beforeRead   time.Duration // of each byte of the request
	beforeAnswer time.Duration
	beforeByte   time.Duration // of each byte of the answer
}

func (s server) Do(r *http.Request) (*http.Response, error) {
	for one := make([]byte, 1); r.Body != nil; {
		if err := pause(r, s.beforeRead); err != nil {
			return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: err}
		}
		if _, err := r.Body.Read(one); err != nil {
			break
		}
	}
	if err := pause(r, s.beforeAnswer); err != nil {
		return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: err}
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(slow{r, strings.NewReader("0123456789"), s.beforeByte})}, nil
}

func pause(r *http.Request, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}

type slow struct {
	r    *http.Request
	data io.Reader
	each time.Duration
}

func (s slow) Read(p []byte) (int, error) {
	if err := pause(s.r, s.each); err != nil {
		return 0, err
	}
	return s.data.Read(p[:1])
}

func TestFaultOfStandingStillEndsTheRequestAndSlownessDoesNot(t *testing.T) {
	const idle = time.Minute
	for name, test := range map[string]struct {
		server server
		reader time.Duration // waits before each byte that it reads
		want   error
	}{
		"slow everywhere":           {server{beforeRead: idle - 1, beforeAnswer: idle - 1, beforeByte: idle - 1}, time.Hour, nil},
		"the request stands still":  {server{beforeRead: idle + 1}, 0, errStalled},
		"no answer comes":           {server{beforeAnswer: idle + 1}, 0, errStalled},
		"the answer breaks off":     {server{beforeByte: idle + 1}, 0, errStalled},
		"a reader that takes hours": {server{}, time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := ask(t, impatientClient{test.server, idle}, test.reader)
				if !errors.Is(err, test.want) || test.want == nil && got != "0123456789" {
					t.Errorf("got %q, %v, want %v", got, err, test.want)
				}
			})
		})
	}
}

// ask sends a request and reads the answer in its own time.
func ask(t *testing.T, c doer, each time.Duration) (string, error) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://server/", strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var got strings.Builder
	for one := make([]byte, 1); ; {
		<-time.After(each)
		n, err := resp.Body.Read(one)
		got.Write(one[:n])
		if err == io.EOF {
			return got.String(), nil
		}
		if err != nil {
			return got.String(), err
		}
	}
}
