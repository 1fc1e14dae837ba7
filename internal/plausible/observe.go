package plausible

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
)

// Observation is what was counted of one trial. Its zero value is ready to observe.
type Observation struct {
	Sources    []Source // in the order of their names
	Calls      Share    // legs of the interval: those that are to be recorded
	Legs       Join     // of those that are
	Unexpected Share    // of those that nobody expects to be recorded: those that have a recording
	Entries    Join     // entries of voice of the interval
	Clocks     []Clock

	OnTrunk Share   // legs of the interval with a trunk or a line: those that the log shows
	Unseen  []Count // trunks of the others
	Media   []Count // entries of the interval by media type that is not voice
	Total   int64   // entries of the interval
	Audio   Share   // recordings whose media object was asked for: those that could be read

	Err error // of reading the rejects
}

// Share is a part of a whole.
type Share struct{ N, Of int64 }

// Source is what was counted of one source. Records are those of its legs, entries or
// events that were read, margins included.
type Source struct {
	Name    string
	Kind    policy.Kind
	Records int64
	Filled  map[record.Field]int64 // by field that the profile maps: records with a value
	Needs   [][]record.Field       // of each list one field is needed
	Silent  bool                   // of registrations: no successes are shown

	Met   Share   // records of the interval: those of an organisation that the opposite sources have
	Orgs  []Count // of its records
	InDay Share   // records of own partitions with a start: those that start in their partition

	Read     int64
	Rejects  []Count // by reason
	Skipped  []Count // by reason
	Strays   int64
	Limit    float64 // share of rejects that damages a partition
	Rejected int64
}

// Join says how many records share an id with a record of the other kind, of their
// organisation.
type Join struct {
	All, ByID, ByConversation, Any int64
	Naming                         int64 // records that name a recording
	Elsewhere                      int64 // records without any that would have one if organisations were not compared
}

// Clock compares the clocks of two sources by calls with one recording.
type Clock struct {
	CDRs, Manifests string
	Offset          time.Duration // by which recordings end later: the lower median
	Near            Share         // pairs: those that differ from the offset by no more than two seconds
	Tolerance       time.Duration
}

// observer counts one decision.
type observer struct {
	*Observation
	*reconcile.Trace
	in      *intake.Inputs
	account *intake.Account
	legs    *match.LegGroups
	entries *match.EntryGroups
	duties  *match.Duties
	orgs    []map[intern.Text]int64
}

// Observe counts what a decision and its inputs show. It reads all three values and
// changes none.
func (o *Observation) Observe(in *intake.Inputs, account *intake.Account, t *reconcile.Trace) {
	legs, entries, duties := t.Groups()
	w := &observer{Observation: o, Trace: t, in: in, account: account, legs: legs, entries: entries, duties: duties}
	w.begin()
	w.readLegs()
	w.readEntries()
	w.readEvents()
	w.organisations()
	w.joins()
	w.clocks()
	w.media()
	w.onTrunks()
	w.Err = w.rows()
}

// begin makes the list of sources.
func (w *observer) begin() {
	w.Sources = make([]Source, len(w.Trace.Sources))
	w.orgs = make([]map[intern.Text]int64, len(w.Trace.Sources))
	for i := range w.Trace.Sources {
		s := &w.Trace.Sources[i]
		w.Sources[i] = Source{Name: s.Name, Kind: s.Kind, Filled: map[record.Field]int64{}, Needs: w.needs(uint32(i)), Limit: w.Policy.MaxRejects}
		w.orgs[i] = map[intern.Text]int64{}
		for _, f := range fieldsOf(s.Kind) {
			if mapped(s.Profile, f) || s.Profile.Shape != "" && shaped(s.Kind).Has(f) {
				w.Sources[i].Filled[f] = 0
			}
		}
	}
	for _, n := range w.Silent {
		w.Sources[n].Silent = true
	}
}

// mapped reports whether a profile has a place for a field, or for the length of time
// from which it follows.
func mapped(p *profile.Profile, f record.Field) bool {
	switch f {
	case record.EndTime:
		return len(p.Fields[f]) > 0 || len(p.Fields[record.DurationMS]) > 0
	case record.AnswerTime:
		return len(p.Fields[f]) > 0 || len(p.Fields[record.TalkMS]) > 0
	}
	return len(p.Fields[f]) > 0
}

// needs returns what judging needs of a source, and what its entries are required to
// have. A trunk is not among it: exports lack it as a rule, and repairs fill it in.
func (w *observer) needs(source uint32) [][]record.Field {
	s := &w.Trace.Sources[source]
	var all [][]record.Field
	for _, alternatives := range s.Profile.Needs() {
		if w.Policy.Expect == policy.ExpectAnswered || !slices.Contains(alternatives, record.AnswerTime) {
			all = append(all, alternatives)
		}
	}
	for f := range record.NumEntryFields {
		switch f := record.Field(f); {
		case s.Kind != policy.Manifests || !s.Required.Has(f) || f == record.TrunkID:
		case f == record.EndTime:
			all = append(all, []record.Field{f, record.DurationMS})
		default:
			all = append(all, []record.Field{f})
		}
	}
	return all
}

// seen counts one record of a source.
func (w *observer) seen(source uint32, org intern.Text, has func(record.Field) bool) {
	s := &w.Sources[source]
	s.Records++
	w.orgs[source][org]++
	for f := range s.Filled {
		if has(f) {
			s.Filled[f]++
		}
	}
}

