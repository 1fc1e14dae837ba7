package job

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
)

// input is one object that was listed.
type input struct {
	object.Info
	source    uint32 // in byte order of the sources' names
	partition uint32
	document  bool
	virtual   bool // stands for metadata that a media object lacks
}

// snapshot is everything that was listed for an interval, and what it means
// for the identity of the run.
type snapshot struct {
	interval   record.Span
	label      string
	sources    []reconcile.Source
	config     []*policy.Source // the same sources
	stores     []object.Store
	partitions []reconcile.Partition
	inputs     []input // sorted by (source, key)
	media      []object.Info
	names      *names
	limits     *record.Limits
	runID      string
	count      int64
	bytes      int64
}

// snapshot lists all inputs of an interval.
func (j *Job) snapshot(ctx context.Context, interval record.Span) (*snapshot, error) {
	s := &snapshot{interval: interval, label: Label(interval, j.Config.Interval), limits: &j.Config.Limits}
	j.arrangeSources(s)
	if err := j.list(ctx, s); err != nil {
		return nil, err
	}
	slices.SortFunc(s.inputs, byKey)
	for i := range s.inputs {
		s.count++
		s.bytes += s.inputs[i].Size
	}
	var err error
	if s.runID, err = j.identify(s); err != nil {
		return nil, err
	}
	s.findVirtual()
	s.names = nameOutputs(s)
	return s, nil
}

// arrangeSources brings the sources into byte order of their names, which is
// the order of everything that is sorted by source.
func (j *Job) arrangeSources(s *snapshot) {
	order := make([]int, len(j.Config.Sources))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Compare(j.Config.Sources[a].Name, j.Config.Sources[b].Name)
	})
	for _, i := range order {
		c := &j.Config.Sources[i]
		s.config = append(s.config, c)
		s.stores = append(s.stores, j.Stores.Sources[i])
		s.sources = append(s.sources, reconcile.Source{
			Kind: c.Kind, Name: c.Name, Profile: c.Profile, URL: c.URL.String(), Required: c.Required,
			Settled: j.AsOf >= s.interval.End.Add(c.Settle),
		})
	}
}

// listing is one prefix to list and what was found below it.
type listing struct {
	store     object.Store
	prefix    string
	media     bool   // lies in the store of media, of no source
	source    uint32 // else
	partition uint32
	found     []input
}

