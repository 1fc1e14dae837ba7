package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/parallel"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// Object is one object that was listed.
type Object struct {
	object.Info
	Source    uint32 // in byte order of the sources' names
	Partition uint32
	Document  bool
	Virtual   bool // made up for media without metadata; nothing is stored under its key
	Made      bool // likewise: the document of all media objects of a partition, see Inputs.recordings
}

// Inputs holds everything that was listed for an interval, and the run id that
// follows from it. It does not change after [List].
type Inputs struct {
	Interval   policy.Interval
	Sources    []evidence.Source
	Partitions []evidence.Partition
	Objects    []Object      // sorted by (source, key)
	Media      []object.Info // in the store of media, sorted by key
	Ignored    []Ignored     // what cannot be an input, in the order of Sources, media last; few
	RunID      string
	Count      int64 // of objects, without virtual ones
	Bytes      int64
	Opener     *Opener // opens the objects

	config     *policy.Config
	sources    []*policy.Source    // of Sources
	stores     []object.Store      // of Sources
	media      object.Store        // of Media, nil without one
	listing    string              // the run id, but for what no listing shows
	firsts     []string            // of Partitions: their first prefixes
	recordings map[uint32][]uint32 // by document that is made: its media objects, in the order of their keys
}

// Ignored counts what lies in a source and cannot be an input.
type Ignored struct {
	Source string
	Kinds  []object.IgnoredKind
}

// Request says what to list, and what else the run id depends on.
type Request struct {
	Config  *policy.Config
	Sources []object.Store // in the configuration's order
	Media   object.Store   // nil without one
	AsOf    record.Time
	Tool    string
	Ahead   *Ahead // which objects may be read during the listing; nil: none
}

// Find returns the number of an object.
func (in *Inputs) Find(source, key string) (uint32, bool) {
	n, found := slices.BinarySearchFunc(in.Objects, key, func(o Object, key string) int {
		return cmp.Or(strings.Compare(in.Sources[o.Source].Name, source), strings.Compare(o.Key, key))
	})
	return uint32(n), found
}

// List lists all inputs of an interval.
func List(ctx context.Context, r Request, interval policy.Interval) (*Inputs, error) {
	in := &Inputs{Interval: interval, config: r.Config, media: r.Media}
	in.arrangeSources(&r)
	ahead := beginAhead(ctx, r.Ahead, in.stores, r.Config.Concurrency)
	defer ahead.abandon()
	if err := in.list(ctx, r.Media, ahead); err != nil {
		return nil, err
	}

	for i := range in.Objects {
		in.Count++
		in.Bytes += in.Objects[i].Size
	}

	// The run id names what is there. Virtual objects follow from it, so they are
	// added afterwards.
	var err error
	if in.listing, err = in.identify(r.Tool); err != nil {
		return nil, err
	}
	in.RunID = in.listing

	in.addVirtual()
	in.addMade()
	ahead.wait()
	in.Opener = newOpener(in, ahead)
	return in, nil
}

// arrangeSources brings the sources into byte order of their names, which is
// the order of everything that is sorted by source.
func (in *Inputs) arrangeSources(r *Request) {
	order := make([]int, len(in.config.Sources))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Compare(in.config.Sources[a].Name, in.config.Sources[b].Name)
	})

	for _, i := range order {
		c := &in.config.Sources[i]
		in.sources = append(in.sources, c)
		in.stores = append(in.stores, r.Sources[i])
		in.Sources = append(in.Sources, evidence.Source{
			Kind: c.Kind, Name: c.Name, Profile: c.Profile, URL: c.URL.String(), Required: c.Required,
			Settled: r.AsOf >= in.Interval.End.Add(c.Settle), OneForEachLeg: c.OneForEachLeg, Lookback: c.Lookback, Lookahead: c.Lookahead,
		})
	}
}

// listing is one prefix to list, and the objects found below it.
type listing struct {
	store     object.Store
	prefix    string
	media     bool   // lies in the store of media and belongs to no source
	source    uint32 // otherwise
	partition uint32
	found     []Object
	ignored   object.Ignored
}

// objects lists what lies below the prefix.
func (l *listing) objects(ctx context.Context) iter.Seq2[object.Info, error] {
	if c, ok := l.store.(object.Counter); ok {
		return c.ListCounting(ctx, l.prefix, &l.ignored)
	}
	return l.store.List(ctx, l.prefix)
}

