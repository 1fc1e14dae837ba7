package objecttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/outside"
	"cdrmend/internal/tempdir"

	"golang.org/x/sys/unix"
)

// GatewayOptions say what kind of S3 server is wanted.
type GatewayOptions struct {
	TLS         bool   // https with a certificate of an own CA
	MaxRequests int    // more requests at once are answered with SlowDown; 0: no limit
	Accounts    bool   // User can make accounts
	Dir         string // of its files; "": one in memory, where there is space
}

// Server is a real S3 server, versitygw, for the time of a test.
type Server struct {
	Endpoint  string
	AccessKey string
	SecretKey string
	CAFile    string // PEM; only with TLS

	opts    GatewayOptions
	binary  string
	port    string
	dir     string
	keyFile string
	stop    func()
}

// Gateway starts a server that ends with the test. Without the program the
// test is skipped, except in CI, where it fails.
func Gateway(t testing.TB, opts GatewayOptions) *Server {
	t.Helper()
	s := &Server{AccessKey: "testaccess", SecretKey: "testsecret", opts: opts, binary: findProgram(t), dir: opts.Dir}
	if s.dir == "" {
		var err error
		if s.dir, err = os.MkdirTemp(tempdir.Quick(), "gateway"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	}
	s.port = FreePort(t)
	s.Endpoint = "http://" + s.port
	if opts.TLS {
		s.Endpoint = "https://" + s.port
		s.CAFile, s.keyFile = writeCertificate(t, s.dir)
	}
	for _, dir := range []string{"root", "versions", "sidecar", "accounts"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart(t)
	t.Cleanup(func() { s.Stop() })
	return s
}

// Setenv makes the server the one that the environment's defaults lead to.
func (s *Server) Setenv(t testing.TB) {
	t.Helper()
	for _, kv := range s.Env() {
		key, value, _ := strings.Cut(kv, "=")
		t.Setenv(key, value)
	}
}

// Env is what Setenv sets, for commands. It shields from the settings of the
// machine.
func (s *Server) Env() []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + s.AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + s.SecretKey,
		"AWS_SESSION_TOKEN=",
		"AWS_PROFILE=",
		"AWS_REGION=us-east-1",
		"AWS_ENDPOINT_URL_S3=" + s.Endpoint,
		"AWS_CA_BUNDLE=" + s.CAFile,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
}

// Stop ends the server at once, as a crash would. Its data stay.
func (s *Server) Stop() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// Stored returns the objects below a folder of a bucket, the bucket's name
// first, as they lie on the server's disk.
func (s *Server) Stored(t testing.TB, folder string) map[string]string {
	t.Helper()
	objects := map[string]string{}
	root := filepath.Join(s.dir, "root", folder)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // the server moved what it is writing
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".sgwtmp"):
			return fs.SkipDir // what the server is writing, or was when it died
		case entry.IsDir():
			return nil
		}
		b, err := os.ReadFile(path)
		key, _ := filepath.Rel(root, path)
		objects[filepath.ToSlash(key)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// Erase removes what lies at or below a path, the bucket's name first, as if
// it had never been.
func (s *Server) Erase(t testing.TB, path string) {
	t.Helper()
	for _, dir := range []string{"root", "sidecar"} {
		if err := os.RemoveAll(filepath.Join(s.dir, dir, path)); err != nil {
			t.Fatal(err)
		}
	}
}

// Restart starts the server, again at the same address and with the same data.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	output := new(bytes.Buffer)
	stop, err := s.start(output)
	if err != nil {
		t.Fatalf("starting versitygw: %v", err)
	}
	s.stop = stop
	if err := s.healthy(t.Context()); err != nil {
		s.Stop()
		t.Fatalf("versitygw does not answer: %v\n%s", err, output)
	}
}

// watchdog ends the server also when the test process dies without cleaning
// up: then its standard input ends.
const watchdog = `"$@" & read -r _; kill -9 $!; wait`

func (s *Server) start(output io.Writer) (stop func(), err error) {
	env := append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	return Start(output, env, s.binary, s.args()...)
}

// Start starts a program that serves others, and returns what kills it. It ends at the
// latest when the test process does.
func Start(output io.Writer, env []string, program string, args ...string) (stop func(), err error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", watchdog, "sh", program}, args...)...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = output, output
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		stdin.Close()
		_ = cmd.Wait() // a killed child is no news
	}, nil
}

func (s *Server) args() []string {
	args := []string{"--port", s.port, "--keep-alive", "--quiet", "--health", "/_health"}
	if s.opts.MaxRequests > 0 {
		args = append(args, "--max-requests", fmt.Sprint(s.opts.MaxRequests))
	}
	if s.opts.Accounts {
		args = append(args, "--iam-dir", filepath.Join(s.dir, "accounts"), "--iam-cache-disable")
	}
	if s.opts.TLS {
		args = append(args, "--cert", s.CAFile, "--key", s.keyFile)
	}
	args = append(args, "posix", "--versioning-dir", filepath.Join(s.dir, "versions"))
	// Without extended attributes the server keeps what it knows of an object
	// beside it, and for a moment refuses a key that it does not show yet.
	if unix.Setxattr(s.dir, "user.cdrmend", nil, 0) != nil {
		args = append(args, "--sidecar", filepath.Join(s.dir, "sidecar"))
	}
	return append(args, filepath.Join(s.dir, "root"))
}

func (s *Server) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	client := &http.Client{Transport: transport(s.CAFile)}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/_health", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// FreePort returns an address of loopback at which nobody listens.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func findProgram(t testing.TB) string {
	t.Helper()
	outside.InCI(t, "an S3 server")
	for _, dir := range []string{os.Getenv("CDRMEND_TOOLS"), filepath.Join(moduleRoot(), ".tools", "bin")} {
		if dir == "" {
			continue
		}
		if p, err := exec.LookPath(filepath.Join(dir, "versitygw")); err == nil {
			return p
		}
	}
	if p, err := exec.LookPath("versitygw"); err == nil {
		return p
	}
	t.Fatal("versitygw is not installed: run make tools")
	return ""
}

// moduleRoot is the directory of go.mod above the test's own.
func moduleRoot() string {
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return ""
}
