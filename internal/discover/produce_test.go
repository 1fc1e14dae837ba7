package discover_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/bag"
	"cdrmend/internal/discover"
	"cdrmend/internal/loadfile"
	"cdrmend/internal/object"
	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
	"cdrmend/internal/replay"
	"cdrmend/internal/table"
	"cdrmend/internal/token"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// produce writes a production of the night to a directory.
func (n *night) produce(t *testing.T, ask func(*discover.Request), change func(*discover.Producer)) (*discover.Answer, string) {
	t.Helper()
	r, err := discover.Load("", ask)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	store, err := object.Open(t.Context(), object.Location{Dir: dir}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	show := policy.Report{Redact: policy.RedactNothing}
	if r.Redact != "" {
		show.Redact, _ = policy.ParseRedaction(r.Redact)
	}
	signer, keys := testKey(t)
	n.out.Keys = keys
	p := &discover.Producer{
		Out: n.out, Ledger: n.ledger(), Labels: []string{label}, Selection: discover.Select(r, show), Show: show, Media: discover.CopyMedia, Tool: "test",
		Signer: signer, Bag: bag.InStore(store, "", ""),
		Inputs: discover.Inputs{Base: n.dir, Concurrency: 4, Open: n.opener(t), Watch: func(string, int64, int64) {}, Warn: func(string, error) {}},
	}
	if change != nil {
		change(p)
	}
	answer, err := p.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return answer, dir
}

// opener opens the sources of the night.
func (n *night) opener(t *testing.T) replay.OpenSource {
	return func(ctx context.Context, _ string, url policy.Template, _ bool) (object.Store, error) {
		return open(t, url), nil
	}
}

func testKey(t *testing.T) (*token.Signer, *token.Keys) {
	t.Helper()
	pem, err := token.Generate("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := token.ParseSigner(pem, "test")
	if err != nil {
		t.Fatal(err)
	}
	return signer, signer.Public()
}

// checked validates a production as a bag, and as what cdrmend wrote.
func checked(t *testing.T, dir string) (*bag.Report, *discover.Checked) {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Dir: dir}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := bag.Validate(t.Context(), bag.Below(store, ""), "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := discover.Check(t.Context(), bag.Below(store, ""), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	return report, c
}

// everything covers the whole night.
func everything(r *discover.Request) { r.From, r.To = "2026-11-20", "2026-11-21" }

// rows returns the rows of a file in CSV by the names of its columns.
func rows(t *testing.T, path string) (list []map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		list = append(list, row)
	}
	return list
}

func TestAProductionChecksOutAndCountsWhatTheTablesHave(t *testing.T) {
	outside.Long(t)
	n := newNight(t, 3, "parquet")
	answer, dir := n.produce(t, everything, nil)
	report, c := checked(t, dir)
	if report.State != bag.Valid || len(c.Problems) > 0 || !c.Signed || !c.Brought {
		t.Errorf("the bag is %s: %v; the production: %+v", report.State, report.Problems, c)
	}

	commit := n.newest(t)
	want := map[string]int64{}
	for _, row := range all(t, commit, table.Calls) {
		want[row.Get("verdict")]++
	}
	got := map[string]int64{}
	for _, row := range rows(t, filepath.Join(dir, "data/tables/calls.csv")) {
		got[row["verdict"]]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts of the production (-table +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, answer.Calls.Verdicts); diff != "" {
		t.Errorf("verdicts of the answer (-table +got):\n%s", diff)
	}

	// Each call that is not recorded in full is one exception.
	excepted := map[string]int64{}
	for _, row := range rows(t, filepath.Join(dir, "data/exceptions.csv")) {
		if row["about"] == "call" && row["reason"] != discover.Unlinked {
			excepted[row["reason"]]++
		}
		if story := row["explanation"]; row["about"] != "document" && row["about"] != "value" && !strings.Contains(content(t, dir)[story], row["conversation_id"]) {
			t.Errorf("exception %s about conversation %s is explained in %q, which does not name it", row["number"], row["conversation_id"], story)
		}
	}
	for _, verdict := range []string{"complete", "repaired", "incomplete", "recorded_in_error"} {
		delete(want, verdict)
	}
	if diff := cmp.Diff(want, excepted); diff != "" {
		t.Errorf("exceptions about calls (-table +got):\n%s", diff)
	}

	asItsSchema(t, "discovery", content(t, dir)["data/answer.json"])
	asItsSchema(t, "begun", content(t, dir)["data/begun.json"])
	for line := range strings.Lines(content(t, dir)["data/custody.jsonl"]) {
		asItsSchema(t, "custody", line)
	}

	load := loaded(t, filepath.Join(dir, "data/loadfile.csv"), loadfile.ReadCSV)
	if diff := cmp.Diff(load, loaded(t, filepath.Join(dir, "data/loadfile.dat"), loadfile.ReadDAT)); diff != "" {
		t.Errorf("the load files differ (-csv +dat):\n%s", diff)
	}
	if len(load) != len(all(t, commit, table.Recordings)) {
		t.Errorf("the load file has %d rows, the table of recordings %d", len(load), len(all(t, commit, table.Recordings)))
	}
	for _, row := range load {
		verdicts := strings.Split(row["CALL_VERDICTS"], ";")
		worst := slices.IndexFunc(worstFirst, func(v string) bool { return slices.Contains(verdicts, v) })
		if gap := row["GAP_STATUS"]; gap != discover.Void && gap != discover.Pending && (worst < 0 && gap != "none" || worst >= 0 && gap != worstFirst[worst]) {
			t.Errorf("recording %s of calls that are %s: GAP_STATUS is %s", row["CONTROL_NUMBER"], row["CALL_VERDICTS"], gap)
		}
		for _, column := range []string{"ORIGINAL_PATH", "REPAIRED_PATH", "EXPLANATION_PATH", "NATIVE_PATH"} {
			if row[column] == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, row[column])); err != nil {
				t.Errorf("%s of %s: %v", column, row["CONTROL_NUMBER"], err)
			}
		}
	}
}

