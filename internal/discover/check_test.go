package discover_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/bag"
	"cdrmend/internal/discover"
	"cdrmend/internal/ledger"
	"cdrmend/internal/loadfile"
	"cdrmend/internal/object"
	"cdrmend/internal/outside"
	"cdrmend/internal/table"
	"cdrmend/internal/token"
)

// What nobody touched contradicts nothing, whatever was asked for.
func TestAnUntouchedProductionHasNoProblem(t *testing.T) {
	outside.Long(t)
	for seed, tables := range []string{"parquet", "csv"} {
		n := newNight(t, uint64(20+seed), tables)
		var conversations []string
		for _, row := range all(t, n.newest(t), table.Recordings)[:10] {
			conversations = append(conversations, row.Get("conversation_id"))
		}
		for name, ask := range map[string]func(*discover.Request){
			"everything":    everything,
			"whole":         func(r *discover.Request) { everything(r); r.Documents = "whole" },
			"masked":        func(r *discover.Request) { everything(r); r.Redact = "ops" },
			"an hour":       func(r *discover.Request) { r.From, r.To = "2026-11-20T10", "2026-11-20T11" },
			"missing":       func(r *discover.Request) { r.Select.Add("verdict", "missing", "partial", "excluded") },
			"nobody":        func(r *discover.Request) { everything(r); r.Select.Add("user", "nobody") },
			"conversations": func(r *discover.Request) { r.Select.Add("conversation", conversations...) },
			"other forms": func(r *discover.Request) {
				everything(r)
				r.Matter, r.Zone, r.Control = "þ®\x14 matter", "America/New_York", discover.Control{Prefix: "ACME-", Width: 3}
				r.LoadFile = loadfile.Spec{Encoding: "utf-16le", DateFormat: "MM/dd/yyyy hh:mm:ss tt", LineEnd: "lf", Separator: "|", Qualifier: "^", Newline: "~"}
			},
		} {
			ways := []discover.Media{discover.CopyMedia}
			if name == "everything" {
				ways = append(ways, discover.NoMedia, discover.FetchMedia)
			}
			for _, media := range ways {
				_, dir := n.produce(t, ask, func(p *discover.Producer) { p.Media = media })
				if report, c := checked(t, dir); report.State == bag.Invalid || len(c.Problems) > 0 {
					t.Errorf("seed %d, %s, media %s: the bag is %s: %v; the production: %v", seed, name, media, report.State, report.Problems, c.Problems)
				}
			}
		}
	}
}

// forger changes a production and makes all checksums and the seal anew.
type forger struct {
	*testing.T
	lies  *laid
	files map[string]string
	key   *token.Signer // nil: the seal is not signed
}

func (f *forger) replace(name, old, new string) {
	f.Helper()
	if !strings.Contains(f.files[name], old) {
		f.Fatalf("%s has no %q", name, old)
	}
	f.files[name] = strings.Replace(f.files[name], old, new, 1)
}

// cells changes cells of a row of CSV files, the first after the names of the columns being 1.
func (f *forger) cells(row int, change map[string]string, names ...string) {
	f.Helper()
	for _, name := range names {
		rows := f.rows(name)
		for column, value := range change {
			i := slices.Index(rows[0], column)
			if i < 0 {
				f.Fatalf("%s has no column %s", name, column)
			}
			rows[row][i] = value
		}
		f.write(name, rows)
	}
}

