package secreturl_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/secreturl"
)

// secrets are parts of the URL that no error may hold.
var secrets = []string{"swordfish", "hidden-path", "hidden-query", "me:"}

// secretURL is the URL of a server with a secret in each of its parts.
func secretURL(server string) string {
	return strings.Replace(server, "://", "://me:swordfish@", 1) + "/hidden-path?token=hidden-query"
}

func post(t *testing.T, to string) error {
	t.Helper()
	u, err := secreturl.Parse(to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	return secreturl.Send(r)
}

func TestRequestArrivesWholeAndAuthenticated(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		got = fmt.Sprintf("%s %s %s %s %s", r.Method, r.RequestURI, user, password, body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()

	if err := post(t, secretURL(server.URL)); err != nil {
		t.Fatal(err)
	}
	if want := "POST /hidden-path?token=hidden-query me swordfish body"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoErrorNamesMoreThanTheHost(t *testing.T) {
	echo := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://%zz/"+r.RequestURI) // not even a URL
			w.WriteHeader(code)
			fmt.Fprint(w, r.RequestURI, r.Header)
		}
	}
	closed := httptest.NewServer(echo(200))
	closed.Close()
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}

	for name, c := range map[string]struct{ server, want string }{
		"refused":           {serve(echo(http.StatusForbidden)), "403 Forbidden"},
		"redirected":        {serve(echo(http.StatusTemporaryRedirect)), "redirects are not followed"},
		"an unknown status": {serve(echo(599)), "599"},
		"nobody listens":    {closed.URL, "refused"},
		"no such host":      {"http://nowhere.invalid", "nowhere.invalid"},
		"no HTTP":           {"http://" + otherServer(t), "malformed HTTP"},
		"no answer in time": {serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		})), "deadline"},
		"no URL":     {"http://[::1", "no http or https URL"},
		"not of web": {"ftp://host", "no http or https URL"},
	} {
		t.Run(name, func(t *testing.T) {
			err := post(t, secretURL(c.server))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			for _, secret := range secrets {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error holds %q: %v", secret, err)
				}
			}
		})
	}
}

// otherServer answers every request with something that is not HTTP.
func otherServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			// A client that has not written yet reports an answer as unsolicited.
			_, _ = http.ReadRequest(bufio.NewReader(c))
			fmt.Fprint(c, "SSH-2.0-server\r\n")
			c.Close()
		}
	}()
	return l.Addr().String()
}

func TestRedirectReachesNobody(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		reached := false
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
		server := httptest.NewServer(http.RedirectHandler(other.URL, code))

		err := post(t, server.URL)
		server.Close()
		other.Close()
		if err == nil || reached {
			t.Errorf("a redirect with %d gives %v, followed %v", code, err, reached)
		}
	}
}

func TestParseTakesWebServersOnly(t *testing.T) {
	for text, want := range map[string]bool{
		"https://example.com/x": true, "http://localhost:9091": true,
		"example.com:9091": false, "/metrics": false, "http://": false, "file:///etc/passwd": false, "http://a b/": false, "": false,
	} {
		u, err := secreturl.Parse(text)
		if ok := err == nil; ok != want || ok && u.String() != text {
			t.Errorf("%q: %v, %v", text, u, err)
		}
	}
}
