package main_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// room is what one package is for, and the rooms of this module that it may
// open for that.
type room struct {
	why   string
	opens string
}

// rooms holds the arrows: cmd → job → intake, reconcile and output → doubt →
// match → evidence → what these take → the ground.
// The contract, manifests/, is open to all.
var rooms = map[string]room{
	".": {"a build names itself by its sources, whatever they are", ""},
	"cmd/cdrmend": {
		"the door parses flags and prints; the decision is the job's alone",
		". job backfill metrics accept audit redact statement prune hold committed explain verify replay history notify check plausible intake inspect guess starter discover bag table report page ledger profile stream record printable scratch parallel sample synth timestamp wording object policy token",
	},
	"internal/job": {
		"the job tells one interval and knows nothing of flags, terminals or samples; it passes values between the stages",
		"intake evidence match mediacheck reconcile output registration table report ledger pack record scratch parallel budget object policy token",
	},
	"internal/intake": {
		"what was delivered is listed and read without knowing what is written of it",
		"evidence reconcile manifest cdr registration ledger pack rows profile jsonscan stream intern record scratch parallel object policy token steps",
	},
	"internal/output": {
		"a run is written from a decision that is complete, and from what was listed and read for it",
		"intake evidence match reconcile manifest table report redact page worklist statement ledger profile secret stream intern record scratch parallel object policy",
	},
	"internal/reconcile": {
		"the decision is pure: it takes values, and gives rows and repairs",
		"evidence match doubt manifest cdr registration table profile intern record policy",
	},
	"internal/doubt": {
		"what speaks against a source follows from how its records fit those of others; what follows from that is for the decision",
		"evidence match cdr intern record policy",
	},
	"internal/match": {
		"entries and legs are joined without knowing what is said about them",
		"evidence manifest cdr registration profile jsonscan intern record policy",
	},
	"internal/evidence": {
		"what was read is kept as it counts, whatever is decided from it",
		"manifest cdr registration profile intern record policy",
	},
	"internal/manifest":     {"manifests are read without knowing what they are compared with", "rows parquetfile profile jsonscan stream intern record steps xmlscan"},
	"internal/cdr":          {"legs are read without knowing what they are compared with", "rows parquetfile profile jsonscan stream intern record steps"},
	"internal/registration": {"outages follow from the log, the rules and the tokens alone", "rows parquetfile profile jsonscan intern record policy token steps"},
	"internal/table":        {"a table is a format, whatever filled it", "intern record"},
	"internal/check":        {"what a configuration names is opened and tried by the rooms that a run does it with, and told as results are", "wording intake inspect ledger profile report record printable scratch object policy"},
	"internal/plausible":    {"whether sources fit together is counted from the decision and what it rests on, and told as results are", "intake match reconcile manifest registration profile intern report record printable policy"},
	"internal/inspect":      {"a profile is shown by the rooms that read with it, in counted rows", "wording manifest cdr registration parquetfile rows profile jsonscan stream intern record steps printable token"},
	"internal/guess":        {"a profile is guessed from samples, of Parquet as the room that knows it shows them, and checked by the room that loads it; whether a built-in one fits, the room that shows profiles tells", "inspect parquetfile profile record jsonscan xmlscan stream printable"},
	"internal/starter":      {"a configuration to start from is an example with places put in; which times may be local, its profiles say", "profile"},
	"internal/redact":       {"what a report may show follows from its rows and the configuration", "table intern policy"},
	"internal/wording":      {"words for names need nothing but the names", ""},
	"internal/report":       {"a report is made from tables, also of runs committed long ago, and says causes in plain words", "wording record printable policy"},
	"internal/page":         {"a page is made from tables and summaries, also of runs committed long ago", "audit registration wording table report redact record printable policy"},
	"internal/worklist":     {"a worklist is made from the rows of a run, as a redactor shows them", "wording table report redact printable scratch policy"},
	"internal/accept":       {"what people decided is read from the worklist and kept in files; what follows from it is for the next run", "worklist wording committed table policy"},
	"internal/statement":    {"a statement is made from the summary and the findings of a run, or from an audit", "audit wording table report redact printable record policy"},
	"internal/audit":        {"a span is summed up from what was committed; only how objects are retained is asked of a store", "committed wording table report redact record parallel object policy"},
	"internal/metrics":      {"metrics follow from summaries", "report secreturl"},
	"internal/mediacheck":   {"media objects are looked into as they were listed, and what was found is kept as a table that a record names", "intake evidence media listen table ledger profile intern record object parallel"},
	"internal/media":        {"a header says what it says, wherever the bytes come from", ""},
	"internal/ledger":       {"the ledger commits bytes, whatever they mean", "jsonscan scratch object policy token blocks"},
	"internal/pack":         {"bytes of inputs are kept and found again, whatever they mean; records name them", "table ledger record scratch object"},
	"internal/prune":        {"what is forgotten is found by what was committed, and said in the journal before it is deleted", "committed ledger pack table"},
	"internal/backfill":     {"a plan says who does what, and the output alone says what is done; nobody coordinates", "intake ledger report wording record parallel object policy"},
	"internal/hold":         {"holds are set as records in the output say, whoever chose the objects", "ledger scratch parallel object"},
	"internal/timestamp":    {"a token is over bytes, whatever they mean; it lies in a store beside them", "object"},
	"internal/notify":       {"a message says what was committed, whoever reads it", "committed table policy secreturl"},
	"internal/committed":    {"what was committed is read as the records name it, without the means to make more of it; a document that was made is known by its name", "table ledger profile scratch object token blocks"},
	"internal/replay":       {"a run is made again by the job, from what it says of itself", "job intake mediacheck report ledger pack record object policy"},
	"internal/verify":       {"what was committed is checked from the output alone, by the rooms that made it, and told in the words of all", "replay wording table report ledger timestamp stream printable scratch object policy token blocks"},
	"internal/history":      {"what became of findings follows from what was committed, and who accepted them from the configuration that was; a document that was made is known by its name", "wording committed table ledger printable profile policy"},
	"internal/explain":      {"a story is told from what was committed, and from the decision made once more", "match reconcile job evidence committed history cdr registration wording table redact profile intern record printable policy"},
	"internal/discover":     {"a request is answered from what was committed, with the bytes and the stories behind it; it decides nothing", "bag loadfile explain replay job match committed ledger table redact wording printable report scratch object policy profile intern record token yamlfile"},
	"internal/release":      {"a release is made from a commit by the toolchain, and needs nothing of the program but that it runs", ""},
	"internal/sample":       {"the sample is known beforehand, so it must not follow from the code that it tests", "audio"},
	"internal/synth":        {"what is planted is known beforehand, so it must not follow from the code that finds it", "audio"},
	"internal/audio":        {"audio is made for what is known beforehand, so it must not follow from the code that reads it", ""},
	"internal/bench":        {"what measures the program starts it, and needs nothing of it", ""},

	"internal/parquetfile": {"Parquet is read and edited as rows of a profile; what the rows mean is for others", "rows jsonscan stream intern record"},
	"internal/rows":        {"rows are found as a profile says; what their values mean is for others", "profile jsonscan window stream record steps xmlscan"},
	"internal/profile":     {"a profile says where values stand and what they mean, which a secret never is; it opens no object", "jsonscan secret stream intern record yamlfile steps"},
	"internal/steps":       {"a value is computed from values, whatever record they stand in", "jsonscan record yamlfile"},
	"internal/xmlscan":     {"records of XML become JSON, whatever a profile looks for in them", "jsonscan stream"},
	"internal/jsonscan":    {"JSON is JSON, whatever a profile looks for in it", "window stream"},
	"internal/window":      {"a window shows bytes, whatever format they are in", "stream"},
	"internal/stream":      {"every reader rests on it, so it rests on none of them", ""},
	"internal/intern":      {"texts are numbered, whatever they name; only the filter knows spans", "record"},
	"internal/record":      {"the vocabulary of all packages rests on none of them", ""},
	"internal/secret":      {"a secret is known by its form, wherever it stands", ""},
	"internal/printable":   {"escaping needs to know nothing of what it escapes, but that secrets are not for people", "secret"},

	"internal/policy":    {"what it configures are profiles, limits and spans; keys are parsed when the configuration is loaded", "profile jsonscan stream intern record token yamlfile"},
	"internal/token":     {"a token is judged by its claims, which are JSON in normal form", "wording profile jsonscan stream intern record"},
	"internal/object":    {"a store knows bytes and keys, and nothing of what they mean", ""},
	"internal/blocks":    {"blocks are sums of bytes, whatever file they are of", ""},
	"internal/bag":       {"a bag is files and checksums, whatever they mean; it lies in a store or an archive", "wording printable scratch parallel object"},
	"internal/loadfile":  {"a load file is a table of texts, whatever was asked for", ""},
	"internal/scratch":   {"a temporary file knows at most the store that takes it over", "object blocks"},
	"internal/parallel":  {"loops know nothing of what they do", ""},
	"internal/secreturl": {"a request knows nothing of what it carries", ""},
	"internal/listen":    {"silence is silence, whatever was to be recorded", ""},
	"internal/budget":    {"the collector is set by a number of bytes alone", ""},
	"internal/yamlfile":  {"YAML is YAML, whatever is configured in it", ""},

	"internal/reconcile/nighttest":     {"nights are written down for tests, and decided as every night is", "evidence reconcile manifest cdr registration table profile intern record policy"},
	"internal/page/browsertest":        {"the browser is driven for tests and by them alone", "outside"},
	"internal/stream/streamtest":       {"tests of limits share it, and nothing else", "stream"},
	"internal/object/objecttest":       {"the suite tests stores and nothing else", "object tempdir outside"},
	"internal/timestamp/timestamptest": {"an authority for tests shares no code with what checks its answers", ""},
	"internal/ledger/ledgertest":       {"a second reading of stored bytes shares no code with the first", ""},
	"internal/tempdir":                 {"where tests write is nothing to anybody else", ""},
	"internal/outside":                 {"which other programs tests run, and how long they take, is nothing to anybody else", ""},
	"internal/growth":                  {"tests of the whole program, and nothing else", ""},
	"internal/chaos":                   {"tests of the whole program, and nothing else", ""},
	"manifests":                        {"the contract is data", ""},
}

