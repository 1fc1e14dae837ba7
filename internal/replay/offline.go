package replay

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/policy"
)

// OutOfPacksError says that packs do not hold all that a run read.
type OutOfPacksError struct {
	Inputs, Bytes     int64 // that the run read
	Lacking, LackingB int64 // of which no pack holds
	Example           string
}

func (e *OutOfPacksError) Error() string {
	return fmt.Sprintf("packs hold %d of its %d inputs, %d of %d bytes, so it cannot be computed again without its sources (%s is in none); with evidence: {keep: all} a run keeps all of them",
		e.Inputs-e.Lacking, e.Inputs, e.Bytes-e.LackingB, e.Bytes, e.Example)
}

// FromPacks returns what opens sources that are no longer there: everything that a run
// read comes from the packs that its record names. Each pack that is not what was
// committed goes to warn.
func FromPacks(ctx context.Context, out *ledger.Output, r *ledger.Record, inputs []ledger.Input, scratch string, warn func(pack string, err error)) (OpenSource, error) {
	var infos []object.Info
	for i := range inputs {
		info, err := infoOf(&inputs[i])
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}

	set := pack.NewSet(len(inputs), scratch, warn)
	wanted := func(n int) (string, *object.Info) { return inputs[n].Source, &infos[n] }
	for i := range r.Evidence {
		if _, err := set.Add(ctx, out, &r.Evidence[i], wanted); err != nil {
			warn(r.Evidence[i].Path, err)
		}
	}

	lack := &OutOfPacksError{}
	for i := range inputs {
		if inputs[i].SHA256 == "" {
			continue // it was listed only
		}
		lack.Inputs, lack.Bytes = lack.Inputs+1, lack.Bytes+inputs[i].Size
		if !set.Has(uint32(i)) {
			lack.Lacking, lack.LackingB, lack.Example = lack.Lacking+1, lack.LackingB+inputs[i].Size, inputs[i].Source+":"+inputs[i].Key
		}
	}
	if lack.Lacking > 0 {
		return nil, lack
	}

	return func(_ context.Context, source string, _ policy.Template, _ bool) (object.Store, error) {
		first, _ := slices.BinarySearchFunc(inputs, source, func(in ledger.Input, name string) int { return strings.Compare(in.Source, name) })
		end := first
		for end < len(inputs) && inputs[end].Source == source {
			end++
		}
		return &packedSource{source: source, set: set, first: first, infos: infos[first:end]}, nil
	}, nil
}

// infoOf returns an input as it was listed.
func infoOf(in *ledger.Input) (object.Info, error) {
	modified, err := time.Parse(time.RFC3339Nano, in.Modified)
	if err != nil {
		err = fmt.Errorf("reading %s: input %q of source %s: %w", ledger.InputsFile, in.Key, in.Source, err)
	}
	return object.Info{Key: in.Key, Size: in.Size, ETag: in.ETag, VersionID: in.VersionID, Modified: modified}, err
}

// packedSource shows what a run listed of a source, and opens it from packs. A [Pinned]
// calls nothing else of it.
type packedSource struct {
	object.Store // nil
	source       string
	set          *pack.Set
	first        int           // number of the first of infos in the set
	infos        []object.Info // in byte order of their keys
}

func (s *packedSource) String() string { return "packs of " + s.source + "/" }

// List yields what the run listed.
func (s *packedSource) List(_ context.Context, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		for i, _ := s.find(prefix); i < len(s.infos) && strings.HasPrefix(s.infos[i].Key, prefix); i++ {
			if !yield(s.infos[i], nil) {
				return
			}
		}
	}
}

func (s *packedSource) find(key string) (int, bool) {
	return slices.BinarySearchFunc(s.infos, key, func(i object.Info, key string) int { return strings.Compare(i.Key, key) })
}

// Open opens an input from a byte on.
func (s *packedSource) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	i, ok := s.find(info.Key)
	if !ok {
		return nil, object.ErrChanged
	}
	body := s.set.Open(ctx, uint32(s.first+i), info.Size)
	if body == nil {
		return nil, fmt.Errorf("its pack is not what was committed: %w", object.ErrChanged)
	}
	if _, err := io.CopyN(io.Discard, body, from); err != nil {
		return nil, fmt.Errorf("reading %q: %w", s.String()+info.Key, err)
	}
	return body, nil
}