// worstFirst are the verdicts of calls that GAP_STATUS names.
var worstFirst = []string{"missing", "partial", "indeterminate", "excluded"}

// loaded returns the rows of a load file by the names of its columns.
func loaded(t *testing.T, path string, read func(io.Reader, loadfile.Profile) iter.Seq2[[]string, error]) (list []map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for cells, err := range read(bytes.NewReader(raw), loadfile.Default) {
		if err != nil {
			t.Fatal(err)
		}
		if names == nil {
			names = cells
			continue
		}
		row := map[string]string{}
		for i, name := range names {
			row[name] = cells[i]
		}
		list = append(list, row)
	}
	return list
}

func TestEqualRequestsGiveEqualBytes(t *testing.T) {
	n := newNight(t, 4, "parquet")
	signer, keys := testKey(t)
	same := func(p *discover.Producer) { p.Signer, n.out.Keys = signer, keys }
	_, first := n.produce(t, everything, same)
	_, second := n.produce(t, everything, same)
	if diff := cmp.Diff(content(t, first), content(t, second)); diff != "" {
		t.Errorf("the same request again (-first +second):\n%.3000s", diff)
	}
}

// content returns the files below a directory.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAChangedOriginalIsAnException(t *testing.T) {
	n := newNight(t, 5, "parquet")
	rec := all(t, n.newest(t), table.Recordings)[3]
	var path string
	err := filepath.WalkDir(n.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(filepath.ToSlash(p), "/"+rec.Get("object_key")) && !strings.Contains(p, "results") {
			path = p
		}
		return err
	})
	if err != nil || path == "" {
		t.Fatalf("no file for %s: %v", rec.Get("object_key"), err)
	}
	n.forgetPacks(t)
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}

	_, dir := n.produce(t, func(r *discover.Request) {
		r.Select.Add("recording", rec.Get("recording_id"))
	}, nil)
	exceptions := rows(t, filepath.Join(dir, "data/exceptions.csv"))
	if !slices.ContainsFunc(exceptions, func(e map[string]string) bool { return e["about"] == "document" && e["reason"] == discover.Gone }) {
		t.Errorf("the original was changed, and the exceptions are %v", exceptions)
	}
	if report, c := checked(t, dir); report.State != bag.Valid || len(c.Problems) > 0 {
		t.Errorf("the bag is %s: %v; the production: %v", report.State, report.Problems, c.Problems)
	}
}

