package ledgertest

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
)

var (
	holdPath = regexp.MustCompile(`^holds/([^/.][^/]*)/(\d{8})\.json$`)
	listPath = regexp.MustCompile(`^holds/[^/.][^/]*/\d{8}(?:\.\d+)?\.jsonl$`)
)

// holdRecord is what the contract says about the records of legal holds.
type holdRecord struct {
	Format, Action, Step, Previous, Output string
	Number                                 int
	List                                   file
	Journal                                *mark
}

// isHold reports whether a path is one below holds/ that has a meaning.
func isHold(path string) bool { return holdPath.MatchString(path) || listPath.MatchString(path) }

// holds checks that the records of each matter follow each other, that an intention comes
// before what was done, and that their lists are there.
func (j *journal) holds() {
	matter, previous, step, number := "", "", "", 0
	for _, path := range slices.Sorted(maps.Keys(j.files)) {
		parts := holdPath.FindStringSubmatch(path)
		if parts == nil {
			continue
		}
		if parts[1] != matter {
			matter, previous, step, number = parts[1], "", "done", 0
		}
		text := j.files[path]
		r := parse[holdRecord](j, path, text)
		at, _ := strconv.Atoi(parts[2])
		if number++; r.Format != "cdrmend.hold/1" || r.Number != at || r.Output != j.id {
			j.differ(path, "says record %d of output %q in format %q", r.Number, r.Output, r.Format)
		}
		if at != number {
			j.Lost = append(j.Lost, path+": comes after a record that is not there")
			number = at
		} else if r.Previous != previous {
			j.differ(path, "follows a record of hash %q, that before it has %q", r.Previous, previous)
		}
		if r.Step == step || r.Step != "intended" && r.Step != "done" {
			j.differ(path, "says %q after %q", r.Step, step)
		}
		if list, there := j.files[r.List.Path]; !there || !listPath.MatchString(r.List.Path) {
			j.Lost = append(j.Lost, r.List.Path+": is not there, though "+path+" names it")
		} else if sum(list) != r.List.SHA256 || len(list) != r.List.Size {
			j.differ(r.List.Path, "has hash %s, %s names %s", sum(list), path, r.List.SHA256)
		}
		j.record(path)
		previous, step = sum(text), r.Step
	}
}
