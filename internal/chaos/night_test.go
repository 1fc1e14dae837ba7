package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"

	"github.com/rogpeppe/go-internal/txtar"
)

const (
	label = "2026-11-20"
	asOf  = "2026-11-25T00:00:00Z"
)

var interval = policy.IntervalAt(at("2026-11-20T00:00:00Z"), 24*time.Hour)

func at(text string) record.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return record.TimeOf(t)
}

// night is a configuration and what its sources delivered, in directories or
// in buckets of a server.
type night struct {
	t      *testing.T
	dir    string
	server *objecttest.Server // nil for directories

	rounds *int          // of deliveries
	usual  time.Duration // what a run takes that nothing disturbs
}

const configuration = `name: night
fail_on: none
sources:
  manifests:
    - {name: m, url: "%[1]sinput/m/date={date}/", profile: cdrmend}
  cdrs:
    - {name: c, url: "%[1]sinput/c/date={date}/", profile: cdrmend}
  registrations:
    - {name: r, url: "%[1]sinput/r/date={date}/", profile: cdrmend}
output:
  url: %[1]soutput/
  tables: [csv]
`

// newNight tells some of the stories of testdata as one night.
func newNight(t *testing.T, server *objecttest.Server, stories ...string) *night {
	t.Helper()
	n := &night{t: t, dir: t.TempDir(), server: server, rounds: new(int)}
	root := ""
	if server != nil {
		root = "s3://"
		server.Bucket(t, "input", objecttest.Plain)
		server.Bucket(t, "output", objecttest.Plain)
	}
	n.write("cdrmend.yaml", fmt.Sprintf(configuration, root))
	for _, story := range stories {
		archive, err := txtar.ParseFile("../../testdata/" + story + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
				dir, base := filepath.Split(name)
				n.deliver(dir+story+"-"+base, string(f.Data))
			}
		}
	}
	n.deliver("c/date=2026-11-20/lines.jsonl", "not JSON\n")
	return n
}

// in is the same night for a part of the test.
func (n *night) in(t *testing.T) *night {
	part := *n
	part.t = t
	return &part
}

// deliver puts an object into the sources.
func (n *night) deliver(key, text string) {
	n.t.Helper()
	if n.server != nil {
		n.server.Put(n.t, "input", key, []byte(text))
		return
	}
	n.write("input/"+key, text)
}

// next delivers one more call, of which there is no recording, and returns
// what an output comes to that nothing disturbs.
func (n *night) next() files {
	n.t.Helper()
	*n.rounds++
	n.deliver(fmt.Sprintf("c/date=2026-11-20/late-%d.csv", *n.rounds), fmt.Sprintf(
		"conversation_id,leg_id,start_time,answer_time,end_time\nlate-%d,1,2026-11-20T13:00:00Z,2026-11-20T13:00:00Z,2026-11-20T13:05:00Z\n", *n.rounds))
	began := time.Now()
	n.run("undisturbed")
	n.usual = time.Since(began)
	return n.stored("undisturbed")
}

func (n *night) write(name, text string) {
	n.t.Helper()
	path := filepath.Join(n.dir, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// output is the URL of an output: there may be several, of the same inputs.
func (n *night) output(name string) string {
	if n.server != nil {
		return "s3://output/" + name + "/"
	}
	return filepath.Join(n.dir, name) + "/"
}

// stored returns what an output holds on the disk.
func (n *night) stored(output string) files {
	n.t.Helper()
	if n.server != nil {
		return n.server.Stored(n.t, "output/"+output)
	}
	found := files{}
	root := filepath.Join(n.dir, output)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && entry.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return found
}

// job is a run in this process, which loses patience early. Its clock stands.
func (n *night) job(output, endpoint string) *job.Job {
	n.t.Helper()
	cfg, err := policy.Load(filepath.Join(n.dir, "cdrmend.yaml"), nil, []policy.Override{{Flag: "--output", Key: "output.url", Value: n.output(output)}})
	if err != nil {
		n.t.Fatal(err)
	}
	options := object.Options{
		Endpoint: endpoint, Limiter: object.NewLimiter(8),
		Patience: object.Patience{Attempts: 3, Backoff: 2 * time.Millisecond, Idle: idle},
	}
	open := func(u policy.Template) object.Store {
		store, err := object.Open(n.t.Context(), object.Location{Bucket: u.Bucket(), Dir: u.Dir()}, options)
		if err != nil {
			n.t.Fatal(err)
		}
		return store
	}
	j := &job.Job{
		Config: cfg, AsOf: at(asOf), Now: at(asOf).Std, Tool: "test", Random: strings.NewReader("sixteen bytes id"),
		Log: slog.New(slog.DiscardHandler), Watch: func(string, int64, int64) {},
		Stores: job.Stores{Output: open(cfg.Output.URL)},
	}
	for _, s := range cfg.Sources {
		j.Stores.Sources = append(j.Stores.Sources, open(s.URL))
	}
	return j
}

// process is the program itself, running.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr bytes.Buffer
	ended  chan struct{}
	err    error // when it has ended
}

// start starts the program on the night. The environment may be added to.
func (n *night) start(output string, env ...string) *process {
	n.t.Helper()
	return n.command(env, "run", "--config", filepath.Join(n.dir, "cdrmend.yaml"), "--interval", label, "--as-of", asOf, "--output", n.output(output), "--quiet")
}

// command starts the program with any command.
func (n *night) command(env []string, args ...string) *process {
	n.t.Helper()
	path, err := program()
	if err != nil {
		n.t.Fatal(err)
	}
	p := &process{t: n.t, ended: make(chan struct{}), cmd: exec.Command(path, args...)}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	if n.server != nil {
		p.cmd.Env = append(p.cmd.Env, n.server.Env()...)
	}
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	n.t.Cleanup(func() { p.signal(syscall.SIGKILL) })
	return p
}

// signal is for a process that may have ended.
func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// wait returns the exit code, -1 for a process that was killed.
func (p *process) wait() int {
	p.t.Helper()
	<-p.ended
	if exit, ok := errors.AsType[*exec.ExitError](p.err); ok {
		return exit.ExitCode()
	}
	if p.err != nil {
		p.t.Errorf("running the program: %v", p.err)
	}
	return 0
}

func (p *process) wants(code int, what string) {
	p.t.Helper()
	if got := p.wait(); got != code {
		p.t.Errorf("%s exits with %d, want %d: %s", what, got, code, p.stderr.String())
	}
}

// run runs the program to its end, which must be a good one.
func (n *night) run(output string) {
	n.t.Helper()
	n.start(output).wants(0, "a run that nothing disturbs")
}

var ledgerName = regexp.MustCompile(`(^|/)(log|journal)/\d+\.json$|^output\.json$`)

// timeless returns a file of the ledger without what depends on the clock and on
// the random id of the output, as do all hashes of such files.
func timeless(path, text string) []byte {
	var file map[string]any
	if !ledgerName.MatchString(path) || json.Unmarshal([]byte(text), &file) != nil {
		return []byte(text)
	}
	depends := []string{"time", "previous", "output", "id", "journal"}
	if strings.HasPrefix(path, "journal/") {
		depends = append(depends, "sha256")
	}
	maps.DeleteFunc(file, func(name string, _ any) bool { return slices.Contains(depends, name) })
	rest, _ := json.Marshal(file)
	return rest
}

// attempt runs a job that may fail.
func attempt(ctx context.Context, j *job.Job) error {
	_, err := j.Run(ctx, interval)
	return err
}