func (r room) mayOpen(name string) bool {
	name = strings.TrimPrefix(name, "internal/")
	return name == "manifests" || slices.Contains(strings.Fields(r.opens), name)
}

// libraries holds the one library of a room, so that it can be changed there.
var libraries = []struct{ prefix, rooms, why string }{
	{"github.com/aws/", "internal/object internal/object/objecttest", "the object room alone knows S3; all others see a Store"},
	{"github.com/parquet-go/", "internal/parquetfile internal/table internal/synth", "Parquet is read and edited in one package, and written where tables and synthetic manifests are written"},
	{"github.com/spf13/pflag", "cmd/cdrmend", "flags end at the door; inside, values are checked already"},
	{"github.com/golang-jwt/", "internal/token", "one room says which tokens are trusted"},
	{"github.com/MicahParks/", "internal/token", "one room says which keys are trusted"},
	{"codeberg.org/go-pdf/", "internal/statement", "PDF is written in one room"},
	{"golang.org/x/image/", "internal/statement", "the fonts are those of the statement"},
	{"github.com/digitorus/", "internal/timestamp", "timestamps are read in one room"},
	{"github.com/prometheus/", "internal/metrics", "Prometheus is told in one room"},
	{"github.com/xuri/", "internal/accept", "one room reads what spreadsheet programs wrote"},
	{"github.com/google/go-containerregistry/", "internal/release", "a container image is made with a release, and by nobody else"},
	{"github.com/opencontainers/", "internal/release", "a container image is made with a release, and by nobody else"},
	{"golang.org/x/crypto/x509roots/", "internal/release", "the program trusts whom its machine trusts; the image is a machine without any"},
	{"github.com/goccy/go-yaml", "internal/yamlfile", "one room turns YAML into checked values with lines"},
}

