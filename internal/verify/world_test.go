package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	_ "cdrmend/internal/tempdir"
	"cdrmend/internal/timestamp"
	"cdrmend/internal/token"
	"cdrmend/internal/verify"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// world is a directory with inputs, a configuration and an output of four
// commits: the 20th, the 21st, the 20th again as something came late, the
// 22nd. What each record sees of the others:
//
//	20 #1 ← 20 #2
//	20 #1 ← 21 #1 ← 22 #1
//	20 #2 ← 22 #1
type world struct {
	t      *testing.T
	dir    string
	asOf   time.Time
	labels []string
	decide ledger.Decisions // of the runs to come
	all    bool             // the labels are all intervals
	head   string           // of the journal, as somebody keeps it
	from   string           // the labels are those from it on
	roots  *timestamp.Roots // of authorities whose timestamps count
}

const (
	day20, day21, day22 = "2026-11-20", "2026-11-21", "2026-11-22"
	tool                = "test"
)

func newKey(t *testing.T, id string) *token.Signer {
	t.Helper()
	text, err := token.Generate("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	s, err := token.ParseSigner(text, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signedWorld is a copy of a world in which one key signed all.
func signedWorld(t *testing.T) (*world, *token.Signer) {
	t.Helper()
	once.Do(func() {
		w := newWorld(t)
		w.dir = filepath.Join(shared, "world")
		if err := os.CopyFS(w.dir, os.DirFS(newWorld(t).dir)); err != nil {
			t.Fatal(err)
		}
		sharedKey = newKey(t, "2026")
		w.commitAll(signedBy(sharedKey)...)
	})
	w := newWorld(t)
	w.dir = t.TempDir()
	if err := os.CopyFS(w.dir, os.DirFS(filepath.Join(shared, "world"))); err != nil {
		t.Fatal(err)
	}
	return w, sharedKey
}

var (
	shared    string // a directory for the time of all tests
	sharedKey *token.Signer
	once      sync.Once
)

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "cdrmend-verify-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(shared)
	os.Exit(code)
}

// newWorld makes the inputs and the configuration.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), asOf: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), labels: []string{day20, day21, day22}}
	story, err := txtar.ParseFile("../../testdata/scope-missing.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range story.Files {
		if strings.HasPrefix(f.Name, "in/") {
			w.write(f.Name, string(f.Data))
		}
	}
	w.write("in/c/date=2026-11-20/lines.jsonl", "not JSON\n")
	w.write("in/media/a.wav", "RIFF")
	w.write("cdrmend.yaml", config)
	return w
}

const config = `name: night
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: cdrmend}]
  registrations: [{name: r, url: "in/r/date={date}/", profile: cdrmend}]
media: {check: exists, url: in/media/}
output: {url: out/}
`

// commitAll makes the four commits, each signed by one of the keys.
func (w *world) commitAll(keys ...*token.Signer) {
	w.t.Helper()
	w.commit(day20, keys[0])
	w.commit(day21, keys[1])
	w.write("in/c/date=2026-11-20/late.csv", "conversation_id,leg_id,start_time,answer_time,end_time\nc-late,1,2026-11-20T15:00:00Z,2026-11-20T15:00:00Z,2026-11-20T15:01:00Z\n")
	w.commit(day20, keys[2])
	w.commit(day22, keys[3])
}

func signedBy(s *token.Signer) []*token.Signer { return []*token.Signer{s, s, s, s} }

