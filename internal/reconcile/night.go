package reconcile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"cdrmend/internal/doubt"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// NightFormat is the version of a [Night] as JSON.
const NightFormat = "cdrmend.night/1"

// Night is what a decision found out about the night as a whole. A decision about a
// part of the rows is given it ([ExplainPart]), and is right about every conversation
// all of whose rows are in that part. Sources, partitions and objects are numbers, in
// the order in which a run lists them.
type Night struct {
	Format string         `json:"format"`
	RunID  string         `json:"run_id"`
	Facts  evidence.Night `json:"facts"`
	Units  []uint32       `json:"odd_units"` // sources whose durations are in another unit
	Doubts doubt.Night    `json:"doubts"`
	Likes  []Match        `json:"look_alikes"`
	Across []Across       `json:"across_conversations"`
	Links  []Link         `json:"links"`

	// Channels has how many channels recordings of each source usually have, when media
	// were looked into.
	Channels []uint16 `json:"channels,omitempty"`
}

// Match is a leg and an entry that have to do with each other.
type Match struct {
	Leg   record.Ref `json:"leg"`
	Entry record.Ref `json:"entry"`
}

// Across is a recording that legs and entries of several conversations have, or of none.
type Across struct {
	Legs          []record.Ref `json:"legs"` // that list it
	Entries       []record.Ref `json:"entries"`
	Conversations []string     `json:"conversations"` // of all of them
}

// Link is a conversation or a recording that rows of margins have. The tables do not
// show these rows.
type Link struct {
	ID   string       `json:"id"`
	Rows []record.Ref `json:"rows"`
}

// Write writes a night as JSON. A run has equal nights for equal inputs.
func (n *Night) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(n)
}

// ParseNight reads a night.
func ParseNight(raw []byte) (*Night, error) {
	n := new(Night)
	if err := json.Unmarshal(raw, n); err != nil {
		return nil, fmt.Errorf("reading the facts of a night: %w", err)
	}
	if n.Format != NightFormat {
		return nil, fmt.Errorf("the facts of the night have the format %q: they were written by another version", n.Format)
	}
	return n, nil
}

// Reach adds to some rows those that have to do with them or with an id of theirs, and
// to the ids those of these rows. It returns the ids that are new: the tables may name
// more rows that have them.
func (n *Night) Reach(ids map[string]bool, rows map[record.Ref]bool) (added []string) {
	for _, l := range n.Links {
		if ids[l.ID] {
			for _, row := range l.Rows {
				rows[row] = true
			}
		}
	}
	for _, m := range n.Likes {
		if rows[m.Leg] || rows[m.Entry] {
			rows[m.Leg], rows[m.Entry] = true, true
		}
	}
	for _, a := range n.Across {
		all := slices.Concat(a.Legs, a.Entries)
		if !slices.ContainsFunc(all, func(row record.Ref) bool { return rows[row] }) {
			continue
		}
		for _, row := range all {
			rows[row] = true
		}
		for _, id := range a.Conversations {
			if !ids[id] {
				ids[id] = true
				added = append(added, id)
			}
		}
	}
	return added
}

// check fails when the evidence is not that of a part of the night.
func (n *Night) check(ev *evidence.Evidence) error {
	for _, source := range n.Units {
		if int(source) >= len(ev.Sources) {
			return fmt.Errorf("the facts of the night name source %d of %d", source, len(ev.Sources))
		}
	}
	return n.Doubts.Check(ev)
}

// whole finds out what holds for a night as a whole, or knows it from a decision about
// all of its rows.
type whole struct {
	given *Night // nil: the rows are all there
	units []match.OddUnit

	usual []uint16 // channels by source
}

func (w *whole) facts(ev *evidence.Evidence, spread evidence.Spread) *evidence.Facts {
	if w.given != nil {
		return w.given.Facts.FactsOf(ev)
	}
	return evidence.FactsOf(ev, spread)
}

func (w *whole) oddUnits(legs *match.LegGroups, states []match.EntryState, owned match.Ownership) {
	if w.given != nil {
		match.MarkOddUnits(legs, states, w.given.Units)
		return
	}
	w.units = match.OddUnits(legs, states, owned)
}

// channels returns how many channels recordings of each source usually have.
func (w *whole) channels(ev *evidence.Evidence, states []match.EntryState, owned match.Ownership) []uint16 {
	if w.given == nil {
		w.usual = usualChannels(ev, states, owned.Entries)
		return w.usual
	}
	usual := make([]uint16, len(ev.Sources))
	copy(usual, w.given.Channels)
	return usual
}

func (w *whole) expects(duties *match.Duties, states []match.EntryState, owned match.Ownership) [policy.NumKinds]bool {
	if w.given != nil {
		return w.given.Facts.Expects()
	}
	return owned.Expects(duties, states)
}