func (in *Inputs) list(ctx context.Context, media object.Store, ahead *ahead) error {
	lists := append(in.sourceListings(), in.mediaListings(media)...)
	err := parallel.Each(ctx, in.config.Concurrency, len(lists), func(ctx context.Context, i int) error {
		l := &lists[i]
		for info, err := range l.objects(ctx) {
			if err != nil {
				return err // names the store and the prefix already
			}
			o := Object{Info: info, Source: l.source, Partition: l.partition}
			o.Document = !l.media && IsDocument(in.Sources[l.source].Profile, &info)
			l.found = append(l.found, o)
			ahead.offer(l.store, &o)
		}

		return nil
	})
	ahead.finish()
	if err != nil {
		return err
	}

	for i := range lists {
		l := &lists[i]
		for k := range l.found {
			if l.media {
				in.Media = append(in.Media, l.found[k].Info)
				continue
			}

			in.Objects = append(in.Objects, l.found[k])
			if l.found[k].Document {
				in.Partitions[l.partition].Empty = false
			}
		}

		l.found = nil // it was copied: an interval may have a million objects
	}

	slices.SortFunc(in.Objects, byKey)
	slices.SortFunc(in.Media, byMediaKey)
	return in.ignore(ctx, lists)
}

func byMediaKey(a, b object.Info) int { return cmp.Compare(a.Key, b.Key) }

// sourceListings returns the prefixes of all partitions that the interval looks
// at.
func (in *Inputs) sourceListings() []listing {
	var lists []listing
	for i, c := range in.sources {
		for _, p := range c.Partitions(c.URL, in.Interval.Span) {
			for _, prefix := range p.Prefixes {
				lists = append(lists, listing{store: in.stores[i], prefix: prefix, source: uint32(i), partition: uint32(len(in.Partitions))})
			}

			in.firsts = append(in.firsts, p.Prefixes[0])
			// It is empty until a document is found below it.
			in.Partitions = append(in.Partitions, evidence.Partition{Source: uint32(i), Span: p.Span, URL: p.URL, Empty: true})
		}
	}

	return lists
}

// mediaListings returns the prefixes of media, each once; none without a store.
func (in *Inputs) mediaListings(media object.Store) []listing {
	var lists []listing
	seen := map[string]bool{}
	for _, c := range in.sources {
		if media == nil || c.Kind != policy.Manifests {
			continue
		}
		for _, p := range c.Partitions(*in.config.Media.URL, in.Interval.Span) {
			for _, prefix := range p.Prefixes {
				if !seen[prefix] {
					seen[prefix] = true
					lists = append(lists, listing{store: media, prefix: prefix, media: true})
				}
			}
		}
	}

	return lists
}

// identify computes the run id from all that the output depends on, and from
// nothing else.
func (in *Inputs) identify(tool string) (string, error) {
	sum := sha256.New()
	lines := json.NewEncoder(sum)
	if err := lines.Encode([]any{ledger.FormatVersion, tool, in.Interval.Label, in.Settled(), in.config.Identity()}); err != nil {
		return "", err
	}

	// The summary shows it. Nearly always the list is empty.
	if len(in.Ignored) > 0 {
		if err := lines.Encode(in.Ignored); err != nil {
			return "", err
		}
	}

	var line []byte
	add := func(source string, info *object.Info) error {
		var ok bool
		if line, ok = appendIdentity(line[:0], source, info); ok {
			_, err := sum.Write(line)
			return err
		}
		return lines.Encode(identityOf(source, info))
	}
	for i := range in.Objects {
		if err := add(in.Sources[in.Objects[i].Source].Name, &in.Objects[i].Info); err != nil {
			return "", err
		}
	}
	for i := range in.Media {
		if err := add("media", &in.Media[i]); err != nil {
			return "", err
		}
	}

	return hex.EncodeToString(sum.Sum(nil))[:32], nil
}

// Denial is a media object that the store does not let be read.
type Denial struct {
	Source string `json:"source"`
	Key    string `json:"key"`
	Code   string `json:"code"`
	KMSKey string `json:"kms_key,omitempty"`
}

// Deny makes the media objects that could not be read a part of the run id: no listing
// shows that they can be.
func (in *Inputs) Deny(list []Denial) error {
	in.RunID = in.listing
	if len(list) == 0 {
		return nil
	}
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode([]any{in.listing, list}); err != nil {
		return err
	}
	in.RunID = hex.EncodeToString(sum.Sum(nil))[:32]
	return nil
}