func (w *world) commit(label string, key *token.Signer, earlier ...*token.Signer) {
	w.t.Helper()
	j := w.job()
	j.Decide = w.decide
	if key != nil {
		j.Signer, j.Keys = key, key.Public()
	}
	for _, e := range earlier {
		j.Keys = j.Keys.And(e.Public())
	}
	start, err := time.Parse(time.DateOnly, label)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := j.Run(w.t.Context(), policy.IntervalAt(record.TimeOf(start), 24*time.Hour)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) job() *job.Job {
	w.t.Helper()
	cfg, err := policy.Load(filepath.Join(w.dir, "cdrmend.yaml"), nil, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	j := &job.Job{
		Config: cfg, AsOf: record.TimeOf(w.asOf), Now: func() time.Time { return w.asOf }, Tool: tool, Random: strings.NewReader("sixteen bytes id"),
		Log: slog.New(slog.DiscardHandler), Watch: func(string, int64, int64) {},
		Stores: job.Stores{Output: w.open(cfg.Output.URL), Media: w.open(*cfg.Media.URL)},
	}
	for _, s := range cfg.Sources {
		if err := os.MkdirAll(s.URL.Dir(), 0o700); err != nil {
			w.t.Fatal(err)
		}
		j.Stores.Sources = append(j.Stores.Sources, w.open(s.URL))
	}
	return j
}

func (w *world) open(url policy.Template) object.Store {
	w.t.Helper()
	store, err := object.Open(w.t.Context(), object.Location{Dir: url.Dir()}, object.Options{MakeRoot: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return store
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) write(name, text string) {
	w.t.Helper()
	err := os.MkdirAll(filepath.Dir(w.path(name)), 0o700)
	if err == nil {
		err = os.WriteFile(w.path(name), []byte(text), 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.RemoveAll(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

// tree returns the keys of the output.
func (w *world) tree() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(w.path("out"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(w.path("out"), p)
		name = filepath.ToSlash(name)
		all[name] = w.read("out/" + name)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// ledger verifies records and files.
func (w *world) ledger(keys *token.Keys, only ...string) *verify.Check {
	w.t.Helper()
	if only == nil {
		only = w.labels
	}
	store, err := object.Open(w.t.Context(), object.Location{Dir: w.path("out")}, object.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	check, err := verify.Ledger(w.t.Context(), &verify.Output{
		Store: store, Labels: only, Keys: keys, All: w.all, From: w.from, Head: w.head, Roots: w.roots, Concurrency: 4, Watch: func(string, int64, int64) {},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return check
}

func (w *world) verify(keys *token.Keys, only ...string) *verify.Report {
	w.t.Helper()
	return w.finish(w.ledger(keys, only...))
}

// finish holds the report against its published schema.
func (w *world) finish(check *verify.Check) *verify.Report {
	w.t.Helper()
	r := check.Finish()
	raw, err := ledger.Encode(r)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = reportSchema().Validate(v)
	}
	if err != nil {
		w.t.Errorf("%v\n%s", err, raw)
	}
	return r
}

var reportSchema = sync.OnceValue(func() *jsonschema.Schema { return yamlfile.Schema("verify", manifests.Schema("verify")) })

// wantVerified fails when something is wrong, or when nothing was looked at.
func wantVerified(t *testing.T, r *verify.Report) {
	t.Helper()
	if !r.Verified || r.Records.Count == 0 || r.Files == 0 {
		t.Fatalf("not verified:\n%s", r.Text())
	}
}

// wantBroken fails unless the link of the object is among what is broken.
func wantBroken(t *testing.T, r *verify.Report, link verify.Link, key string) verify.Problem {
	t.Helper()
	for _, p := range r.Problems {
		if p.Link == link && p.Object == key {
			return p
		}
	}
	t.Errorf("%s of %s is not named:\n%s", link, key, r.Text())
	return verify.Problem{}
}

func recordKey(label string, number int64) string {
	return "interval=" + label + "/log/" + ledger.RecordName(number)
}

// record opens a record of the output.
func (w *world) record(label string, number int64) *ledger.Record {
	w.t.Helper()
	r, _, err := ledger.OpenRecord([]byte(w.read("out/"+recordKey(label, number))), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// forge replaces a record by one that a key, or nobody, signed.
func (w *world) forge(r *ledger.Record, key *token.Signer) {
	w.t.Helper()
	file, err := r.Seal(key)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("out/"+recordKey(r.Interval, r.Number), string(file))
}

// rewrite changes a file of a record's run, and everything in the interval
// that names it, as somebody would who wants it not to be noticed.
func (w *world) rewrite(label string, number int64, file string, change func(string) string, key *token.Signer) {
	w.t.Helper()
	r := w.record(label, number)
	folder := "out/interval=" + label + "/runs/" + r.RunID + "/"
	text := change(w.read(folder + file))
	if text == w.read(folder+file) {
		w.t.Fatalf("%s was not changed:\n%s", file, text)
	}
	w.write(folder+file, text)
	var m ledger.Manifest
	if err := json.Unmarshal([]byte(w.read(folder+"run.json")), &m); err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(m.Files, func(f ledger.File) bool { return f.Path == file })
	m.Files[i].Size, m.Files[i].SHA256 = int64(len(text)), hexSum(text)
	raw, err := ledger.Encode(m)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(folder+"run.json", string(raw))
	r.RunSHA256 = hexSum(string(raw))
	w.forge(r, key)
	for {
		previous := hexSum(w.read("out/" + recordKey(label, number)))
		number++
		if _, err := os.Stat(w.path("out/" + recordKey(label, number))); err != nil {
			return
		}
		r := w.record(label, number)
		r.Previous = previous
		w.forge(r, key)
	}
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// sees makes all records and journal entries see each other as they are now, in the
// order in which they were made, as the holder of a key could.
func (w *world) sees(key *token.Signer) {
	w.t.Helper()
	previous := ""
	for number := int64(1); ; number++ {
		if _, err := os.Stat(w.path("out/" + entryKey(number))); err != nil {
			return
		}
		e := w.entry(number)
		var label string
		if _, err := fmt.Sscanf(e.Path, "interval=%10s", &label); err != nil {
			w.t.Fatal(err)
		}
		var of int64
		if _, err := fmt.Sscanf(path.Base(e.Path), "%08d.json", &of); err != nil {
			w.t.Fatal(err)
		}
		r := w.record(label, of)
		for i, n := range r.Neighbours {
			r.Neighbours[i].SHA256 = hexSum(w.read("out/" + recordKey(n.Interval, n.Number)))
		}
		if of > 1 {
			r.Previous = hexSum(w.read("out/" + recordKey(label, of-1)))
		}
		if r.Journal != nil {
			r.Journal.SHA256 = hexSum(w.read("out/" + entryKey(r.Journal.Number)))
		}
		w.forge(r, key)
		e.SHA256, e.Previous = hexSum(w.read("out/"+e.Path)), previous
		w.forgeEntry(e, key)
		previous = hexSum(w.read("out/" + entryKey(number)))
	}
}

func entryKey(number int64) string { return ledger.JournalFolder + ledger.EntryName(number) }

// entry opens an entry of the journal.
func (w *world) entry(number int64) *ledger.Entry {
	w.t.Helper()
	e, _, err := ledger.OpenEntry([]byte(w.read("out/"+entryKey(number))), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// forgeEntry replaces an entry by one that a key, or nobody, signed.
func (w *world) forgeEntry(e *ledger.Entry, key *token.Signer) {
	w.t.Helper()
	file, err := e.Seal(key)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("out/"+entryKey(e.Number), string(file))
}

// isRecord tells records from histories and files of runs.
func isRecord(key string) bool {
	return strings.HasSuffix(path.Dir(key), "/log") && path.Ext(key) == ".json"
}

// isOfAll tells what belongs to the whole output.
func isOfAll(key string) bool {
	return key == ledger.IdentityFile || strings.HasPrefix(key, ledger.JournalFolder)
}
