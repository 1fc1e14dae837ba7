// Package ledgertest derives from stored bytes alone whether an output keeps
// its promises. It is a second reading of the contract and shares no code
// with the ledger.
package ledgertest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Account is what the bytes of an output come to. Each text names a place and
// what is wrong there.
type Account struct {
	Commits    int
	Duplicates []string // what is there twice
	Lost       []string // what was committed and is not there
	Differing  []string // bytes that are not those that were committed
	Strange    []string // what has no meaning where it lies
	Unentered  []string // records that no journal entry names, as a kill leaves them
}

// Problems returns everything that is wrong. A record that is not entered yet is not.
func (a *Account) Problems() []string {
	return slices.Concat(a.Duplicates, a.Lost, a.Differing, a.Strange)
}

var (
	intervalPath = regexp.MustCompile(`^interval=([^/]+)/(log/.+|runs/([0-9a-f]{32})/.+|evidence/.+)$`)
	packPath     = regexp.MustCompile(`^evidence/([0-9a-f]{64})(?:\.\d+)?\.(zst|parquet|json|media\.parquet|blocks\.json)$`)
	recordPath   = regexp.MustCompile(`^log/(\d{8})\.json$`)
	historyPath  = regexp.MustCompile(`^log/(\d{8})-([0-9a-f]{32})\.history\.(csv|parquet)$`)
	// What a crash leaves in a directory while a file is written. No listing
	// shows it.
	temporaryPath = regexp.MustCompile(`(^|/)\.cdrmend-[^/]+\.tmp$`)
)

// Examine takes the files of an output by their paths below its root.
func Examine(files map[string]string) *Account {
	a := &Account{}
	intervals := map[string]*interval{}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if temporaryPath.MatchString(path) {
			continue
		}
		if path == identityPath || entryPath.MatchString(path) || isHold(path) {
			continue
		}
		parts := intervalPath.FindStringSubmatch(path)
		if parts == nil {
			a.Strange = append(a.Strange, path+": belongs to no interval")
			continue
		}
		i := intervals[parts[1]]
		if i == nil {
			i = &interval{Account: a, label: parts[1], all: files, files: map[string]string{}, named: map[string]bool{}}
			intervals[parts[1]] = i
		}
		i.files[parts[2]] = files[path]
	}
	for _, label := range slices.Sorted(maps.Keys(intervals)) {
		intervals[label].examine()
	}
	examineJournal(a, files)
	return a
}

// interval is the part of an output about one interval.
type interval struct {
	*Account
	label string
	all   map[string]string // of the output
	files map[string]string
	named map[string]bool // by some commit
	past  history
}

// record and run are what the contract says about the files of those names.
type record struct {
	Format    string
	Number    int
	Interval  string
	RunID     string `json:"run_id"`
	RunSHA256 string `json:"run_sha256"`
	History   []file
	Previous  string
	Output    string
	Journal   *mark
	Evidence  []pack
	Night     *file
	Blocks    *file
}

type pack struct {
	file
	Index file
}

type run struct {
	Format string
	RunID  string `json:"run_id"`
	Files  []file
}

type file struct {
	Path   string
	Size   int
	SHA256 string
}

func (i *interval) examine() {
	count := 0
	for path := range i.files {
		if recordPath.MatchString(path) {
			count++
		}
	}
	previous, lastRun := "", ""
	for number := 1; number <= count; number++ {
		path := fmt.Sprintf("log/%08d.json", number)
		text, there := i.files[path]
		if !there {
			i.lose(path, "is not there, though there are %d records", count)
			continue
		}
		i.named[path] = true
		r := decode[record](i, path, unsealed(text))
		if r.Format != "cdrmend.commit/1" || r.Number != number || r.Interval != i.label {
			i.differ(path, "says number %d of interval %s in format %s", r.Number, r.Interval, r.Format)
		}
		if r.Previous != previous {
			i.differ(path, "follows a record of hash %q, that before it has %q", r.Previous, previous)
		}
		if r.RunID == lastRun {
			i.Duplicates = append(i.Duplicates, i.at(path)+": commits run "+r.RunID+" again")
		}
		i.commit(path, r)
		previous, lastRun = sum(text), r.RunID
	}
	i.Commits += count
	i.leftovers(count)
}

// commit checks one record's files, and its history against its findings and
// the history before.
func (i *interval) commit(path string, r *record) {
	folder := "runs/" + r.RunID + "/"
	if got := sum(i.files[folder+"run.json"]); got != r.RunSHA256 {
		i.differ(folder+"run.json", "has hash %s, its record names %s", got, r.RunSHA256)
	}
	i.runFiles(folder)
	i.past.commit(i, r.Number, folder+"findings.csv")
	for _, f := range r.History {
		name := historyPath.FindStringSubmatch(f.Path)
		if name == nil || name[1] != fmt.Sprintf("%08d", r.Number) || name[2] != r.RunID {
			i.differ(path, "names the history %q", f.Path)
		}
		i.check(f.Path, f)
		if strings.HasSuffix(f.Path, ".csv") {
			i.past.compare(i, f.Path)
		}
	}
	if len(r.History) == 0 {
		i.lose(path, "names no history")
	}
	var kept []file // perhaps of another interval
	for _, p := range r.Evidence {
		kept = append(kept, p.file, p.Index)
	}
	for _, f := range []*file{r.Night, r.Blocks} {
		if f != nil {
			kept = append(kept, *f)
		}
	}
	for _, f := range kept {
		if text, there := i.all[f.Path]; !there || len(text) != f.Size || sum(text) != f.SHA256 {
			i.differ(path, "names %q with other bytes than are there", f.Path)
		}
	}
	i.blocks(path, r)
}