// inDay counts a record with a start by whether it starts in its partition, or within
// an hour of it: calls over the turn of a partition stand in either.
func (w *observer) inDay(source, partition uint32, start record.Time) {
	span := w.Partitions[partition].Span
	if !start.Known() || span == record.Forever || !w.OwnsPartition(partition) {
		return
	}
	s := &w.Sources[source].InDay
	s.Of++
	if (record.Span{Start: span.Start.Add(-time.Hour), End: span.End.Add(time.Hour)}).Contains(start) {
		s.N++
	}
}

func (w *observer) readLegs() {
	for n := range uint32(len(w.Trace.Legs)) {
		l := &w.Trace.Legs[n]
		source := w.SourceOfLeg(n)
		w.seen(source, l.Org, func(f record.Field) bool { return w.legHas(n, f) })
		w.inDay(source, w.Objects[l.Ref.Object].Partition, l.Start)
	}
}

func (w *observer) readEntries() {
	for n := range w.Trace.Entries {
		e := &w.Trace.Entries[n]
		doc := &w.Documents[e.Doc]
		object := &w.Objects[doc.Object]
		w.seen(object.Source, e.Org, func(f record.Field) bool { return entryHas(e, f) })
		w.inDay(object.Source, object.Partition, e.Start)
	}
}

func (w *observer) readEvents() {
	for i := range w.account.Log.Events {
		e := &w.account.Log.Events[i]
		w.seen(w.Objects[e.Ref.Object].Source, e.Org, func(f record.Field) bool { return eventHas(e, f) })
	}
}

// organisations counts the records of the interval that are of an organisation which
// the opposite sources have, and names the organisations of each source.
func (w *observer) organisations() {
	var of [policy.NumKinds]map[intern.Text]bool
	for kind := range of {
		of[kind] = map[intern.Text]bool{}
	}
	for i := range w.Sources {
		for org := range w.orgs[i] {
			of[w.Sources[i].Kind][org] = true
		}
	}

	for i := range w.Sources {
		s := &w.Sources[i]
		s.Orgs = w.most(w.orgs[i])
		opposite := of[policy.CDRs]
		if s.Kind == policy.CDRs {
			opposite = of[policy.Manifests]
		}
		if len(opposite) == 0 {
			continue // nothing to compare with
		}
		for org, n := range w.orgs[i] {
			s.Met.Of += n
			if opposite[org] {
				s.Met.N += n
			}
		}
	}
}

// mostNamed is how many names a list has. The last may stand for all others.
const mostNamed = 8

// most returns the most frequent of some texts, and one count for all others.
func (w *observer) most(counts map[intern.Text]int64) []Count {
	name := func(t intern.Text) string { return cmp.Or(w.Texts.String(t), "(none)") }
	texts := slices.Collect(maps.Keys(counts))
	slices.SortFunc(texts, func(a, b intern.Text) int {
		if c := cmp.Compare(counts[b], counts[a]); c != 0 {
			return c
		}
		return strings.Compare(name(a), name(b))
	})

	list := []Count{}
	for i, t := range texts {
		if i < mostNamed {
			list = append(list, Count{name(t), counts[t]})
		} else {
			list[mostNamed-1] = Count{"others", list[mostNamed-1].N + counts[t]}
		}
	}
	return list
}

// most returns the most frequent of some names, and one count for all others.
func most(names map[string]int64) []Count {
	list := []Count{}
	for name, n := range names {
		if n > 0 {
			list = append(list, Count{name, n})
		}
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	if len(list) <= mostNamed {
		return list
	}

	others := Count{Name: "others"}
	for _, c := range list[mostNamed-1:] {
		others.N += c.N
	}
	return append(list[:mostNamed-1], others)
}

// media counts entries of the interval whose media type is not voice, and those whose
// media object could be read.
func (w *observer) media() {
	counts := map[intern.Text]int64{}
	for _, r := range w.Recordings {
		w.Total++
		if h := match.HeardOf(w.Evidence, r.Entry); h != nil {
			w.Audio.Of++
			if h.Code == intern.None {
				w.Audio.N++
			}
		}
		if t := w.Trace.Entries[r.Entry].MediaType; t != intern.None {
			counts[t]++
		}
	}
	maps.DeleteFunc(counts, func(t intern.Text, _ int64) bool {
		return slices.Contains(w.Policy.VoiceMedia, strings.ToLower(w.Texts.String(t)))
	})
	w.Media = w.most(counts)
}

// onTrunks counts the legs of the interval on trunks and lines that the logs show.
func (w *observer) onTrunks() {
	unseen := map[intern.Text]int64{}
	for i := range w.Trace.Calls {
		l := &w.Trace.Legs[w.Trace.Calls[i].Leg]
		if l.Trunk == intern.None && l.Line == intern.None {
			continue
		}
		w.OnTrunk.Of++
		if w.Index.Fits(l.Org, l.Trunk, l.Line) {
			w.OnTrunk.N++
		} else {
			unseen[cmp.Or(l.Trunk, l.Line)]++
		}
	}
	w.Unseen = w.most(unseen)
}

// rows counts the rows that are no records.
func (w *observer) rows() error {
	for partition, count := range w.account.Rows {
		s := &w.Sources[w.Partitions[partition].Source]
		s.Read += count.Rows
		s.Rejected += count.Rejects
	}
	for _, stray := range w.Strays {
		w.Sources[w.Partitions[stray.Partition].Source].Strays += stray.Rows
	}
	for source, filtered := range w.account.Skipped {
		names := map[string]int64{}
		for n, rows := range filtered {
			names[w.Trace.Sources[source].Profile.Filters[n].Reason] += rows
		}
		w.Sources[source].Skipped = most(names)
	}

	reasons, err := w.account.RejectReasons(w.in)
	for source := range maps.Keys(reasons) {
		w.Sources[source].Rejects = most(reasons[source])
	}
	return err
}