// rows reads a table or a load file.
func (f *forger) rows(name string) (rows [][]string) {
	f.Helper()
	read := loadfile.ReadCSV
	switch filepath.Base(name) {
	case "loadfile.dat":
		read = loadfile.ReadDAT
	case "loadfile.csv":
	default:
		rows, err := csv.NewReader(strings.NewReader(f.files[name])).ReadAll()
		if err != nil {
			f.Fatal(err)
		}
		return rows
	}
	for row, err := range read(strings.NewReader(f.files[name]), loadfile.Default) {
		if err != nil {
			f.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func (f *forger) write(name string, rows [][]string) {
	f.Helper()
	var b bytes.Buffer
	switch filepath.Base(name) {
	case "loadfile.dat", "loadfile.csv":
		w := loadfile.NewCSV(&b, loadfile.Default)
		if strings.HasSuffix(name, "dat") {
			w = loadfile.NewDAT(&b, loadfile.Default)
		}
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			f.Fatal(err)
		}
	default:
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			f.Fatal(err)
		}
	}
	f.files[name] = b.String()
}

// row returns a row by the names of its columns.
func (f *forger) row(name string, row int) map[string]string {
	rows := f.rows(name)
	cells := map[string]string{}
	for i, column := range rows[0] {
		cells[column] = rows[row][i]
	}
	return cells
}

// seal makes manifests, Payload-Oxum and production.json anew.
func (f *forger) seal(change func(*ledger.Production), manifest func(string) string) {
	f.Helper()
	var list, tags strings.Builder
	size, count := 0, 0
	names := slices.Sorted(maps.Keys(f.files))
	for _, name := range names {
		if strings.HasPrefix(name, "data/") {
			list.WriteString(sum(f.files[name]) + "  " + name + "\n")
			size, count = size+len(f.files[name]), count+1
		}
	}
	f.files["manifest-sha256.txt"] = list.String()
	if manifest != nil {
		f.files["manifest-sha256.txt"] = manifest(list.String())
	}
	f.files["bag-info.txt"] = regexp.MustCompile(`Payload-Oxum: .*`).ReplaceAllString(f.files["bag-info.txt"], "Payload-Oxum: "+text(size)+"."+text(count))

	p, _, err := ledger.OpenProduction([]byte(f.files[ledger.ProductionFile]), nil)
	if err != nil {
		f.Fatal(err)
	}
	p.Manifest = sum(f.files["manifest-sha256.txt"])
	if change != nil {
		change(p)
	}
	sealed, err := p.Seal(f.key)
	if err != nil {
		f.Fatal(err)
	}
	f.files[ledger.ProductionFile] = string(sealed)
	for _, name := range names {
		if !strings.HasPrefix(name, "data/") && name != "tagmanifest-sha256.txt" {
			tags.WriteString(sum(f.files[name]) + "  " + name + "\n")
		}
	}
	f.files["tagmanifest-sha256.txt"] = tags.String()
}

func text(n int) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}

// laid is a directory with the files that a forger left there. One forgery differs from
// another in a few files, and these alone are written.
type laid struct {
	dir   string
	files map[string]string
}

