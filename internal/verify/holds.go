package verify

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/token"

	"golang.org/x/sync/errgroup"
)

// Holds are the records of legal holds.
type Holds struct {
	Matters  int64 `json:"matters"`
	Records  int64 `json:"records"`
	Signed   int64 `json:"signed"`
	Verified int64 `json:"verified"` // of the signed ones: by a known key
}

// matter is the records of legal holds of one matter, as they were found.
type matter struct {
	folder  string
	records []*holdRecord           // in the order of their numbers
	lists   map[string]object.Info  // by their paths below the root of the output
	named   map[string]*ledger.File // likewise; what records say of them
}

// holdRecord is one record of legal holds as it was found.
type holdRecord struct {
	number   int64
	key      string
	sum      string
	fault    string
	said     *ledger.Hold // nil if the file is none
	seal     ledger.Seal
	entered  int64 // number of the journal entry that names it, 0 for none
	disowned bool
}

// readHolds reads the records below holds/.
func (v journalReader) readHolds(ctx context.Context, j *journal) error {
	root := v.out.Root + ledger.HoldsFolder
	for info, err := range v.out.Store.List(ctx, root) {
		if err != nil {
			return v.unchecked(ctx, err)
		}
		path := strings.TrimPrefix(info.Key, v.out.Root)
		folder, name, _ := strings.Cut(strings.TrimPrefix(path, ledger.HoldsFolder), "/")
		number, isRecord := ledger.RecordNumber(name)
		_, isMatter := ledger.MatterOf(folder)
		switch {
		case isMatter && isRecord:
			r := &holdRecord{number: number, key: info.Key}
			m := j.matter(folder)
			m.records = append(m.records, r)
			j.held[path] = r
			j.root.objects[path] = info
		case isMatter && strings.HasSuffix(name, ".jsonl") && !strings.Contains(name, "/"):
			j.matter(folder).lists[path] = info
			j.root.objects[path] = info
		default:
			v.report.Leftovers = append(v.report.Leftovers, info.Key)
		}
	}

	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, v.out.Concurrency))
	for _, m := range j.matters {
		slices.SortFunc(m.records, func(a, b *holdRecord) int { return cmp.Compare(a.number, b.number) })
		for _, r := range m.records {
			info := j.root.objects[strings.TrimPrefix(r.key, v.out.Root)]
			g.Go(func() error {
				if err := v.readHold(gctx, m.folder, r, info); err != nil {
					return v.unreadable(gctx, j.root, HoldLink, r.key, err)
				}
				return nil
			})
		}
	}
	return g.Wait()
}

// matter returns the matter of a folder. The listing is in order, so it is the last one or
// new.
func (j *journal) matter(folder string) *matter {
	if n := len(j.matters); n > 0 && j.matters[n-1].folder == folder {
		return j.matters[n-1]
	}
	m := &matter{folder: folder, lists: map[string]object.Info{}, named: map[string]*ledger.File{}}
	j.matters = append(j.matters, m)
	return m
}

// holdRecords yields the records of all matters.
func (j *journal) holdRecords() iter.Seq[*holdRecord] {
	return func(yield func(*holdRecord) bool) {
		for _, m := range j.matters {
			for _, r := range m.records {
				if !yield(r) {
					return
				}
			}
		}
	}
}

func (v journalReader) readHold(ctx context.Context, folder string, r *holdRecord, info object.Info) error {
	file, sum, err := smallFile(ctx, v.out.Store, info)
	if err != nil {
		return err
	}
	r.sum = sum
	said, seal, err := ledger.OpenHold(file, v.out.Keys)
	if err != nil {
		r.fault = fmt.Sprintf("it is no record of legal holds: %v", err)
		return nil
	}
	if r.fault = said.Misplaced(folder, r.number, ""); r.fault == "" {
		r.said, r.seal = said, seal
	}
	return nil
}

// checkHolds checks the records of legal holds against each other and the journal.
func (v journalCheck) checkHolds() {
	v.enterHolds()
	for _, m := range v.matters {
		if len(m.records) > 0 {
			if v.report.Holds == nil {
				v.report.Holds = &Holds{}
			}
			v.report.Holds.Matters++
		}
		v.checkMatter(m)
	}
}