// blocks checks that a record has the sums of the blocks of its tables in Parquet, and of
// nothing else.
func (i *interval) blocks(path string, r *record) {
	said := map[string]string{} // a list of sums by the path of its file
	if r.Blocks != nil {
		sums := decode[struct {
			Files []struct {
				file
				Sums []byte `json:"block_sha256"`
			}
		}](i, path, i.all[r.Blocks.Path])
		for _, f := range sums.Files {
			i.check(f.Path, f.file)
			said[f.Path] = string(f.Sums)
		}
	}

	const block = 65536
	folder := "runs/" + r.RunID + "/"
	files := r.History
	for _, f := range decode[run](i, folder+"run.json", i.files[folder+"run.json"]).Files {
		f.Path = folder + f.Path
		files = append(files, f)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".parquet") || strings.Contains(f.Path, "/manifests/") {
			continue
		}
		var want []byte
		for part := range slices.Chunk([]byte(i.files[f.Path]), block) {
			digest := sha256.Sum256(part)
			want = append(want, digest[:]...)
		}
		if said[f.Path] != string(want) {
			i.differ(path, "names other sums of the blocks of %s than its bytes have", f.Path)
		}
		delete(said, f.Path)
	}
	for other := range said {
		i.differ(path, "names sums of the blocks of %s, which it does not name", other)
	}
}

// runFiles checks everything that a run.json names, and that nothing else lies
// beside it.
func (i *interval) runFiles(folder string) {
	m := decode[run](i, folder+"run.json", i.files[folder+"run.json"])
	if m.Format != "cdrmend.run/1" || "runs/"+m.RunID+"/" != folder {
		i.differ(folder+"run.json", "says run %s in format %s", m.RunID, m.Format)
	}
	listed := map[string]bool{folder + "run.json": true}
	for _, f := range m.Files {
		if listed[folder+f.Path] {
			i.Duplicates = append(i.Duplicates, i.at(folder+f.Path)+": is listed twice")
		}
		listed[folder+f.Path] = true
		i.check(folder+f.Path, f)
	}
	for path := range i.files {
		if strings.HasPrefix(path, folder) && !listed[path] {
			i.Strange = append(i.Strange, i.at(path)+": run.json does not name it")
		}
	}
	maps.Copy(i.named, listed)
}

func (i *interval) check(path string, f file) {
	i.named[path] = true
	text, there := i.files[path]
	switch {
	case !there:
		i.lose(path, "is not there")
	case len(text) != f.Size || sum(text) != f.SHA256:
		i.differ(path, "has %d bytes of hash %s, %d of hash %s were committed", len(text), sum(text), f.Size, f.SHA256)
	}
}

// leftovers looks at what no commit names: runs that are whole or unfinished,
// and histories of runs that came no further, which are written beside the
// tables.
func (i *interval) leftovers(commits int) {
	for _, path := range slices.Sorted(maps.Keys(i.files)) {
		if i.named[path] {
			continue
		}
		if strings.HasPrefix(path, "runs/") {
			if strings.HasSuffix(path, "/run.json") {
				i.runFiles(strings.TrimSuffix(path, "run.json"))
			}
			continue
		}
		if name := packPath.FindStringSubmatch(path); name != nil {
			if sum(i.files[path]) != name[1] {
				i.differ(path, "is not what its name says")
			}
			continue
		}
		name := historyPath.FindStringSubmatch(path)
		if name == nil {
			i.Strange = append(i.Strange, i.at(path)+": is neither record nor history")
			continue
		}
		if number, err := strconv.Atoi(name[1]); err != nil || number < 1 || number > commits+1 {
			i.Strange = append(i.Strange, i.at(path)+": is the history of nothing")
		}
	}
}

func (i *interval) at(path string) string { return "interval=" + i.label + "/" + path }

func (i *interval) lose(path, format string, args ...any) {
	i.Lost = append(i.Lost, i.at(path)+": "+fmt.Sprintf(format, args...))
}

func (i *interval) differ(path, format string, args ...any) {
	i.Differing = append(i.Differing, i.at(path)+": "+fmt.Sprintf(format, args...))
}

// unsealed returns what was signed, or the text itself when nothing was.
func unsealed(text string) string {
	var jws struct{ Payload string }
	_ = json.Unmarshal([]byte(text), &jws)
	if payload, err := base64.RawURLEncoding.DecodeString(jws.Payload); err == nil && jws.Payload != "" {
		return string(payload)
	}
	return text
}

func decode[T any](i *interval, path, text string) *T {
	v := new(T)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		i.differ(path, "is no JSON: %v", err)
	}
	return v
}

func sum(text string) string {
	b := sha256.Sum256([]byte(text))
	return hex.EncodeToString(b[:])
}
