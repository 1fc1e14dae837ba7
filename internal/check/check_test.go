package check_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/check"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	_ "cdrmend/internal/tempdir"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const config = `name: acme
sources:
  manifests: [{name: m, url: "%[1]sman/date={date}/", profile: cdrmend, versions: %[2]v}]
  cdrs: [{name: c, url: "%[1]scdr/date={date}/", profile: cdrmend}]
  registrations: [{name: r, url: "%[1]sreg/date={date}/", profile: cdrmend}]
output: {url: %[1]sout/, tables: [csv]}
`

// delivered is a small night that is fine.
func delivered() map[string]string {
	return map[string]string{
		"man/date=2026-11-20/a.json":  `[{"recording_id":"r1","conversation_id":"c1","start_time":"2026-11-20T10:00:00Z"}]`,
		"cdr/date=2026-11-20/a.csv":   "conversation_id,start_time,answer_time,end_time\nc1,2026-11-20T10:00:00Z,2026-11-20T10:00:01Z,2026-11-20T10:05:00Z\n",
		"reg/date=2026-11-20/a.jsonl": `{"time":"2026-11-20T00:00:00Z","trunk_id":"T1","line_id":"l1","status":200}` + "\n",
	}
}

// identity returns the output.json of an output.
func identity(t *testing.T, name string) string {
	t.Helper()
	raw, err := ledger.Encode(ledger.Identity{Format: ledger.IdentityFormat, ID: "0123456789abcdef0123456789abcdef", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// open opens a store as the command does.
func open(ctx context.Context, t policy.Template, s policy.S3, o object.Options) (object.Store, error) {
	o.Region, o.Endpoint, o.PathStyle = s.Region, s.Endpoint, s.PathStyle
	return object.Open(ctx, object.Location{Bucket: t.Bucket(), Dir: t.Dir()}, o)
}

// load loads a configuration from a text.
func load(t *testing.T, dir, text string) *policy.Config {
	t.Helper()
	path := filepath.Join(dir, "cdrmend.yaml")
	put(t, path, text)
	cfg, err := policy.Load(path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run checks a configuration as of 22 November, and checks that the report is as
// published and that its text names each problem.
func run(t *testing.T, cfg *policy.Config, change ...func(*check.Request)) *check.Report {
	t.Helper()
	r := check.Request{Config: cfg, Open: open, AsOf: record.TimeOf(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
	for _, c := range change {
		c(&r)
	}
	got, err := check.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}

	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = yamlfile.Schema("check", manifests.Schema("check")).Validate(v)
	}
	if err != nil {
		t.Errorf("the report is not as published: %v\n%s", err, raw)
	}
	text := got.Text(report.Unpainted, "--config nights.yaml")
	for _, p := range problems(got) {
		if p.Text == "" || p.Next == "" || !strings.Contains(text, p.Next) {
			t.Errorf("a problem says %q, next %q, and the text is\n%s", p.Text, p.Next, text)
		}
	}
	return got
}

// problems returns all problems of a report.
func problems(r *check.Report) []check.Problem {
	var all []check.Problem
	for _, s := range r.Sources {
		all = append(all, s.Problems...)
	}
	if r.Media != nil {
		all = append(all, r.Media.Problems...)
	}
	return append(all, r.Output.Problems...)
}

// short lists kinds of problem and what a permission is lacking, one a line.
func short(r *check.Report) []string {
	list := []string{}
	for _, s := range r.Sources {
		for _, p := range s.Problems {
			list = append(list, fmt.Sprintf("%s: %s %s", s.Name, p.Kind, p.Permission))
		}
	}
	for _, p := range r.Output.Problems {
		list = append(list, fmt.Sprintf("output: %s %s", p.Kind, p.Permission))
	}
	return list
}

// tree returns the names of all files below a directory, with their contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatIsWrongWithDirectoriesIsSaidAndNothingIsWritten(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(files map[string]string)
		config  string // instead of the usual one
		want    []string
		verdict string
		says    string
	}{
		{"all is fine", nil, "", []string{}, check.Fine, "nothing that was tried is wrong"},
		{"an empty source", func(f map[string]string) { delete(f, "reg/date=2026-11-20/a.jsonl"); f["reg/x"] = "" }, "", []string{"r: nothing "}, check.Wrong, "no objects in the newest 48 partitions"},
		{"a source that does not exist", func(f map[string]string) { delete(f, "reg/date=2026-11-20/a.jsonl") }, "", []string{"r: setting "}, check.Wrong, "mount the directory"},
		{"objects that lie too far back", func(f map[string]string) {
			f["reg/date=2026-09-20/a.jsonl"] = f["reg/date=2026-11-20/a.jsonl"]
			delete(f, "reg/date=2026-11-20/a.jsonl")
		}, "", []string{"r: nothing "}, check.Wrong, "wait for the first delivery"},
		{"only empty objects", func(f map[string]string) { f["cdr/date=2026-11-20/a.csv"] = "" }, "", []string{"c: nothing "}, check.Wrong, "all objects are empty"},
		{"objects of another shape", func(f map[string]string) { f["cdr/date=2026-11-20/a.csv"] = "\x00\x01 no table\n" }, "", []string{"c: mapping ", "c: mapping ", "c: mapping ", "c: mapping "}, check.Wrong, "start_time"},
		{"a renamed column", func(f map[string]string) {
			f["cdr/date=2026-11-20/a.csv"] = strings.Replace(f["cdr/date=2026-11-20/a.csv"], "start_time", "begin", 1)
		}, "", []string{"c: mapping "}, check.Wrong, "needed, and no row fills it: start_time"},
		{"no answer where none is needed", func(f map[string]string) {
			f["cdr/date=2026-11-20/a.csv"] = "conversation_id,start_time,end_time\nc1,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n"
		}, config + "policy: {expect: all}\n", []string{}, check.Fine, ""},
		{"media instead of manifests", func(f map[string]string) {
			f["man/date=2026-11-20/a.wav"] = "RIFF"
			delete(f, "man/date=2026-11-20/a.json")
		}, "", []string{"m: mapping "}, check.Wrong, "none of 1 object is one that the profile reads, the first: date=2026-11-20/a.wav"},
		{"a newer partition without objects", func(f map[string]string) { f["cdr/date=2026-11-22/.hidden"] = "" }, "", []string{"c: mapping "}, check.Wrong, ".hidden"},
		{"a text that is no object for the profile", func(f map[string]string) { f["reg/date=2026-11-20/a.jsonl"] = "hello\n" }, "", []string{"r: mapping ", "r: mapping ", "r: mapping "}, check.Wrong, "status"},
		{"an output of another name", func(f map[string]string) {
			f["out/output.json"] = identity(t, "other")
		}, "", []string{"output: setting "}, check.Wrong, `named "other"`},
		{"an output that is a file", func(f map[string]string) { f["out"] = "x" }, "", []string{"output: unreachable "}, check.Unanswered, "output"},
		{"an output in use", func(f map[string]string) {
			f["out/output.json"] = identity(t, "acme")
		}, "", []string{}, check.Fine, "commits of this configuration are in it; creating objects works"},
		{"nothing wrong, so that a trial can follow", func(f map[string]string) {
			f["out/output.json"] = identity(t, "acme")
		}, "", []string{}, check.Fine, "next: cdrmend run --config nights.yaml --trial\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			files := delivered()
			if test.change != nil {
				test.change(files)
			}
			for name, content := range files {
				put(t, filepath.Join(dir, name), content)
			}
			cfg := load(t, dir, fmt.Sprintf(cmp.Or(test.config, config), "", false))
			before := tree(t, dir)
			got := run(t, cfg)
			if diff := gocmp.Diff(test.want, short(got)); diff != "" || got.Verdict != test.verdict {
				t.Errorf("the verdict is %s, want %s, and the problems (-want +got)\n%s%+v", got.Verdict, test.verdict, diff, problems(got))
			}
			if text := got.Text(report.Unpainted, "--config nights.yaml"); !strings.Contains(text, test.says) {
				t.Errorf("want %q in\n%s", test.says, text)
			}
			if diff := gocmp.Diff(before, tree(t, dir)); diff != "" {
				t.Errorf("checking changed files (-before +after):\n%s", diff)
			}
		})
	}
}

func TestNumbersAreThoseOfThePartition(t *testing.T) {
	dir := t.TempDir()
	for name, content := range delivered() {
		put(t, filepath.Join(dir, name), content)
	}
	put(t, filepath.Join(dir, "cdr/date=2026-11-19/old.csv"), "conversation_id\nold\n")
	put(t, filepath.Join(dir, "cdr/date=2026-11-20/_SUCCESS"), "")
	cfg := load(t, dir, fmt.Sprintf(config, "", false))
	c := run(t, cfg).Sources[1]
	if c.Objects != 1 || c.Others != 1 || c.Bytes != int64(len(delivered()["cdr/date=2026-11-20/a.csv"])) || c.Partition != "cdr/date=2026-11-20/" {
		t.Errorf("of the partition the report says %+v", c.Place)
	}
	tried := c.Tried
	if tried == nil || tried.Rows != 1 || tried.Records != 1 || tried.Filled != 4 || tried.Mapped != 21 || len(tried.Empty) != 17 || slices.Contains(tried.Empty, "start_time") {
		t.Errorf("of the object the report says %+v", tried)
	}

	// The interval chooses the partition.
	of := run(t, cfg, func(r *check.Request) {
		day := policy.IntervalAt(record.TimeOf(time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)), 24*time.Hour)
		r.Interval = &day
	})
	if got := of.Sources[1]; got.Partition != "cdr/date=2026-11-19/" || got.Tried.Filled != 1 {
		t.Errorf("of the day before the report says %+v %+v", got.Place, got.Tried)
	}
	if got := of.Sources[0].Problems; len(got) != 1 || !strings.Contains(got[0].Text, "interval 2026-11-19") {
		t.Errorf("of a source without objects on that day the report says %+v", got)
	}
}

func TestAProbeShowsThatDirectoriesKeepWhatExists(t *testing.T) {
	dir := t.TempDir()
	for name, content := range delivered() {
		put(t, filepath.Join(dir, name), content)
	}
	cfg := load(t, dir, fmt.Sprintf(config, "", false))
	for range 2 { // the second finds the probe of the first
		got := run(t, cfg, func(r *check.Request) { r.Write = true })
		if got.Output.Write != check.Works || !strings.HasSuffix(got.Output.Written, "/out/"+check.ProbeKey) || got.Verdict != check.Fine {
			t.Errorf("of the output the report says %+v", got.Output)
		}
	}
	if made := slices.Collect(maps.Keys(tree(t, filepath.Join(dir, "out")))); len(made) != 1 {
		t.Errorf("the probe left %v", made)
	}
}

// gateway starts a server with the small night in buckets man, cdr, reg and out.
func gateway(t *testing.T, kind objecttest.BucketKind) (*objecttest.Server, *policy.Config) {
	t.Helper()
	server := objecttest.Gateway(t, objecttest.GatewayOptions{Accounts: true})
	server.Setenv(t)
	for _, name := range []string{"man", "cdr", "reg"} {
		server.Bucket(t, name, kind)
	}
	server.Bucket(t, "out", objecttest.Plain)
	for name, content := range delivered() {
		bucket, key, _ := strings.Cut(name, "/")
		server.Put(t, bucket, key, []byte(content))
	}
	return server, load(t, t.TempDir(), fmt.Sprintf(config, "s3://", kind == objecttest.Versioned))
}

func TestMissingPermissionsAreNamedByActionAndBucket(t *testing.T) {
	server, cfg := gateway(t, objecttest.Versioned)
	server.User(t, "job")
	for _, test := range []struct {
		name        string
		manifests   []string
		out         []string
		used, write bool
		want        []string
		works       check.Writing
	}{
		{"nothing is allowed", nil, nil, false, false, []string{"m: permission s3:ListBucketVersions on bucket man", "output: permission s3:ListBucket on bucket out"}, check.NotTried},
		{"listing is", []string{"s3:ListBucketVersions"}, []string{"s3:ListBucket"}, true, false, []string{"m: permission s3:GetObjectVersion on bucket man", "output: permission s3:GetObject on bucket out"}, check.NotTried},
		{"listing and reading are", []string{"s3:ListBucketVersions", "s3:GetObjectVersion"}, []string{"s3:ListBucket", "s3:GetObject"}, true, false, []string{"output: permission s3:PutObject on bucket out"}, check.Fails},
		{"a new output that is not tried", []string{"s3:ListBucketVersions", "s3:GetObjectVersion"}, []string{"s3:ListBucket", "s3:GetObject"}, false, false, []string{}, check.NotTried},
		{"a new output that is tried", []string{"s3:ListBucketVersions", "s3:GetObjectVersion"}, []string{"s3:ListBucket", "s3:GetObject"}, false, true, []string{"output: permission s3:PutObject on bucket out"}, check.Fails},
		{"all is allowed", []string{"s3:ListBucketVersions", "s3:GetObjectVersion"}, []string{"s3:ListBucket", "s3:GetObject", "s3:PutObject"}, true, false, []string{}, check.Works},
		{"all is allowed, and tried", []string{"s3:ListBucketVersions", "s3:GetObjectVersion"}, []string{"s3:ListBucket", "s3:GetObject", "s3:PutObject"}, false, true, []string{}, check.Works},
	} {
		t.Run(test.name, func(t *testing.T) {
			allow := func(bucket string, actions ...string) {
				if actions = append(actions, "s3:GetObjectTagging"); actions != nil { // a policy without a statement is refused
					server.Allow(t, bucket, "job", actions...)
				}
			}
			allow("man", test.manifests...)
			allow("cdr", "s3:ListBucket", "s3:GetObject")
			allow("reg", "s3:ListBucket", "s3:GetObject")
			allow("out", test.out...)
			server.Erase(t, "out/output.json")
			if test.used {
				server.Put(t, "out", "output.json", []byte(identity(t, "acme")))
			}
			before := server.Stored(t, "out")
			got := run(t, cfg, func(r *check.Request) { r.Write = test.write })
			if diff := gocmp.Diff(test.want, short(got)); diff != "" || got.Output.Write != test.works {
				t.Errorf("writing is %s, want %s, and the problems (-want +got)\n%s%+v", got.Output.Write, test.works, diff, problems(got))
			}
			if diff := gocmp.Diff(before, server.Stored(t, "out")); diff != "" && !test.write {
				t.Errorf("checking changed the output (-before +after):\n%s", diff)
			}
		})
	}
}

func TestWrongSettingsOfBucketsSayWhatToDo(t *testing.T) {
	server, cfg := gateway(t, objecttest.Plain)
	for _, test := range []struct {
		name    string
		change  func(t *testing.T, s *policy.Source)
		kind    check.ProblemKind
		verdict string
		next    string
	}{
		{"no such bucket", func(t *testing.T, s *policy.Source) { s.URL = template(t, "s3://nowhere/date={date}/") }, check.Setting, check.Wrong, "create it or correct the URL"},
		{"another region", func(t *testing.T, s *policy.Source) { s.S3.Region = "eu-west-1" }, check.Setting, check.Wrong, "set s3.region"},
		{"a wrong key", func(t *testing.T, _ *policy.Source) { t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong") }, check.Setting, check.Wrong, "renew or correct them"},
		{"no key", func(t *testing.T, _ *policy.Source) {
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			t.Setenv("AWS_ACCESS_KEY_ID", "")
		}, check.Setting, check.Wrong, "set AWS_ACCESS_KEY_ID"},
		{"no server there", func(_ *testing.T, s *policy.Source) { s.S3.Endpoint = "http://127.0.0.1:1" }, check.Unreachable, check.Unanswered, "check the endpoint"},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := *cfg
			changed.Sources = slices.Clone(cfg.Sources)
			test.change(t, &changed.Sources[1])
			got := run(t, &changed)
			p := got.Sources[1].Problems
			if len(p) != 1 || p[0].Kind != test.kind || !strings.Contains(p[0].Next, test.next) || got.Verdict != test.verdict {
				t.Errorf("the verdict is %s and the problems are %+v", got.Verdict, p)
			}
			if text := got.Text(report.Unpainted, "--config nights.yaml"); strings.Contains(text, server.SecretKey) {
				t.Errorf("the text holds the secret:\n%s", text)
			}
		})
	}
}

// A server that ignores the condition would let one run replace what another wrote.
func TestAServerThatReplacesObjectsIsFound(t *testing.T) {
	for _, write := range []bool{false, true} {
		server, cfg := gateway(t, objecttest.Plain)
		server.Put(t, "out", "output.json", []byte(identity(t, "acme")))
		time.Sleep(1100 * time.Millisecond) // the server tells whole seconds
		cfg.Output.S3.Endpoint = server.Proxy(t, func(w http.ResponseWriter, r *http.Request, to http.Handler) {
			if r.Method == http.MethodPut {
				bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
				var body bytes.Buffer
				if _, err := body.ReadFrom(r.Body); err != nil {
					t.Error(err)
				}
				server.Put(t, bucket, key, plainBody(body.Bytes()))
				return
			}
			to.ServeHTTP(w, r)
		})
		cfg.Output.S3.PathStyle = true
		got := run(t, cfg, func(r *check.Request) { r.Write = write })
		if got.Output.Write != check.Fails || len(got.Output.Problems) != 1 || !strings.Contains(got.Output.Problems[0].Next, "If-None-Match") {
			t.Errorf("with --write %v the report says of the output %+v", write, got.Output)
		}
	}
}

// plainBody returns what a request sends in chunks.
func plainBody(body []byte) []byte {
	head, rest, chunked := bytes.Cut(body, []byte("\r\n"))
	if !chunked {
		return body
	}
	size := 0
	if _, err := fmt.Sscanf(string(head), "%x", &size); err != nil || size > len(rest) {
		return body
	}
	return rest[:size]
}

func template(t *testing.T, text string) policy.Template {
	t.Helper()
	u, err := policy.ParseTemplate(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOfALargeObjectTheBeginningIsTried(t *testing.T) {
	dir := t.TempDir()
	files := delivered()
	legs := files["cdr/date=2026-11-20/a.csv"]
	files["cdr/date=2026-11-20/a.csv"] = legs + strings.Repeat(legs[strings.Index(legs, "\n")+1:], 50)
	files["reg/date=2026-11-20/a.parquet"] = "PAR1" + strings.Repeat("x", 2000)
	delete(files, "reg/date=2026-11-20/a.jsonl")
	for name, content := range files {
		put(t, filepath.Join(dir, name), content)
	}
	t.Cleanup(check.ReadAtMost(1000))
	got := run(t, load(t, dir, fmt.Sprintf(config, "", false)))
	if diff := gocmp.Diff([]string{"r: mapping "}, short(got)); diff != "" || !strings.Contains(got.Sources[2].Problems[0].Text, "Parquet is read as a whole") {
		t.Errorf("problems (-want +got)\n%s%+v", diff, problems(got))
	}
	tried := got.Sources[1].Tried
	if tried == nil || !tried.Beginning || tried.Rows < 10 || tried.Rows > 20 || len(tried.Remarks) > 0 || tried.Filled != 4 {
		t.Errorf("of the beginning the report says %+v", tried)
	}
	if text := got.Text(report.Unpainted, "--config nights.yaml"); !strings.Contains(text, "rows and fields of: the beginning of file://") {
		t.Errorf("the text is\n%s", text)
	}
}

func TestThePlaceOfMediaIsListed(t *testing.T) {
	dir := t.TempDir()
	for name, content := range delivered() {
		put(t, filepath.Join(dir, name), content)
	}
	text := fmt.Sprintf(config, "", false) + "media: {check: exists, url: \"audio/{year}/{month}/{day}/\"}\n"
	for _, test := range []struct {
		file string
		want []check.ProblemKind
	}{
		{"", []check.ProblemKind{check.Setting}},
		{"audio/2026/1/2/a.wav", []check.ProblemKind{check.Nothing}},
		{"audio/2026/11/21/a.wav", nil},
	} {
		if test.file != "" {
			put(t, filepath.Join(dir, test.file), "RIFF")
		}
		got := run(t, load(t, dir, text))
		var kinds []check.ProblemKind
		for _, p := range got.Media.Problems {
			kinds = append(kinds, p.Kind)
		}
		if diff := gocmp.Diff(test.want, kinds); diff != "" || (got.Media.Objects == 1) != (test.want == nil) {
			t.Errorf("with %q the media are %+v", test.file, got.Media)
		}
	}
}
