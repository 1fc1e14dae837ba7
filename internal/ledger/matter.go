package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// HoldHead is a record of holds as it was found.
type HoldHead struct {
	Record *Hold
	Seal   Seal
	SHA256 string // of its file
}

// Matter is all records of one matter.
type Matter struct {
	Name  string
	Heads []HoldHead // that count, the oldest first

	last     int64 // number of the last record, also of one that does not count
	adopted  []string
	disowned []string
}

// Newest returns the newest record, nil when there is none.
func (m *Matter) Newest() *HoldHead {
	if len(m.Heads) == 0 {
		return nil
	}
	return &m.Heads[len(m.Heads)-1]
}

// Open returns the intention that no record completes, nil when there is none.
func (m *Matter) Open() *HoldHead {
	if newest := m.Newest(); newest != nil && newest.Record.Step == HoldIntended {
		return newest
	}
	return nil
}

// Matters returns the matters that have a folder in the output, in the order of the
// folders. Other names there are nothing to a matter.
func (o *Output) Matters(ctx context.Context) (list []string, err error) {
	for info, err := range o.Store.Children(ctx, o.Root+HoldsFolder) {
		if err != nil {
			return nil, fmt.Errorf("listing the matters: %w", err)
		}
		folder, isFolder := strings.CutSuffix(strings.TrimPrefix(info.Key, o.Root+HoldsFolder), "/")
		if matter, ok := MatterOf(folder); ok && isFolder {
			list = append(list, matter)
		}
	}
	return list, nil
}

// Matter reads the records of a matter, and checks that each names the one before it. The
// id is that of the output.
func (o *Output) Matter(ctx context.Context, matter, id string) (*Matter, error) {
	folder, err := MatterFolder(matter)
	if err != nil {
		return nil, err
	}
	r := holdReader{out: o, folder: folder, id: id, m: &Matter{Name: matter}}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	return r.m, r.link(ctx)
}

// holdReader reads the records of a matter.
type holdReader struct {
	out        *Output
	folder, id string
	m          *Matter
	found      []foundHold
}

type foundHold struct {
	*file
	number    int64
	head      HoldHead
	doubt     string
	adoptable bool
}

// read reads all records, in the order of their numbers.
func (r *holdReader) read(ctx context.Context) error {
	prefix := r.out.Root + HoldsFolder + r.folder + "/"
	for info, err := range r.out.Store.Children(ctx, prefix) {
		if err != nil {
			return fmt.Errorf("listing the holds of matter %q: %w", r.m.Name, err)
		}
		number, ok := RecordNumber(strings.TrimPrefix(info.Key, prefix))
		if !ok {
			continue
		}
		f, err := r.out.get(ctx, info.Key)
		if err != nil {
			return err
		}
		if f != nil {
			r.found = append(r.found, r.open(f, number))
		}
	}
	slices.SortFunc(r.found, func(a, b foundHold) int { return cmp.Compare(a.number, b.number) })
	return nil
}

func (r *holdReader) open(f *file, number int64) foundHold {
	h, seal, err := OpenHold(f.raw, r.out.Keys)
	found := foundHold{file: f, number: number, head: HoldHead{Record: h, Seal: seal, SHA256: f.sha256}}
	found.doubt, found.adoptable = r.out.doubt(seal, err), err == nil
	if err == nil {
		if wrong := h.Misplaced(r.folder, number, r.id); wrong != "" {
			found.doubt, found.adoptable = wrong, false
		}
	}
	return found
}

// link puts the records that count into the matter. Records that a trusted one disowns
// are none of them.
func (r *holdReader) link(ctx context.Context) error {
	adopted, disowned := map[string]bool{}, map[string]bool{}
	for _, f := range r.found {
		if f.doubt == "" {
			note(adopted, f.head.Record.Adopted)
			note(disowned, f.head.Record.Disowned)
		}
	}

	previous := ""
	for i, f := range r.found {
		if f.number != int64(i+1) {
			return &BrokenError{Key: r.out.Store.String() + r.out.Root + HoldPath(r.folder, int64(i+1)), Detail: fmt.Sprintf("it is not there, though record %d is", f.number)}
		}
		r.m.last = f.number
		decided := f.doubt != "" && r.out.strict()
		switch {
		case disowned[f.sha256]:
			continue
		case decided && r.out.Decisions.Disown[f.sha256]:
			r.m.disowned = append(r.m.disowned, f.sha256)
			continue
		case f.doubt == "", f.adoptable && adopted[f.sha256]:
		case decided && f.adoptable && r.out.Decisions.Adopt[f.sha256]:
			r.m.adopted = append(r.m.adopted, f.sha256)
		case decided:
			return r.out.untrusted(ctx, f.file, f.doubt, f.adoptable)
		default:
			return &BrokenError{Key: r.out.Store.String() + f.key, Detail: f.doubt}
		}

		if f.head.Record.Previous != previous {
			return &BrokenError{Key: r.out.Store.String() + f.key, Detail: fmt.Sprintf("it follows a record with SHA-256 %s, and the record before it has %s", f.head.Record.Previous, previous)}
		}
		previous = f.sha256
		r.m.Heads = append(r.m.Heads, f.head)
	}
	return nil
}