func (j *Job) list(ctx context.Context, s *snapshot) error {
	lists := j.listings(s)
	err := each(ctx, j.Config.Concurrency, len(lists), func(ctx context.Context, i int) error {
		l := &lists[i]
		for info, err := range l.store.List(ctx, l.prefix) {
			if err != nil {
				return err // names the store and the prefix already
			}
			in := input{Info: info, source: l.source, partition: l.partition}
			in.document = !l.media && isDocument(s.sources[l.source].Profile, &info)
			l.found = append(l.found, in)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range lists {
		l := &lists[i]
		for k := range l.found {
			if l.media {
				s.media = append(s.media, l.found[k].Info)
				continue
			}
			s.inputs = append(s.inputs, l.found[k])
			if l.found[k].document {
				s.partitions[l.partition].Empty = false
			}
		}
		l.found = nil
	}
	return nil
}

// listings returns the prefixes of all partitions that the interval looks at.
func (j *Job) listings(s *snapshot) []listing {
	var lists []listing
	for i, c := range s.config {
		for _, p := range c.Partitions(c.URL, s.interval) {
			for _, prefix := range p.Prefixes {
				lists = append(lists, listing{store: s.stores[i], prefix: prefix, source: uint32(i), partition: uint32(len(s.partitions))})
			}
			s.partitions = append(s.partitions, reconcile.Partition{Source: uint32(i), Span: p.Span, URL: p.URL, Empty: true})
		}
	}
	if j.Stores.Media == nil {
		return lists
	}
	seen := map[string]bool{}
	for _, c := range s.config {
		if c.Kind != policy.Manifests {
			continue
		}
		for _, p := range c.Partitions(*j.Config.Media.URL, s.interval) {
			for _, prefix := range p.Prefixes {
				if !seen[prefix] {
					seen[prefix] = true
					lists = append(lists, listing{store: j.Stores.Media, prefix: prefix, media: true})
				}
			}
		}
	}
	return lists
}

// identify computes the run id: what the run is made from, and nothing else.
func (j *Job) identify(s *snapshot) (string, error) {
	sum := sha256.New()
	lines := json.NewEncoder(sum)
	if err := lines.Encode([]any{ledger.FormatVersion, j.Tool, s.label, s.settled(), j.Config.Identity()}); err != nil {
		return "", err
	}
	for i := range s.inputs {
		if err := lines.Encode(identityOf(s.sources[s.inputs[i].source].Name, &s.inputs[i].Info)); err != nil {
			return "", err
		}
	}
	slices.SortFunc(s.media, func(a, b object.Info) int { return cmp.Compare(a.Key, b.Key) })
	for i := range s.media {
		if err := lines.Encode(identityOf("media", &s.media[i])); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:32], nil
}

// settled tells by name which sources could no longer deliver.
func (s *snapshot) settled() map[string]bool {
	settled := map[string]bool{}
	for i := range s.sources {
		settled[s.sources[i].Name] = s.sources[i].Settled
	}
	return settled
}

func identityOf(source string, info *object.Info) []any {
	return []any{source, info.Key, cmp.Or(info.VersionID, info.ETag), record.TimeOf(info.Modified), info.Size}
}

// isDocument tells a document from everything else that lies below a source.
func isDocument(p *record.Profile, info *object.Info) bool {
	if strings.HasSuffix(info.Key, "/") && info.Size == 0 {
		return false
	}
	name := path.Base(info.Key)
	if name == "_SUCCESS" || strings.HasPrefix(name, ".") {
		return false
	}
	if p.Exclude != nil && p.Exclude.MatchString(info.Key) {
		return false
	}
	return p.KeyPattern == nil || p.KeyPattern.MatchString(info.Key)
}

// findVirtual adds, for every media object without metadata, the document
// that it should have.
func (s *snapshot) findVirtual() {
	known := map[string]bool{} // source, folder and recording of documents and of media seen
	var media []int
	for i := range s.inputs {
		in := &s.inputs[i]
		p := s.sources[in.source].Profile
		if p.MediaPattern == nil {
			continue
		}
		if in.document {
			known[s.recordingPlace(in, strings.TrimSuffix(in.Key, p.Suffix))] = true
			continue
		}
		if p.MediaPattern.MatchString(in.Key) && (p.MediaExclude == nil || !p.MediaExclude.MatchString(in.Key)) {
			media = append(media, i)
		}
	}
	var found []input
	for _, i := range media {
		in := s.inputs[i]
		place := s.recordingPlace(&in, in.Key)
		if known[place] {
			continue
		}
		known[place] = true
		in.Key += s.sources[in.source].Profile.Suffix
		in.Size, in.virtual, in.document = 0, true, true
		found = append(found, in)
		s.partitions[in.partition].Empty = false
	}
	s.insert(found)
}

// insert adds inputs between the others.
func (s *snapshot) insert(more []input) {
	slices.SortFunc(more, byKey)
	all, rest := make([]input, 0, len(s.inputs)+len(more)), s.inputs
	for _, in := range more {
		at, _ := slices.BinarySearchFunc(rest, in, byKey)
		all = append(append(all, rest[:at]...), in)
		rest = rest[at:]
	}
	s.inputs = append(all, rest...)
}

func byKey(a, b input) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.Key, b.Key))
}

// recordingPlace is equal for the media object and the document of one
// recording: their folder and the name up to its first dot.
func (s *snapshot) recordingPlace(in *input, mediaKey string) string {
	name, _, _ := strings.Cut(path.Base(mediaKey), ".")
	name = strings.TrimSuffix(strings.TrimPrefix(name, "{"), "}")
	return fmt.Sprintf("%d/%s/%s", in.source, path.Dir(mediaKey), strings.ToLower(name))
}