// impure is what the decision must not touch: the same values give the same
// rows, at any time and on any machine.
var impure = []string{"context", "io/fs", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec", "runtime", "sync"}

// listed is what go list tells about a package.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// name is the path inside the module, and whether it is inside.
func (p *listed) name() (string, bool) { return inModule(p.ImportPath) }

// inModule returns the path of a package inside the module, a dot for its root.
func inModule(path string) (string, bool) {
	if path == "cdrmend" {
		return ".", true
	}
	return strings.CutPrefix(path, "cdrmend/")
}

var list = sync.OnceValues(func() ([]*listed, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, errors.New(string(exit.Stderr))
	}
	if err != nil {
		return nil, err
	}
	var all []*listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := new(listed)
		if err := d.Decode(p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// ours returns the packages of this module by their names.
func ours(t *testing.T) map[string]*listed {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	byName := map[string]*listed{}
	for _, p := range all {
		if name, ok := p.name(); ok {
			byName[name] = p
		}
	}
	for name := range rooms {
		if byName[name] == nil {
			t.Fatalf("%s: there is no such room any more", name)
		}
	}
	return byName
}

func TestRoomsOpenOnlyTheRoomsBelowThem(t *testing.T) {
	for name, p := range ours(t) {
		r, ok := rooms[name]
		if !ok {
			t.Errorf("%s: a room that no arrow names: say in rooms what it is for and what it may open", name)
		}
		for _, path := range p.Imports {
			other, inside := inModule(path)
			if ok && inside && !r.mayOpen(other) {
				t.Errorf("%s imports %s: %s", name, other, r.why)
			}
		}
	}
}

func TestEachLibraryStaysInItsRoom(t *testing.T) {
	for name, p := range ours(t) {
		for _, path := range p.Imports {
			for _, l := range libraries {
				if strings.HasPrefix(path, l.prefix) && !slices.Contains(strings.Fields(l.rooms), name) {
					t.Errorf("%s imports %s: %s", name, path, l.why)
				}
			}
		}
	}
}

func TestTheDecisionTouchesNothingOutside(t *testing.T) {
	all := ours(t)
	for _, name := range []string{"internal/evidence", "internal/match", "internal/doubt", "internal/reconcile"} {
		for _, path := range all[name].Imports {
			if slices.Contains(impure, path) {
				t.Errorf("%s imports %s: the decision is pure: it takes values, and gives rows and repairs", name, path)
			}
		}
	}
}

func TestOnlyTheDoorLooksAtTheClock(t *testing.T) {
	for name, p := range ours(t) {
		if name == "cmd/cdrmend" || name == "internal/object/objecttest" {
			continue
		}
		for _, file := range p.GoFiles {
			for _, at := range clockReadings(t, filepath.Join(p.Dir, file)) {
				t.Errorf("%s: equal inputs give equal bytes: take the time as an argument", at)
			}
		}
	}
}

// clockReadings returns where a file asks for the present time.
func clockReadings(t *testing.T, file string) []string {
	t.Helper()
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(tree, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Now", "Since", "Until"}, s.Sel.Name) {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
			found = append(found, files.Position(s.Pos()).String()+": time."+s.Sel.Name)
		}
		return true
	})
	return found
}

func TestTheProgramLinksNoServerAndNoTestCode(t *testing.T) {
	for _, path := range ours(t)["cmd/cdrmend"].Deps {
		for _, no := range []string{"testing", "cdrmend/internal/object/objecttest", "cdrmend/internal/ledger/ledgertest", "cdrmend/internal/page/browsertest", "cdrmend/internal/reconcile/nighttest", "cdrmend/internal/tempdir", "cdrmend/internal/outside", "github.com/versity/", "github.com/google/go-cmp/", "github.com/rogpeppe/", "github.com/google/go-containerregistry/", "github.com/opencontainers/", "golang.org/x/crypto/x509roots/"} {
			if path == no || strings.HasSuffix(no, "/") && strings.HasPrefix(path, no) {
				t.Errorf("the program links %s: that is for tests", path)
			}
		}
	}
}

// TestThePackageMapIsComplete holds the table of packages in internal/README.md
// against the packages that there are.
func TestThePackageMapIsComplete(t *testing.T) {
	page, err := os.ReadFile("../../internal/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, packages, _ := strings.Cut(string(page), "\n## Packages\n")
	packages, _, _ = strings.Cut(packages, "\n## ")
	var got []string
	for line := range strings.Lines(packages) {
		names, _, row := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !row || !strings.HasPrefix(names, "`") {
			continue
		}
		for name := range strings.SplitSeq(names, ", ") {
			got = append(got, strings.Trim(name, "`"))
		}
	}
	var want []string
	for name := range rooms {
		if name != "manifests" { // the contract has a page of its own
			want = append(want, strings.TrimPrefix(name, "internal/"))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages in internal/README.md (-want +got):\n%s", diff)
	}
}