func (w *whole) acceptBlanks(legs *match.LegGroups, duties *match.Duties, pairs *match.Pairs, owned match.Ownership) {
	if w.given != nil {
		legs.Facts.AcceptBlankLists(w.given.Facts.EmptyLists)
		return
	}
	legs.Facts.AcceptBlanks(legs.Documents, lacksRecording(legs, duties, pairs, owned.Legs))
}

func (w *whole) doubts(legs *match.LegGroups, entries *match.EntryGroups, duties *match.Duties, owned match.Ownership) *doubt.Sources {
	if w.given != nil {
		return w.given.Doubts.AboutSources(legs)
	}
	return doubt.AboutSources(legs, entries, duties, owned)
}

func (w *whole) likes(legs *match.LegGroups, entries *match.EntryGroups, duties *match.Duties, pairs *match.Pairs) map[uint32]uint32 {
	if w.given == nil {
		return match.LookAlikes(legs, entries, duties, pairs)
	}

	likes := map[uint32]uint32{}
	for _, l := range w.given.Likes {
		leg, hasLeg := legAt(legs.Evidence, l.Leg)
		entry, hasEntry := entryAt(legs.Evidence, l.Entry)
		if hasLeg && hasEntry {
			likes[leg] = entry
		}
	}
	return likes
}

// notices say what the night as a whole shows. Of a part there are none.
func (w *whole) notices(d *Decision, facts *evidence.Facts, doubts *doubt.Sources, duties *match.Duties, states []match.EntryState) Notices {
	if w.given != nil {
		return Notices{}
	}
	n := noticesOf(d, facts, doubts)
	for _, odd := range w.units {
		n.Warnings = append(n.Warnings, odd.Warning(d.Evidence))
	}
	n.Warnings = append(n.Warnings, oddities(d, duties.ToRecord, states)...)
	return n
}

// links returns the links of the rows that are all there.
func (w *whole) links(ev *evidence.Evidence, entries *match.EntryGroups, owned match.Ownership) *linker {
	if w.given != nil {
		return nil
	}
	return linksOf(ev, entries, owned)
}

// night returns what was found out, for later decisions about a part.
func (w *whole) night(legs *match.LegGroups, doubts *doubt.Sources, likes map[uint32]uint32, links *linker) *Night {
	if w.given != nil {
		return w.given
	}
	ev := legs.Evidence
	n := &Night{Format: NightFormat, Facts: legs.Facts.Night(ev.Texts), Units: []uint32{}, Doubts: doubts.Night(), Likes: []Match{}, Across: links.joins(), Links: links.list()}
	for _, odd := range w.units {
		n.Units = append(n.Units, odd.Source)
	}
	if ev.Media != nil && ev.Media.Headers {
		n.Channels = w.usual
	}
	for leg, entry := range likes {
		n.Likes = append(n.Likes, Match{ev.Legs[leg].Ref, refOfEntry(ev, entry)})
	}
	slices.SortFunc(n.Likes, func(a, b Match) int { return compareRefs(a.Leg, b.Leg) })
	return n
}

func refOfEntry(ev *evidence.Evidence, n uint32) record.Ref {
	return record.Ref{Object: ev.Documents[ev.Entries[n].Doc].Object, Row: ev.Entries[n].Index}
}

// linker collects the links of a night.
type linker struct {
	*evidence.Evidence
	near   []uint64 // bits by text: ids of rows that belong to the interval, or are linked to one
	found  map[link]bool
	across []across
	ofID   map[uint64]int // which of across a recording is; the keys are of evidence.KeyOf
}

// across is what becomes an [Across].
type across struct {
	legs, entries []record.Ref
	conversations []intern.Text
}

type link struct {
	id  intern.Text
	row record.Ref
}

// linksOf returns the links of a night. It needs the particulars of legs.
func linksOf(ev *evidence.Evidence, entries *match.EntryGroups, owned match.Ownership) *linker {
	l := &linker{Evidence: ev, near: make([]uint64, ev.Texts.Limit()/64+1), found: map[link]bool{}, ofID: map[uint64]int{}}
	for n := range uint32(len(ev.Legs)) {
		if owned.Legs[n] {
			l.leg(n, l.mark)
		}
		l.join(n, entries.ByRecording)
	}
	for n := range uint32(len(ev.Entries)) {
		if owned.Entries[n] {
			l.entry(n, l.mark)
		}
	}
	l.margins(owned)
	for _, s := range ev.Stops {
		if n, ok := legAt(ev, s.Leg); ok && s.Leg.Object != s.Row.Object {
			l.leg(n, func(id intern.Text) bool { return l.add(id, s.Row) })
		}
	}
	return l
}

