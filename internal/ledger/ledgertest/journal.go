package ledgertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// identityPath is the file with the output's id.
const identityPath = "output.json"

var (
	entryPath      = regexp.MustCompile(`^journal/(\d{8})\.json$`)
	anyRecordPath  = regexp.MustCompile(`^interval=[^/]+/log/\d{8}\.json$`)
	identifierText = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// mark is an entry as a record names it.
type mark struct {
	Number int
	SHA256 string
}

// entry is what the contract says about the files below journal/.
type entry struct {
	Format, Kind, Output, Previous string
	Number                         int
	Path, SHA256                   string
}

// identity is what the contract says about output.json.
type identity struct{ Format, ID, Name string }

// journal is the chain of entries over a whole output.
type journal struct {
	*Account
	files  map[string]string
	id     string
	hashes []string          // of the entries, in order
	named  map[string]string // the entry that names a record, by its path
}

// examineJournal checks that the journal names each record once, and that every
// record knows its output and an entry that came before its own.
func examineJournal(a *Account, files map[string]string) {
	j := &journal{Account: a, files: files, named: map[string]string{}}
	records := slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(path string) bool { return !anyRecordPath.MatchString(path) })
	text, there := files[identityPath]
	if !there {
		for path := range files {
			if !temporaryPath.MatchString(path) {
				a.Lost = append(a.Lost, identityPath+": is not there, though "+path+" is")
				return
			}
		}
		return
	}

	id := parse[identity](j, identityPath, text)
	if j.id = id.ID; id.Format != "cdrmend.output/1" || !identifierText.MatchString(id.ID) {
		j.differ(identityPath, "says id %q in format %q", id.ID, id.Format)
	}
	j.entries()
	for _, path := range records {
		j.record(path)
	}
	j.holds()
}

func (j *journal) entries() {
	count := 0
	for path := range j.files {
		if entryPath.MatchString(path) {
			count++
		}
	}
	previous := ""
	for number := 1; number <= count; number++ {
		path := fmt.Sprintf("journal/%08d.json", number)
		text, there := j.files[path]
		if !there {
			j.Lost = append(j.Lost, fmt.Sprintf("%s: is not there, though there are %d entries", path, count))
			continue
		}
		e := parse[entry](j, path, text)
		if e.Format != "cdrmend.journal/1" || e.Number != number || e.Output != j.id || e.Kind != "record" && e.Kind != "hold" || holdPath.MatchString(e.Path) != (e.Kind == "hold") {
			j.differ(path, "says entry %d of kind %q of output %q in format %q", e.Number, e.Kind, e.Output, e.Format)
		}
		if e.Previous != previous {
			j.differ(path, "follows an entry of hash %q, that before it has %q", e.Previous, previous)
		}
		if before := j.named[e.Path]; before != "" {
			j.Duplicates = append(j.Duplicates, path+": names "+e.Path+", as does "+before)
		}
		j.named[e.Path] = path
		named, there := j.files[e.Path]
		switch {
		case !there:
			j.Lost = append(j.Lost, e.Path+": is not there, though "+path+" names it")
		case sum(named) != e.SHA256:
			j.differ(e.Path, "has hash %s, %s names %s", sum(named), path, e.SHA256)
		}
		previous = sum(text)
		j.hashes = append(j.hashes, previous)
	}
}

func (j *journal) record(path string) {
	r := parse[record](j, path, j.files[path])
	if r.Output != j.id {
		j.differ(path, "is one of output %q, this one is %q", r.Output, j.id)
	}
	if j.named[path] == "" {
		j.Unentered = append(j.Unentered, path+": no entry names it")
	}
	saw := r.Journal
	if saw == nil {
		return
	}
	if saw.Number < 1 || saw.Number > len(j.hashes) || j.hashes[saw.Number-1] != saw.SHA256 {
		j.differ(path, "saw entry %d of hash %s, which is not in the journal", saw.Number, saw.SHA256)
	}
	if by := entryPath.FindStringSubmatch(j.named[path]); by != nil && by[1] <= fmt.Sprintf("%08d", saw.Number) {
		j.differ(path, "saw entry %d, and entry %s names it", saw.Number, by[1])
	}
}

func (j *journal) differ(path, format string, args ...any) {
	j.Differing = append(j.Differing, path+": "+fmt.Sprintf(format, args...))
}

func parse[T any](j *journal, path, text string) *T {
	v := new(T)
	if err := json.Unmarshal([]byte(strings.TrimSpace(unsealed(text))), v); err != nil {
		j.differ(path, "is no JSON: %v", err)
	}
	return v
}
