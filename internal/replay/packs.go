package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/policy"
)

// Packs are what a commit record names of the inputs of its run.
type Packs struct {
	set    *pack.Set
	inputs []ledger.Input
	infos  []object.Info // the same, as they were listed
}

// OpenPacks opens the packs that a record names. The inputs are those of its run. A pack
// that is not what was committed serves nothing, and goes to warn.
func OpenPacks(ctx context.Context, out *ledger.Output, r *ledger.Record, inputs iter.Seq2[ledger.Input, error], scratch string, warn func(pack string, err error)) (*Packs, error) {
	p := &Packs{}
	for in, err := range inputs {
		if err != nil {
			return nil, err
		}
		info, err := infoOf(&in)
		if err != nil {
			return nil, err
		}
		p.inputs, p.infos = append(p.inputs, in), append(p.infos, info)
	}

	p.set = pack.NewSet(len(p.inputs), scratch, warn)
	wanted := func(n int) (string, *object.Info) { return p.inputs[n].Source, &p.infos[n] }
	p.set.AddAll(ctx, out, r.Evidence, wanted, func(i, _ int, err error) {
		if err != nil {
			warn(r.Evidence[i].Path, err)
		}
	})
	return p, nil
}

// Inputs yields the inputs of the run.
func (p *Packs) Inputs() iter.Seq2[ledger.Input, error] {
	return func(yield func(ledger.Input, error) bool) {
		for _, in := range p.inputs {
			if !yield(in, nil) {
				return
			}
		}
	}
}

// lacks reports whether the run read an input that no pack holds.
func (p *Packs) lacks(n int) bool { return p.inputs[n].SHA256 != "" && !p.set.Has(uint32(n)) }

// LackError says that packs do not hold all that a run read.
type LackError struct {
	Inputs, Bytes      int64 // that the run read
	Lacking, LackBytes int64 // those that no pack holds
	Example            string
}

func (e *LackError) Error() string {
	return fmt.Sprintf("packs hold %d of its %d inputs, %d of %d bytes, so it cannot be computed again without its sources (%s is in none); with evidence: {keep: all} a run keeps all of them",
		e.Inputs-e.Lacking, e.Inputs, e.Bytes-e.LackBytes, e.Bytes, e.Example)
}

// Whole returns a [LackError] unless packs hold everything that the run read.
func (p *Packs) Whole() error {
	e := &LackError{}
	for n, in := range p.inputs {
		if in.SHA256 == "" {
			continue // it was listed only
		}
		e.Inputs, e.Bytes = e.Inputs+1, e.Bytes+in.Size
		if p.lacks(n) {
			e.Lacking, e.LackBytes, e.Example = e.Lacking+1, e.LackBytes+in.Size, in.Source+":"+in.Key
		}
	}
	if e.Lacking > 0 {
		return e
	}
	return nil
}

// Before returns what opens sources so that packs serve the inputs that they hold. What
// they lack comes from where open finds it. A source of which they lack nothing is not
// opened; with a nil open no source is.
func (p *Packs) Before(open OpenSource) OpenSource {
	return func(ctx context.Context, name string, url policy.Template, versions bool) (object.Store, error) {
		first, _ := slices.BinarySearchFunc(p.inputs, name, func(in ledger.Input, name string) int { return strings.Compare(in.Source, name) })
		s := &packedSource{name: name, set: p.set, first: first}
		end, lacks, holds := first, false, false
		for ; end < len(p.inputs) && p.inputs[end].Source == name; end++ {
			lacks, holds = lacks || p.lacks(end), holds || p.set.Has(uint32(end))
		}
		s.infos = p.infos[first:end]

		if open == nil || holds && !lacks {
			return s, nil
		}
		rest, err := open(ctx, name, url, versions)
		if err != nil || !holds {
			return rest, err
		}
		s.Store = rest
		return s, nil
	}
}

// infoOf returns an input as it was listed.
func infoOf(in *ledger.Input) (object.Info, error) {
	modified, err := time.Parse(time.RFC3339Nano, in.Modified)
	if err != nil {
		err = fmt.Errorf("reading %s: input %q of source %s: %w", ledger.InputsFile, in.Key, in.Source, err)
	}
	return object.Info{Key: in.Key, Size: in.Size, ETag: in.ETag, VersionID: in.VersionID, Modified: modified}, err
}

// packedSource is a source of which packs hold inputs. A [Pinned] calls none but the
// methods here.
type packedSource struct {
	object.Store // of what packs lack; nil when they lack nothing
	name         string
	set          *pack.Set
	first        int           // number of the first of infos in the set
	infos        []object.Info // that the run listed, in byte order of their keys
}

func (s *packedSource) String() string {
	if s.Store != nil {
		return s.Store.String()
	}
	return "packs of " + s.name + "/"
}

// List yields what is there today; in packs that is what the run listed.
func (s *packedSource) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	if s.Store != nil {
		return s.Store.List(ctx, prefix)
	}
	return func(yield func(object.Info, error) bool) {
		for i, _ := s.find(prefix); i < len(s.infos) && strings.HasPrefix(s.infos[i].Key, prefix); i++ {
			if !yield(s.infos[i], nil) {
				return
			}
		}
	}
}

// Get opens an input that packs hold, else what is there today.
func (s *packedSource) Get(ctx context.Context, key string) (object.Info, io.ReadCloser, error) {
	if i, ok := s.find(key); ok {
		if body := s.set.Open(ctx, uint32(s.first+i), s.infos[i].Size); body != nil {
			return s.infos[i], body, nil
		}
	}
	if s.Store != nil {
		return s.Store.Get(ctx, key)
	}
	return object.Info{}, nil, fmt.Errorf("reading %q: %w", s.String()+key, fs.ErrNotExist)
}

// Part returns a part of a media object. Packs hold none.
func (s *packedSource) Part(ctx context.Context, info object.Info, from int64, n int) ([]byte, error) {
	if s.Store != nil {
		return s.Store.Part(ctx, info, from, n)
	}
	return nil, fmt.Errorf("reading %q: packs hold no media: %w", s.String()+info.Key, object.ErrChanged)
}

func (s *packedSource) find(key string) (int, bool) {
	return slices.BinarySearchFunc(s.infos, key, func(i object.Info, key string) int { return strings.Compare(i.Key, key) })
}

// errPack is the cause of an input that only a changed pack had.
var errPack = errors.New("its pack is not what was committed")

// Open opens an input from a byte on.
func (s *packedSource) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	var body io.ReadCloser
	if i, ok := s.find(info.Key); ok {
		body = s.set.Open(ctx, uint32(s.first+i), info.Size)
	}
	switch {
	case body == nil && s.Store != nil:
		return s.Store.Open(ctx, info, from)
	case body == nil:
		return nil, fmt.Errorf("reading %q: %w: %w", s.String()+info.Key, errPack, object.ErrChanged)
	}
	if _, err := io.CopyN(io.Discard, body, from); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %q: %w", s.String()+info.Key, err), body.Close())
	}
	return body, nil
}