// Settled reports by name which sources can no longer deliver.
func (in *Inputs) Settled() map[string]bool {
	settled := map[string]bool{}
	for i := range in.Sources {
		settled[in.Sources[i].Name] = in.Sources[i].Settled
	}
	return settled
}

func identityOf(source string, info *object.Info) []any {
	return []any{source, info.Key, cmp.Or(info.VersionID, info.ETag), record.TimeOf(info.Modified), info.Size}
}

// appendIdentity appends the line that an encoder makes of the identity of an object, in
// less time: there may be a million objects. Where a text needs to be escaped it returns
// false, and what it appended is of no use.
func appendIdentity(b []byte, source string, info *object.Info) (_ []byte, ok bool) {
	b = append(b, '[')
	for _, text := range []string{source, info.Key, cmp.Or(info.VersionID, info.ETag)} {
		if b, ok = jsonscan.AppendPlain(b, text); !ok {
			return b, false
		}
		b = append(b, ',')
	}
	b = append(strconv.AppendInt(b, int64(record.TimeOf(info.Modified)), 10), ',')
	return append(strconv.AppendInt(b, info.Size, 10), "]\n"...), true
}

// IsDocument reports whether an object below a source of a profile is a document.
func IsDocument(p *profile.Profile, info *object.Info) bool {
	// Consoles make empty objects that look like folders.
	if strings.HasSuffix(info.Key, "/") && info.Size == 0 {
		return false
	}

	// Hadoop and Spark mark a finished export with _SUCCESS.
	name := path.Base(info.Key)
	if p.NoDocuments || name == "_SUCCESS" || strings.HasPrefix(name, ".") {
		return false
	}
	if p.Exclude != nil && p.Exclude.MatchString(info.Key) {
		return false
	}

	if p.KeyPattern == nil {
		return !profile.IsMediaName(name)
	}
	return p.KeyPattern.MatchString(info.Key)
}

// addVirtual adds, for every media object without metadata, the document
// that it should have.
func (in *Inputs) addVirtual() {
	var media []int
	for i := range in.Objects {
		o := &in.Objects[i]
		p := in.Sources[o.Source].Profile
		if p.MediaPattern == nil || p.NoDocuments || o.Document {
			continue
		}
		if p.MediaPattern.MatchString(o.Key) && (p.MediaExclude == nil || !p.MediaExclude.MatchString(o.Key)) {
			media = append(media, i)
		}
	}
	if len(media) == 0 {
		return // names of a million documents need not be compared with anything
	}

	// Only documents in the folders of these media can be theirs.
	folders := map[string]bool{}
	for _, i := range media {
		folders[path.Dir(in.Objects[i].Key)] = true
	}
	known := map[string]bool{} // names of recordings with a document, or with media that was seen
	for i := range in.Objects {
		o := &in.Objects[i]
		p := in.Sources[o.Source].Profile
		if !o.Document || p.MediaPattern == nil {
			continue
		}
		if key := strings.TrimSuffix(o.Key, p.Suffix); folders[path.Dir(key)] {
			known[recordingName(o, key)] = true
		}
	}

	var found []Object
	for _, i := range media {
		o := in.Objects[i]
		name := recordingName(&o, o.Key)
		if known[name] {
			continue
		}

		known[name] = true
		o.Key += in.Sources[o.Source].Profile.Suffix
		o.Size, o.Virtual, o.Document = 0, true, true
		found = append(found, o)
		in.Partitions[o.Partition].Empty = false
	}

	in.insert(found)
}

// insert adds objects where they belong in the order.
func (in *Inputs) insert(more []Object) {
	slices.SortFunc(more, byKey)
	all, rest := make([]Object, 0, len(in.Objects)+len(more)), in.Objects
	for _, o := range more {
		at, _ := slices.BinarySearchFunc(rest, o, byKey)
		all = append(append(all, rest[:at]...), o)
		rest = rest[at:]
	}

	in.Objects = append(all, rest...)
}

func byKey(a, b Object) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
}

// recordingName is equal for the media object and the document of one
// recording: source, folder, and the file's name up to its first dot.
func recordingName(o *Object, mediaKey string) string {
	name, _, _ := strings.Cut(path.Base(mediaKey), ".")
	name = strings.TrimSuffix(strings.TrimPrefix(name, "{"), "}")
	if digits := strings.ReplaceAll(name, "-", ""); len(digits) == 32 && profile.SpellsUUID([]byte(name)) {
		name = digits // a UUID with and without dashes is the same one
	}
	return fmt.Sprintf("%d/%s/%s", o.Source, path.Dir(mediaKey), strings.ToLower(name))
}