func (l *laid) hold(t *testing.T, files map[string]string) {
	t.Helper()
	for name := range l.files {
		if _, stays := files[name]; stays {
			continue
		}
		path := filepath.Join(l.dir, filepath.FromSlash(name))
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(path); dir != l.dir && os.Remove(dir) == nil; { // an empty directory is no file of a bag
			dir = filepath.Dir(dir)
		}
	}
	for name, content := range files {
		if was, there := l.files[name]; there && was == content {
			continue
		}
		path := filepath.Join(l.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.files = maps.Clone(files)
}

// problems writes the production and checks it, with keys or without.
func (f *forger) problems(keys *token.Keys) (*bag.Report, *discover.Checked) {
	f.Helper()
	f.lies.hold(f.T, f.files)
	store, err := object.Open(f.Context(), object.Location{Dir: f.lies.dir}, object.Options{})
	if err != nil {
		f.Fatal(err)
	}
	report, err := bag.Validate(f.Context(), bag.Below(store, ""), "")
	if err != nil {
		f.Fatal(err)
	}
	c, err := discover.Check(f.Context(), bag.Below(store, ""), keys, "")
	if err != nil {
		f.Fatal(err)
	}
	return report, c
}

const (
	loadCSV    = "data/loadfile.csv"
	loadDAT    = "data/loadfile.dat"
	exceptions = "data/exceptions.csv"
	recordings = "data/tables/recordings.csv"
	calls      = "data/tables/calls.csv"
)

// Somebody changes a production, and makes all checksums and the seal anew, as nobody
// signed it. What then contradicts something else in it is named.
func TestAForgedProductionIsNamed(t *testing.T) {
	outside.Long(t)
	n := newNight(t, 9, "parquet")
	unsigned := func(p *discover.Producer) { p.Signer, n.out.Keys = nil, nil }
	_, dir := n.produce(t, func(r *discover.Request) { everything(r); r.Matter = "ACME 7" }, unsigned)
	whole := content(t, dir)
	_, dir = n.produce(t, func(r *discover.Request) { everything(r); r.Matter = "other" }, unsigned)
	other := content(t, dir)
	with := func(row map[string]string, columns ...string) map[string]string {
		cells := map[string]string{}
		for _, c := range columns {
			cells[c] = row[c]
		}
		return cells
	}
	originals := []string{"ORIGINAL_PATH", "ORIGINAL_SHA256"}
	lies := &laid{dir: t.TempDir()}

	for name, test := range map[string]struct {
		forge func(*forger)
		want  string
	}{
		"nothing": {func(*forger) {}, ""},
		"swapped paths of documents": {func(f *forger) {
			one, two := f.row(loadCSV, 1), f.row(loadCSV, 2)
			f.cells(1, with(two, originals...), loadCSV, loadDAT)
			f.cells(2, with(one, originals...), loadCSV, loadDAT)
		}, `data/loadfile.csv: row 1: ORIGINAL_PATH is `},
		"swapped documents": {func(f *forger) {
			one, two := f.row(loadCSV, 1)["ORIGINAL_PATH"], f.row(loadCSV, 2)["ORIGINAL_PATH"]
			f.files[one], f.files[two] = f.files[two], f.files[one]
		}, "it is not what chain"},
		"swapped documents, all along": {func(f *forger) {
			one, two := f.row(loadCSV, 1)["ORIGINAL_PATH"], f.row(loadCSV, 2)["ORIGINAL_PATH"]
			f.files[one], f.files[two] = f.files[two], f.files[one]
			swap(f, "data/custody.jsonl", one, two)
			sums(f)
		}, "ORIGINAL_PATH names "},
		"a dropped document": {func(f *forger) { delete(f.files, f.row(loadCSV, 1)["ORIGINAL_PATH"]) }, "which is not in the production"},
		"a dropped document, all along": {func(f *forger) {
			drop(f, f.row(loadCSV, 1)["ORIGINAL_PATH"])
			f.cells(1, map[string]string{"ORIGINAL_PATH": "", "ORIGINAL_SHA256": ""}, loadCSV, loadDAT)
		}, `row 1: ORIGINAL_PATH is "", want "data/documents/`},
		"a dropped row": {func(f *forger) {
			for _, name := range []string{loadCSV, loadDAT} {
				f.write(name, slices.Delete(f.rows(name), 3, 4))
			}
		}, "row 3: CONTROL_NUMBER is"},
		"a dropped last row": {func(f *forger) {
			for _, name := range []string{loadCSV, loadDAT} {
				rows := f.rows(name)
				f.write(name, rows[:len(rows)-1])
			}
		}, "it has no row for row "},
		"a dropped recording": {func(f *forger) {
			for _, name := range []string{loadCSV, loadDAT, recordings} {
				rows := f.rows(name)
				f.write(name, rows[:len(rows)-1])
			}
		}, "it counts other recordings"},
		"a row more": {func(f *forger) {
			for _, name := range []string{loadCSV, loadDAT} {
				rows := f.rows(name)
				f.write(name, append(rows, rows[1]))
			}
		}, "stands for no row of data/tables/recordings.csv"},
		"another number":            {func(f *forger) { f.cells(4, map[string]string{"ANI": "+15550000"}, loadCSV, loadDAT) }, `row 4: ANI is "+15550000", want`},
		"another number in the DAT": {func(f *forger) { f.cells(4, map[string]string{"ANI": "+15550000"}, loadDAT) }, `data/loadfile.dat: row 4: ANI is "+15550000", and data/loadfile.csv has`},
		"another local time":        {func(f *forger) { f.cells(4, map[string]string{"START_LOCAL": "2026-11-20 00:00:00"}, loadCSV, loadDAT) }, "row 4: START_LOCAL is"},
		"another size in custody": {func(f *forger) {
			f.files["data/custody.jsonl"] = regexp.MustCompile(`("step":"produced".*?"size":)\d+`).ReplaceAllString(f.files["data/custody.jsonl"], "${1}7")
		}, "bytes, and chain 1 of custody.jsonl says 7"},
		"another hash": {func(f *forger) { f.cells(1, map[string]string{"ORIGINAL_SHA256": sum("")}, loadCSV, loadDAT) }, "row 1: ORIGINAL_SHA256 is"},
		"another size": {func(f *forger) {
			i := rowWith(f, loadCSV, "NATIVE_PATH")
			f.cells(i, map[string]string{"NATIVE_BYTES": "1"}, loadCSV, loadDAT)
		}, "NATIVE_BYTES is \"1\", want"},
		"media dropped, all along": {func(f *forger) {
			i := rowWith(f, loadCSV, "NATIVE_PATH")
			drop(f, f.row(loadCSV, i)["NATIVE_PATH"])
			f.cells(i, map[string]string{"NATIVE_PATH": "", "NATIVE_SHA256": "", "NATIVE_BYTES": ""}, loadCSV, loadDAT)
		}, `NATIVE_PATH is "", want "data/media/`},
		"another verdict": {func(f *forger) {
			i := rowOf(f, exceptions, "reason", "missing")
			f.cells(i, map[string]string{"reason": "excluded"}, exceptions)
		}, "has the reason excluded, and the verdict of its call is"},
		"a dropped exception": {func(f *forger) {
			i := rowOf(f, exceptions, "about", "call")
			f.write(exceptions, slices.Delete(f.rows(exceptions), i, i+1))
		}, "no exception is about the"},
		"an exception more": {func(f *forger) { rows := f.rows(exceptions); f.write(exceptions, slices.Insert(rows, 1, rows[1])) }, "is about the same as one before it"},
		"a call that was found": {func(f *forger) {
			i := rowOf(f, calls, "verdict", "missing")
			f.cells(i, map[string]string{"verdict": "complete"}, calls)
		}, "and the verdict of its call is complete"},
		"verdicts of calls": {func(f *forger) {
			i := rowOf(f, loadCSV, "CALL_VERDICTS", "complete")
			f.cells(i, map[string]string{"CALL_VERDICTS": "recorded_in_error"}, loadCSV, loadDAT)
		}, "CALL_VERDICTS has recorded_in_error, and no call of the conversation"},
		"a gap that is hidden": {func(f *forger) {
			f.cells(rowWith(f, loadCSV, "GAP_REASON"), map[string]string{"GAP_STATUS": "none"}, loadCSV, loadDAT)
		}, `GAP_STATUS is "none", want "`},
		"another matter":               {func(f *forger) { f.replace("data/request.json", "ACME 7", "ACME 8") }, `it is about matter "ACME 8", and production.json about "ACME 7"`},
		"files of another matter":      {func(f *forger) { f.files["data/documents/X1/original.json"] = "{}" }, "does not say where it comes from"},
		"load files of another matter": {func(f *forger) { f.files[loadCSV], f.files[loadDAT] = other[loadCSV], other[loadDAT] }, `MATTER is "other", want "ACME 7"`},
		"a request of another matter":  {func(f *forger) { f.files["data/request.json"] = other["data/request.json"] }, `it is about matter "other"`},
		"a record more":                {func(f *forger) { f.files["data/evidence/interval=2026-11-21/log/00000001.json"] = "{}" }, "nothing that was sealed names it"},
		"no list of files":             {func(f *forger) { delete(f.files, find(f, "/run.json")) }, "only a redacted production leaves it out"},
		"another list of files":        {func(f *forger) { f.files[find(f, "/run.json")] += " " }, "it is not the list of files that the record names"},
		"a list of files more":         {func(f *forger) { f.files["data/evidence/interval=2026-11-21/runs/x/run.json"] = "{}" }, "runs/x/run.json: nothing that was sealed names it"},
		"another repaired copy": {func(f *forger) {
			row := f.row(loadCSV, rowWith(f, loadCSV, "REPAIRED_PATH"))
			path, old := row["REPAIRED_PATH"], row["REPAIRED_SHA256"]
			f.files[path] += " "
			for _, name := range []string{loadCSV, loadDAT, "data/custody.jsonl"} {
				f.files[name] = strings.ReplaceAll(f.files[name], old, sum(f.files[path]))
			}
			f.files["data/custody.jsonl"] = strings.ReplaceAll(f.files["data/custody.jsonl"], `"object":"`+path+`","size":`+text(len(f.files[path])-1), `"object":"`+path+`","size":`+text(len(f.files[path])))
		}, "it is not what run "},
		"no record":             {func(f *forger) { delete(f.files, "data/evidence/interval=2026-11-20/log/00000001.json") }, "rows of the interval are there"},
		"an odd file":           {func(f *forger) { f.files["data/viewer.exe"] = "MZ" }, "data/viewer.exe: a production has no such file"},
		"an odd tag file":       {func(f *forger) { f.files["PRODUCTION.json"] = "{}" }, "PRODUCTION.json: a production has no such file"},
		"CRLF in a table":       {func(f *forger) { f.files[calls] = strings.ReplaceAll(f.files[calls], "\n", "\r\n") }, "data/tables/calls.csv: it is not written as a production writes it"},
		"BOM in a table":        {func(f *forger) { f.files[exceptions] = "\uFEFF" + f.files[exceptions] }, "data/exceptions.csv: it cannot be read: it has no column number"},
		"quotes in a table":     {func(f *forger) { f.replace(recordings, "interval,", "\"interval\",") }, "data/tables/recordings.csv: it is not written as a production writes it"},
		"LF in a load file":     {func(f *forger) { f.files[loadCSV] = strings.ReplaceAll(f.files[loadCSV], "\r\n", "\n") }, "data/loadfile.csv: it cannot be read"},
		"no BOM in a load file": {func(f *forger) { f.files[loadDAT] = strings.TrimPrefix(f.files[loadDAT], "\uFEFF") }, "data/loadfile.dat: it cannot be read"},
		"an answer of fewer calls": {func(f *forger) {
			f.files["data/answer.json"] = regexp.MustCompile(`"covered": \d+`).ReplaceAllString(f.files["data/answer.json"], `"covered": 1`)
		}, "it counts other verdicts"},
		"another beginning": {func(f *forger) { f.replace("data/begun.json", `"media": "copy"`, `"media": "none"`) }, "NATIVE_PATH is"},
		"no beginning":      {func(f *forger) { delete(f.files, "data/begun.json") }, "data/begun.json: it is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &forger{T: t, lies: lies, files: maps.Clone(whole)}
			test.forge(f)
			f.seal(nil, nil)
			report, c := f.problems(nil)
			if report.State != bag.Valid {
				t.Errorf("the forger left a bag that is %s: %v", report.State, report.Problems)
			}
			wantProblem(t, c.Problems, test.want)
		})
	}

	// What is wrong with a manifest may also make the bag invalid.
	for name, test := range map[string]struct {
		manifest func(string) string
		want     string
	}{
		"CRLF":          {func(m string) string { return strings.ReplaceAll(m, "\n", "\r\n") }, "it is not written as a production writes it"},
		"BOM":           {func(m string) string { return "\uFEFF" + m }, "it is not written as a production writes it"},
		"a line twice":  {func(m string) string { first, _, _ := strings.Cut(m, "\n"); return first + "\n" + m }, "out of order, or one is there twice"},
		"twins":         {func(m string) string { return m + sum("x") + "  data/zz\n" + sum("x") + "  data/ZZ\n" }, "differs from"},
		"a path up":     {func(m string) string { return m + sum("x") + "  data/../../x\n" }, "leads out of the bag"},
		"upper case":    {strings.ToUpper, "it is not written as a production writes it"},
		"one space":     {func(m string) string { return strings.Replace(m, "  ", " ", 1) }, "it is not written as a production writes it"},
		"another order": {func(m string) string { l := strings.SplitAfter(m, "\n"); return l[1] + l[0] + strings.Join(l[2:], "") }, "out of order"},
	} {
		t.Run("manifest with "+name, func(t *testing.T) {
			f := &forger{T: t, lies: lies, files: maps.Clone(whole)}
			f.seal(nil, test.manifest)
			_, c := f.problems(nil)
			wantProblem(t, c.Problems, "manifest-sha256.txt: line ")
			wantProblem(t, c.Problems, test.want)
		})
	}
}

// A production is signed by another key. Only who knows the right one, or compares the
// thumbprint that is printed, can tell.
func TestAnotherKeyIsNamed(t *testing.T) {
	n := newNight(t, 9, "parquet")
	signer, keys := testKey(t)
	_, dir := n.produce(t, everything, func(p *discover.Producer) { p.Signer, n.out.Keys = signer, keys })
	own := content(t, dir)
	lies := &laid{dir: t.TempDir()}
	forgery, forged := testKey(t)
	set, err := forged.Set()
	if err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		key     *token.Signer
		keySet  string // in the production
		keys    *token.Keys
		want    string
		matches bool // the printed key is the right one
	}{
		"nothing":                        {signer, "", keys, "", true},
		"nothing, without keys":          {signer, "", nil, "", true},
		"another key":                    {forgery, "", keys, "its signature does not verify", false},
		"another key, without keys":      {forgery, "", nil, "its signature does not verify", false},
		"another key and set":            {forgery, string(set), keys, "its signature does not verify", false},
		"another key and set, unchecked": {forgery, string(set), nil, "", false},
		"no signature":                   {nil, "", keys, "it is not signed, and keys were given", false},
		"no signature, without keys":     {nil, "", nil, "", false}, // who discovers may have no key; it is said
	} {
		t.Run(name, func(t *testing.T) {
			f := &forger{T: t, lies: lies, files: maps.Clone(own), key: test.key}
			if test.keySet != "" {
				f.files["data/evidence/keys.json"] = test.keySet
			}
			f.seal(nil, nil)
			_, c := f.problems(test.keys)
			wantProblem(t, c.Problems, test.want)
			if right := c.Key != "" && c.Key == thumbprintOf(t, own); right != test.matches {
				t.Errorf("the key is %q, and is taken for the right one: %t", c.Key, right)
			}
			if test.keys == nil && c.Key != "" && !strings.Contains(c.Text(), "compare "+c.Key) {
				t.Errorf("nobody is asked to compare the key:\n%s", c.Text())
			}
		})
	}
}