func note(set map[string]bool, sums []string) {
	for _, sum := range sums {
		set[sum] = true
	}
}

// PutHoldList writes the list that the next record of a matter names. A list that
// somebody left under its name without a record may have other bytes.
func (o *Output) PutHoldList(ctx context.Context, m *Matter, spool *scratch.Spool) (f File, err error) {
	folder, err := MatterFolder(m.Name)
	if err != nil {
		return f, err
	}
	content, err := spool.Content()
	if err != nil {
		return f, fmt.Errorf("writing the list of holds: %w", err)
	}
	name := strings.TrimSuffix(HoldPath(folder, m.last+1), ".json")
	for n := range mostNames {
		f = File{Path: name + ".jsonl", Size: content.Size, SHA256: spool.Sum()}
		if n > 0 {
			f.Path = fmt.Sprintf("%s.%d.jsonl", name, n)
		}
		if err = o.Store.Create(ctx, o.Root+f.Path, content); !errors.Is(err, object.ErrTaken) {
			break
		}
	}
	return f, err
}

// OpenHoldList returns the list of a record, after checking its hash.
func (o *Output) OpenHoldList(ctx context.Context, h *Hold, dir string) (*scratch.Spool, error) {
	_, body, err := o.Store.Get(ctx, o.Root+h.List.Path)
	if err != nil {
		return nil, packError(h.List, err)
	}
	defer body.Close()
	return fetch(io.LimitReader(body, h.List.Size+1), o.Store.String()+o.Root+h.List.Path, h.List.SHA256, dir)
}

// PutHold creates the next record of a matter. The error wraps object.ErrTaken when
// somebody else made one with that number.
func (o *Output) PutHold(ctx context.Context, m *Matter, h Hold) (*HoldHead, error) {
	folder, err := MatterFolder(m.Name)
	if err != nil {
		return nil, err
	}
	h.Format, h.Number, h.Matter, h.Adopted, h.Disowned = HoldFormat, m.last+1, m.Name, m.adopted, m.disowned
	if newest := m.Newest(); newest != nil {
		h.Previous = newest.SHA256
	}
	raw, err := h.Seal(o.Signer)
	if err != nil {
		return nil, err
	}
	key := o.Root + HoldPath(folder, h.Number)
	if err := o.Store.Create(ctx, key, object.ContentOf(raw)); err != nil {
		return nil, fmt.Errorf("creating %q, a record of holds: %w", key, err)
	}

	m.last, m.adopted, m.disowned = h.Number, nil, nil
	m.Heads = append(m.Heads, HoldHead{Record: &h, SHA256: hexSum(raw)})
	return m.Newest(), nil
}

// HoldFollowed reports whether somebody wrote the record that follows the last one which was
// read or written here.
func (o *Output) HoldFollowed(ctx context.Context, m *Matter) (bool, error) {
	folder, err := MatterFolder(m.Name)
	if err != nil {
		return false, err
	}
	f, err := o.get(ctx, o.Root+HoldPath(folder, m.last+1))
	return f != nil, err
}

// EnterHolds enters the records of a matter that no entry names, and returns the entry of
// the newest. Whoever writes a record enters those before it first, so it looks for them
// from the newest back to the first that is named. Of each, reading begins where it says
// that the journal ended.
func (j *Journal) EnterHolds(ctx context.Context, m *Matter) (newest *Mark, err error) {
	if j.known.ID == "" {
		return nil, errors.New("the output has no journal yet: run an interval first")
	}
	folder, err := MatterFolder(m.Name)
	if err != nil {
		return nil, err
	}

	var unnamed []Entry
	for _, h := range slices.Backward(m.Heads) {
		e := Entry{Kind: HoldEntry, Path: HoldPath(folder, h.Record.Number), SHA256: h.SHA256, Time: &h.Record.Time}
		mark, err := j.find(ctx, e.names(), h.Record.Journal)
		if err == nil {
			newest = &mark
			break
		}
		if !errors.Is(err, errNotNamed) {
			return nil, err
		}
		unnamed = append(unnamed, e)
	}
	for _, e := range slices.Backward(unnamed) {
		if newest, err = j.enter(ctx, e, false); err != nil {
			return nil, err
		}
	}
	return newest, nil
}
