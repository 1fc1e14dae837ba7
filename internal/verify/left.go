package verify

import (
	"context"
	"fmt"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// reserved are the folders of an output, except those of intervals, the journal and legal
// holds, for what other parts keep there.
var reserved = []string{"plans/"}

// evidence is the folder of an interval for what others keep there.
const evidence = "evidence/"

// checkLeft lists the objects of an interval that no record accounts for. They are no
// error: a run that was stopped leaves such objects.
func (v fileCheck) checkLeft(c *chain, runs map[string]*entry) {
	for path := range c.objects {
		rest, inRun := strings.CutPrefix(path, "runs/")
		id, _, _ := strings.Cut(rest, "/")

		// An object in a committed run that run.json does not name is reported
		// by checkRun.
		if c.named[path] || inRun && runs[id] != nil || strings.HasPrefix(path, evidence) {
			continue
		}
		v.report.Leftovers = append(v.report.Leftovers, c.prefix+path)
	}
}

// outside is how many objects outside of all intervals are named. Another use of the
// same folder may have any number of them.
const outside = 1000

// checkOutside lists the objects of the output that are in no folder of an interval
// and in none that is reserved.
func (v fileCheck) checkOutside(ctx context.Context) error {
	left := 0
	for child, err := range v.out.Store.Children(ctx, v.out.Root) {
		if err != nil {
			return v.unchecked(ctx, err)
		}
		name := strings.TrimPrefix(child.Key, v.out.Root)
		if name == ledger.IdentityFile || v.isKept(name) {
			continue
		}

		if !strings.HasSuffix(name, "/") {
			v.report.Leftovers = append(v.report.Leftovers, child.Key)
			continue
		}
		for info, err := range v.out.Store.List(ctx, child.Key) {
			if err != nil {
				return v.unchecked(ctx, err)
			}
			if left++; left > outside {
				v.note("more than %d objects lie outside of all intervals, and not all of them are named", outside)
				return nil
			}
			v.report.Leftovers = append(v.report.Leftovers, info.Key)
		}
	}
	return nil
}

// isKept reports whether a folder is one of an interval, or one that is reserved.
func (v fileCheck) isKept(name string) bool {
	if name == ledger.JournalFolder || name == ledger.HoldsFolder {
		return true
	}
	for _, folder := range reserved {
		if name == folder {
			return true
		}
	}
	label := strings.TrimSuffix(strings.TrimPrefix(name, "interval="), "/")
	return v.all[label] != nil && name == "interval="+label+"/"
}

// checkOdd lists what a directory has besides objects: temporary files of a run that
// was killed, links, pipes, empty folders. In a committed run a link is a broken file,
// too: its target is not what was committed.
func (v fileCheck) checkOdd(ctx context.Context) error {
	chosen := map[string]bool{}
	for _, c := range v.chains {
		chosen[c.prefix] = true
	}
	for odd, err := range object.Oddities(ctx, v.out.Store, v.out.Root) {
		if err != nil {
			return v.unchecked(ctx, err)
		}
		rest := strings.TrimPrefix(odd.Key, v.out.Root)
		folder, _, _ := strings.Cut(rest, "/")
		label, inInterval := strings.CutPrefix(folder, "interval=")
		if inInterval && v.all[label] != nil && !chosen[v.out.Root+folder+"/"] || v.mayBeOdd(rest) {
			continue
		}
		v.report.Leftovers = append(v.report.Leftovers, fmt.Sprintf("%s (%s)", odd.Key, odd.What))
	}
	return nil
}

// mayBeOdd reports whether a path is one in a folder that is for others.
func (v fileCheck) mayBeOdd(path string) bool {
	for _, folder := range reserved {
		if strings.HasPrefix(path, folder) {
			return true
		}
	}
	_, inside, _ := strings.Cut(path, "/")
	return strings.HasPrefix(path, "interval=") && strings.HasPrefix(inside, evidence)
}