// thumbprintOf returns the key by which a production is signed that nobody forged.
func thumbprintOf(t *testing.T, files map[string]string) string {
	t.Helper()
	keys, err := token.ParseKeys([]byte(files["data/evidence/keys.json"]))
	if err != nil {
		t.Fatal(err)
	}
	_, seal, err := ledger.OpenProduction([]byte(files[ledger.ProductionFile]), keys)
	if err != nil {
		t.Fatal(err)
	}
	return seal.Key
}

// A link in a production leads out of it, and counts as nothing.
func TestALinkInAProductionIsNamed(t *testing.T) {
	n := newNight(t, 9, "parquet")
	_, dir := n.produce(t, everything, nil)
	for _, name := range []string{loadCSV, "data/custody.jsonl", ledger.ProductionFile, "manifest-sha256.txt"} {
		path := filepath.Join(dir, name)
		outside := filepath.Join(t.TempDir(), "outside")
		if err := os.Rename(path, outside); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, path); err != nil {
			t.Skip(err)
		}
		report, c := checked(t, dir)
		if report.State != bag.Invalid || len(c.Problems) == 0 || !slices.ContainsFunc(report.Problems, func(p bag.Problem) bool { return p.File == name }) {
			t.Errorf("%s is a link: the bag is %s, %v; the production: %v", name, report.State, report.Problems, c.Problems)
		}
		if err := errors.Join(os.Remove(path), os.Rename(outside, path)); err != nil {
			t.Fatal(err)
		}
	}
}

