package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
	"cdrmend/internal/token"
)

// HoldFormat is the format of a record of legal holds.
const HoldFormat = "cdrmend.hold/1"

// HoldsFolder is the folder of the records of legal holds below the root of an output.
const HoldsFolder = "holds/"

// What a record of holds is about, and how far it came.
const (
	HoldSet     = "set"
	HoldRelease = "release"

	HoldIntended = "intended" // written before the first hold is changed
	HoldDone     = "done"     // written after the last one
)

// Hold is one record of legal holds: holds/<matter>/<number>.json.
type Hold struct {
	Format   string      `json:"format"`
	Number   int64       `json:"number"`
	Matter   string      `json:"matter"`
	Output   string      `json:"output"` // id
	Action   string      `json:"action"`
	Step     string      `json:"step"`
	Time     time.Time   `json:"time"`
	Tool     string      `json:"tool"`
	Reason   string      `json:"reason"`
	By       string      `json:"by"`
	Previous string      `json:"previous"`          // SHA-256 of the record before, empty for the first
	List     File        `json:"list"`              // the targets; the path is below the root of the output
	Results  []HoldCount `json:"results"`           // targets by their result, in the order of the names; nothing of an intention
	Journal  *Mark       `json:"journal,omitempty"` // the end of the journal when the record was made; nil: it was empty

	// SHA-256 of untrusted records of the matter that a person decided about.
	Adopted  []string `json:"adopted,omitempty"`
	Disowned []string `json:"disowned,omitempty"`
}

// HoldCount is how many targets have a result.
type HoldCount struct {
	Result string `json:"result"`
	Count  int64  `json:"count"`
}

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

// maxMatter is how many bytes the folder of a matter has at most: file systems take 255.
const maxMatter = 200

// MatterFolder returns the name of a matter's folder below holds/: each byte but letters,
// digits, - and _, and a dot inside, becomes % and two digits.
func MatterFolder(matter string) (string, error) {
	switch {
	case strings.TrimSpace(matter) == "":
		return "", errors.New("the matter has no name")
	case !utf8.ValidString(matter), strings.ContainsFunc(matter, unicode.IsControl):
		return "", fmt.Errorf("the matter %q holds what is no text", matter)
	}

	var b strings.Builder
	for i := range len(matter) {
		c := matter[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() > maxMatter {
		return "", fmt.Errorf("the name of matter %q takes %d bytes, and %d are possible: use a shorter one", matter, b.Len(), maxMatter)
	}
	return b.String(), nil
}

// MatterOf returns the matter of a folder below holds/.
func MatterOf(folder string) (string, bool) {
	matter, err := url.PathUnescape(folder)
	if err != nil {
		return "", false
	}
	again, err := MatterFolder(matter)
	return matter, err == nil && again == folder
}

// HoldPath returns the path of a record of holds below the root of an output.
func HoldPath(folder string, number int64) string {
	return HoldsFolder + folder + "/" + RecordName(number)
}

// Seal encodes a record of holds as its file, signed if there is a key.
func (h Hold) Seal(key *token.Signer) ([]byte, error) {
	raw, err := seal(h, holdType, key)
	if err != nil {
		return nil, fmt.Errorf("signing record %d of the holds of matter %q: %w", h.Number, h.Matter, err)
	}
	return raw, nil
}

// OpenHold reads the file of a record of holds, as OpenRecord does.
func OpenHold(file []byte, keys *token.Keys) (*Hold, Seal, error) {
	h := new(Hold)
	seal, err := open(file, holdType, keys, h)
	if err != nil {
		return nil, seal, err
	}
	if until := seal.until(keys, h.Output); until != nil && h.Journal != nil && h.Journal.Number >= until.Number {
		seal.Check = token.Ended
	}
	return h, seal, nil
}

// Misplaced says why a record does not belong where it is; empty when it does. An empty
// output is not compared.
func (h *Hold) Misplaced(folder string, number int64, output string) string {
	own, err := MatterFolder(h.Matter)
	switch {
	case h.Format != HoldFormat || h.Number != number || err != nil || own != folder:
		return fmt.Sprintf("it does not describe itself: it says number %d of matter %q in format %q", h.Number, h.Matter, h.Format)
	case output != "" && h.Output != output:
		return fmt.Sprintf("it belongs to another output, of id %s", h.Output)
	case h.Action != HoldSet && h.Action != HoldRelease, h.Step != HoldIntended && h.Step != HoldDone:
		return fmt.Sprintf("it says neither of a hold nor of a release how far it came: %q, %q", h.Action, h.Step)
	case !strings.HasPrefix(h.List.Path, HoldsFolder+folder+"/"):
		return fmt.Sprintf("it names %q, which is not in its folder", h.List.Path)
	}
	return ""
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
	return fetch(io.LimitReader(body, h.List.Size+1), h.List.Path, h.List.SHA256, dir)
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