// mostRounds is how often the rows of margins are looked at. A chain of more of them,
// each linked by the one before only, stays without links.
const mostRounds = 5

// margins links the rows of margins that share an id with a row of the interval, or
// with another row that does.
func (l *linker) margins(owned match.Ownership) {
	is := func(id intern.Text) bool { return id != intern.None && l.near[id.Index()/64]>>(id.Index()%64)&1 == 1 }
	linked := struct{ legs, entries match.Marks }{make(match.Marks, len(l.Legs)), make(match.Marks, len(l.Entries))}
	for range mostRounds {
		more := false
		visit := func(n uint32, done match.Marks, ids func(uint32, func(intern.Text) bool) bool, row record.Ref) {
			if done[n] || !ids(n, is) {
				return
			}
			done[n], more = true, true
			ids(n, l.mark)
			ids(n, func(id intern.Text) bool { return l.add(id, row) })
		}
		for n := range uint32(len(l.Legs)) {
			if !owned.Legs[n] {
				visit(n, linked.legs, l.leg, l.Legs[n].Ref)
			}
		}
		for n := range uint32(len(l.Entries)) {
			if !owned.Entries[n] {
				visit(n, linked.entries, l.entry, refOfEntry(l.Evidence, n))
			}
		}
		if !more {
			return
		}
	}
}

// leg calls a function for each id of a leg until it returns true, which leg then
// returns, too. So does entry for an entry.
func (l *linker) leg(n uint32, visit func(id intern.Text) bool) bool {
	return visit(l.Legs[n].Conversation) || slices.ContainsFunc(l.Listed(n), visit)
}

func (l *linker) entry(n uint32, visit func(id intern.Text) bool) bool {
	return visit(l.Entries[n].Conversation) || visit(l.Entries[n].Recording)
}

// mark marks an id, and asks for more.
func (l *linker) mark(id intern.Text) bool {
	l.near[id.Index()/64] |= 1 << (id.Index() % 64)
	return false
}

// add links an id with a row, and asks for more.
func (l *linker) add(id intern.Text, row record.Ref) bool {
	if id != intern.None {
		l.found[link{id, row}] = true
	}
	return false
}

// fewEntries is how many entries of a recording are compared with each leg that lists it.
// Where there are more, it counts as one of several conversations: the time for many
// legs and many entries of one id would grow with their product.
const fewEntries = 8

// join notes the recordings that a leg lists whose entries are of another conversation,
// or of none.
func (l *linker) join(n uint32, byRecording *evidence.Index) {
	leg := &l.Legs[n]
	elsewhere := func(entry uint32) bool {
		id := l.Entries[entry].Conversation
		return id == intern.None || id != leg.Conversation
	}
	for _, recording := range l.Listed(n) {
		entries := byRecording.Find(leg.Org, recording)
		key := evidence.KeyOf(leg.Org, recording)
		at, known := l.ofID[key]
		if !known && len(entries) <= fewEntries && !slices.ContainsFunc(entries, elsewhere) {
			continue
		}
		if !known {
			at = len(l.across)
			l.ofID[key] = at
			l.across = append(l.across, l.entriesOf(entries))
		}
		a := &l.across[at]
		a.legs, a.conversations = append(a.legs, leg.Ref), append(a.conversations, leg.Conversation)
	}
}

func (l *linker) entriesOf(entries []uint32) (a across) {
	for _, n := range entries {
		a.entries = append(a.entries, refOfEntry(l.Evidence, n))
		a.conversations = append(a.conversations, l.Entries[n].Conversation)
	}
	return a
}

// joins returns the recordings of several conversations, in the order of the first legs
// that list them.
func (l *linker) joins() []Across {
	list := []Across{}
	for _, a := range l.across {
		out := Across{Legs: a.legs, Entries: a.entries, Conversations: []string{}}
		slices.Sort(a.conversations)
		for _, id := range slices.Compact(a.conversations) {
			if id != intern.None {
				out.Conversations = append(out.Conversations, l.Texts.String(id))
			}
		}
		slices.Sort(out.Conversations)
		list = append(list, out)
	}
	return list
}

// list returns the links in the order of ids and rows.
func (l *linker) list() []Link {
	all := make([]link, 0, len(l.found))
	for k := range l.found {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b link) int {
		return cmp.Or(l.Texts.Compare(a.id, b.id), compareRefs(a.row, b.row))
	})

	list := []Link{}
	for i, k := range all {
		if i == 0 || all[i-1].id != k.id {
			list = append(list, Link{ID: l.Texts.String(k.id)})
		}
		last := &list[len(list)-1]
		last.Rows = append(last.Rows, k.row)
	}
	return list
}