func wantProblem(t *testing.T, problems []bag.Problem, want string) {
	t.Helper()
	if want == "" {
		if len(problems) > 0 {
			t.Errorf("got the problems %v, want none", problems)
		}
		return
	}
	if !slices.ContainsFunc(problems, func(p bag.Problem) bool { return strings.Contains(p.String(), want) }) {
		t.Errorf("no problem says %q: %v", want, problems)
	}
}

// rowWith returns the first row that has a value in a column.
func rowWith(f *forger, name, column string) int {
	f.Helper()
	rows := f.rows(name)
	at := slices.Index(rows[0], column)
	for i, row := range rows[1:] {
		if row[at] != "" {
			return i + 1
		}
	}
	f.Fatalf("no row of %s has a %s", name, column)
	return 0
}

// rowOf returns the first row that has this value in a column.
func rowOf(f *forger, name, column, value string) int {
	f.Helper()
	rows := f.rows(name)
	at := slices.Index(rows[0], column)
	for i, row := range rows[1:] {
		if row[at] == value {
			return i + 1
		}
	}
	f.Fatalf("no row of %s has the %s %q", name, column, value)
	return 0
}

func find(f *forger, end string) string {
	f.Helper()
	for name := range f.files {
		if strings.HasSuffix(name, end) {
			return name
		}
	}
	f.Fatalf("no file ends in %s", end)
	return ""
}

// drop removes a file and what tells of it in custody.jsonl.
func drop(f *forger, path string) {
	f.Helper()
	delete(f.files, path)
	lines := strings.SplitAfter(f.files["data/custody.jsonl"], "\n")
	chain := ""
	for _, l := range lines {
		if strings.Contains(l, `"object":"`+path+`"`) {
			chain, _, _ = strings.Cut(l, ",")
		}
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, chain+",") })
	f.files["data/custody.jsonl"] = strings.Join(lines, "")
}

// swap swaps two texts in a file.
func swap(f *forger, name, one, two string) {
	f.files[name] = strings.NewReplacer(one, two, two, one).Replace(f.files[name])
}

// sums makes the hashes of documents in the load files those of the files.
func sums(f *forger) {
	for _, name := range []string{loadCSV, loadDAT} {
		rows := f.rows(name)
		path, hash := slices.Index(rows[0], "ORIGINAL_PATH"), slices.Index(rows[0], "ORIGINAL_SHA256")
		for _, row := range rows[1:] {
			if row[path] != "" {
				row[hash] = sum(f.files[row[path]])
			}
		}
		f.write(name, rows)
	}
}