// enterHolds finds the entries that name records of holds.
func (v journalCheck) enterHolds() {
	for _, p := range v.pages {
		if p.disowned || p.entry == nil || p.entry.Kind != ledger.HoldEntry {
			continue
		}
		r := v.held[p.entry.Path]
		switch {
		case r == nil:
			v.broken(v.root, HoldLink, v.out.Root+p.entry.Path, "it is missing, though %s names it", p)
		case r.disowned || r.sum == "": // which is reported already
		case r.sum != p.entry.SHA256:
			r.entered = p.number
			v.broken(v.root, JournalLink, r.key, "its SHA-256 is %s, and %s names it with %s: one of the two was replaced", r.sum, p, p.entry.SHA256)
		case r.entered == 0:
			r.entered = p.number
		}
	}
}

// checkMatter checks that each record follows the one before it, and who signed it.
func (v journalCheck) checkMatter(m *matter) {
	var counted []*holdRecord
	previous, known := "", true
	for i, r := range m.records {
		if want := int64(i + 1); r.number != want && (i == 0 || r.number != m.records[i-1].number+1) {
			v.broken(v.root, HoldLink, v.out.Root+ledger.HoldPath(m.folder, r.number-1), "it is missing, though record %d is there", r.number)
			known = false
		}
		switch {
		case r.disowned:
			continue
		case r.said == nil:
			if r.fault != "" {
				v.broken(v.root, HoldLink, r.key, "%s", r.fault)
			}
			known = false
			continue
		case v.id != "" && r.said.Output != v.id:
			v.broken(v.root, OutputLink, r.key, "it belongs to the output of id %s, this one is %s", r.said.Output, v.id)
		case known && r.said.Previous != previous:
			v.broken(v.root, HoldLink, r.key, "it follows a record with SHA-256 %s, and the record before it has %s", cmp.Or(r.said.Previous, "(none)"), cmp.Or(previous, "(none)"))
		}
		previous, known = r.sum, true
		m.named[r.said.List.Path] = &r.said.List
		if counted = append(counted, r); r.entered == 0 && v.identity != nil {
			v.note("%s: no journal entry names it; the next cdrmend hold of its matter enters it", r.key)
		}
	}

	v.checkHoldSignatures(counted)
	if n := len(counted); n > 0 && counted[n-1].said.Step == ledger.HoldIntended {
		v.note("%s: it says what was about to be done, and no record says that it was: the call was interrupted, and cdrmend hold completes it", counted[n-1].key)
	}
	for path := range m.lists {
		if m.named[path] == nil {
			v.report.Leftovers = append(v.report.Leftovers, v.out.Root+path)
		}
	}
}

// checkHoldSignatures checks who signed the records of a matter. A signed one vouches for
// those before it.
func (v journalCheck) checkHoldSignatures(records []*holdRecord) {
	vouched := false
	for _, r := range slices.Backward(records) {
		if r.seal.Late(v.out.Keys, r.said.Output, r.entered) {
			r.seal.Check = token.Ended
		}
		v.report.Holds.Records++
		switch {
		case r.seal.Signed:
			v.report.Holds.Signed++
			if r.seal.Check == token.Verified {
				v.report.Holds.Verified++
				vouched = true
			} else if v.out.Keys != nil {
				v.broken(v.root, SignatureLink, r.key, "it says that key %q signed it, but %s", r.seal.KeyID, r.seal.Check.Sentence())
			}
		case v.out.Keys != nil && !vouched && v.adopted[r.sum] == "":
			v.broken(v.root, SignatureLink, r.key, "it is unsigned, and no signed record vouches for it")
		}
	}
}

// listChecks returns the checks of the lists that records of holds name.
func (v fileCheck) listChecks() (work []func(context.Context) error) {
	for _, m := range v.journal.matters {
		for path, f := range m.named {
			work = append(work, func(ctx context.Context) error { return v.checkList(ctx, path, m.lists[path], f) })
		}
	}
	return work
}

// checkList compares a list with what its record says of it.
func (v fileCheck) checkList(ctx context.Context, path string, info object.Info, want *ledger.File) error {
	root, key := v.journal.root, v.out.Root+path
	if info.Key == "" {
		v.broken(root, HoldLink, key, "it is missing, though a record of legal holds names it")
		return nil
	}
	sum, err := hash(ctx, v.out.Store, info)
	switch {
	case err != nil:
		return v.unreadable(ctx, root, HoldLink, key, err)
	case sum != want.SHA256 || info.Size != want.Size:
		v.broken(root, HoldLink, key, "its SHA-256 is %s instead of %s", sum, want.SHA256)
	}
	return nil
}