// forgetPacks removes the packs of the night, so that its inputs are read from their sources.
func (n *night) forgetPacks(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(n.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "evidence" {
			if err := os.RemoveAll(p); err != nil {
				return err
			}
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A redaction withholds whatever cannot be redacted, and no number is left in what is produced.
func TestARedactedProductionHoldsNoNumber(t *testing.T) {
	n := newNight(t, 6, "parquet")
	numbers := map[string]bool{}
	for _, row := range all(t, n.newest(t), table.Calls) {
		numbers[row.Get("ani")], numbers[row.Get("dnis")] = true, true
	}
	delete(numbers, "")
	some := slices.Sorted(maps.Keys(numbers))[0]
	answer, dir := n.produce(t, func(r *discover.Request) {
		everything(r)
		r.Redact, r.Matter, r.Requester = "ops", "call "+some, "lawyer of "+some
		r.Custodians = []discover.Custodian{{Name: "J. Doe " + some, Numbers: []yamlfile.Scalar{yamlfile.Scalar(some)}}, {Name: "all", Numbers: []yamlfile.Scalar{"*0", "*1", "*2", "*3", "*4", "*5", "*6", "*7", "*8", "*9"}}}
	}, nil)
	if answer.Exceptions["document"][discover.Withheld] == 0 {
		t.Errorf("no document is withheld: %v", answer.Exceptions)
	}
	for name, text := range content(t, dir) {
		for number := range numbers {
			if strings.Contains(text, number) {
				t.Errorf("%s holds the number %s", name, number)
			}
		}
		if strings.HasPrefix(name, "data/documents/") || strings.HasPrefix(name, "data/media/") {
			t.Errorf("%s was not withheld", name)
		}
	}
}

func TestTamperingWithAProductionIsNamed(t *testing.T) {
	n := newNight(t, 7, "parquet")
	commit := n.newest(t)
	var ids []string
	for _, row := range all(t, commit, table.Recordings)[:3] {
		ids = append(ids, row.Get("conversation_id"))
	}
	_, dir := n.produce(t, func(r *discover.Request) { r.Select.Add("conversation", ids...) }, nil)
	whole := content(t, dir)
	for name := range whole {
		raw := []byte(whole[name])
		if len(raw) == 0 {
			continue
		}
		raw[len(raw)/2] ^= 1
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		report, _ := checked(t, dir)
		named := slices.ContainsFunc(report.Problems, func(p bag.Problem) bool { return p.File == name })
		if report.State == bag.Valid || !named && !strings.Contains(name, "manifest") {
			t.Errorf("a bit of %s was flipped: %s, %v", name, report.State, report.Problems)
		}
		if err := os.WriteFile(path, []byte(whole[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever changes a file and all checksums leaves a valid bag, but cannot seal it.
func TestTamperingWithChecksumsTooIsNamed(t *testing.T) {
	n := newNight(t, 8, "parquet")
	_, dir := n.produce(t, everything, nil)
	whole := content(t, dir)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var document string
	for name, text := range whole {
		if strings.HasSuffix(name, "/original.json") && strings.Contains(text, "2026") && (document == "" || name < document) {
			document = name
		}
	}
	for _, name := range []string{"data/tables/calls.csv", "data/exceptions.csv", "data/custody.jsonl", document} {
		changed := strings.Replace(whole[name], "2026", "2025", 1)
		manifest := strings.Replace(whole["manifest-sha256.txt"], sum(whole[name])+"  "+name, sum(changed)+"  "+name, 1)
		write(name, changed)
		write("manifest-sha256.txt", manifest)
		write("tagmanifest-sha256.txt", strings.Replace(whole["tagmanifest-sha256.txt"], sum(whole["manifest-sha256.txt"]), sum(manifest), 1))
		report, c := checked(t, dir)
		if report.State != bag.Valid {
			t.Errorf("%s changed with its checksums: the bag is %s, %v", name, report.State, report.Problems)
		}
		if len(c.Problems) == 0 {
			t.Errorf("%s changed with its checksums, and nothing is wrong with the production", name)
		}
		write(name, whole[name])
		write("manifest-sha256.txt", whole["manifest-sha256.txt"])
		write("tagmanifest-sha256.txt", whole["tagmanifest-sha256.txt"])
	}
}

// asItsSchema fails when a text is not as a schema says.
func asItsSchema(t *testing.T, schema, text string) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		err = yamlfile.Schema(schema, manifests.Schema(schema)).Validate(v)
	}
	if err != nil {
		t.Errorf("not as %s.schema.json: %v\n%s", schema, err, text)
	}
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}
