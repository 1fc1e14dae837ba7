// Package nighttest writes small nights down for tests of the rules that make a
// decision, decides them and compares the tables that come out.
//
//	night := nighttest.New(record.TrunkID)
//	night.Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"})
//	night.AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Trunk: "T1", Start: "10:00", End: "10:05"})
//	night.Decide(t).WantRepairs("0 trunk_id cdr-conversation T1 c:c.json#0")
package nighttest

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/table"

	gocmp "github.com/google/go-cmp/cmp"
)

// Night is a night that a test writes down by hand: one manifest source, one
// CDR source and one source of registrations, all settled, each with one
// partition for the day. Times are of that day, such as 10:00 or 10:00:30.5.
type Night struct {
	*evidence.Evidence
	events []registration.Event
	Added  []string // what was added, to print with a failure
}

// The sources of a new night, and the objects of the same numbers.
const (
	Manifests = iota
	CDRs
	Registrations
)

// New returns a night without entries and legs. Its manifests require some fields.
func New(required ...record.Field) *Night {
	texts := intern.NewTable()
	day := record.Span{Start: At("00:00"), End: At("24:00")}
	ev := &Night{Evidence: &evidence.Evidence{
		Interval: day, Org: texts.OfString("acme"), Texts: texts,
		Policy: &policy.Policy{VoiceMedia: []string{"audio"}, DurationTolerance: time.Second, CoverageTolerance: 2 * time.Second},
	}}
	for kind, name := range []string{"m", "c", "r"} {
		ev.Sources = append(ev.Sources, evidence.Source{
			Kind: policy.Kind(kind), Name: name, URL: name + "/", Profile: &profile.Profile{Prefixes: []string{"tel:", "sip:"}}, Required: record.Of(required...), Settled: true,
		})
		ev.Partitions = append(ev.Partitions, evidence.Partition{Source: uint32(kind), Span: day, URL: name + "/day/"})
		ev.Objects = append(ev.Objects, evidence.Object{Source: uint32(kind), Partition: uint32(kind), Key: name + ".json"})
	}
	ev.Documents = []manifest.Document{{Object: Manifests, Partition: Manifests}}
	return ev
}

// Midnight begins the day.
var Midnight = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// At returns a time of the day, NoTime for none.
func At(clock string) record.Time {
	if clock == "" {
		return record.NoTime
	}
	var hours, minutes int
	var seconds float64
	if n, _ := fmt.Sscanf(clock, "%d:%d:%g", &hours, &minutes, &seconds); n < 2 {
		panic(clock)
	}
	return record.TimeOf(Midnight).Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds*1e9))
}

// Entry is an entry as a manifest has it; what is empty is missing.
type Entry struct {
	Recording, Conversation, Trunk, Line string
	Start, End                           string
	MS                                   int64 // duration; 0 is missing
	Media, Subtype, MediaKey             string
	Named                                string // the id that the media key holds
	Leg, State, ANI, DNIS, Org           string
	Bytes                                string // of the media
	Doubtful                             bool   // a time occurs twice
	Unidentified                         bool   // no member names the recording or the conversation
}

// Add adds entries to the last manifest.
func (ev *Night) Add(entries ...Entry) *Night {
	doc := &ev.Documents[len(ev.Documents)-1]
	for _, in := range entries {
		e := manifest.Entry{
			Doc: uint32(len(ev.Documents) - 1), Index: doc.N, Duration: profile.NoInt,
			MediaType: ev.Texts.OfString(in.Media), MediaSubtype: ev.Texts.OfString(in.Subtype),
			Start: At(in.Start), End: At(in.End), State: ev.Texts.OfString(in.State),
			ANI: ev.Texts.NumberOf([]byte(in.ANI)), DNIS: ev.Texts.NumberOf([]byte(in.DNIS)),
		}
		of := manifest.Particulars{MediaBytes: profile.NoInt, IDInMediaKey: ev.Texts.OfString(in.Named)}
		if in.Bytes != "" {
			of.MediaBytes, _ = strconv.ParseInt(in.Bytes, 10, 64)
		}
		var given record.Fields
		for _, field := range []struct {
			f    record.Field
			text string
			set  *intern.Text
		}{
			{record.OrgID, in.Org, &e.Org},
			{record.LegID, in.Leg, &e.Leg},
			{record.RecordingID, in.Recording, &e.Recording},
			{record.ConversationID, in.Conversation, &e.Conversation},
			{record.TrunkID, in.Trunk, &e.Trunk},
			{record.LineID, in.Line, &e.Line},
			{record.MediaKey, in.MediaKey, &e.MediaKey},
			{record.StartTime, in.Start, new(intern.Text)},
			{record.EndTime, in.End, new(intern.Text)},
		} {
			if *field.set = ev.Texts.OfString(field.text); field.text != "" {
				given.Add(field.f)
			}
		}
		if in.MS != 0 {
			e.Duration = in.MS
			given.Add(record.DurationMS)
		}
		e.Present = uint32(given)
		if !in.Unidentified {
			e.Present |= 1 << 30
		}
		if in.Doubtful {
			e.Present |= 1 << 31
		}
		ev.Entries, ev.OfEntries = append(ev.Entries, e), append(ev.OfEntries, of)
		doc.N++
		ev.Added = append(ev.Added, fmt.Sprintf("entry %+v", in))
	}
	return ev
}

// Leg is a row of a CDR. Without an answer it was answered when it started.
type Leg struct {
	Conversation, ID, Recordings string // recordings are separated by spaces
	Trunk, Line, Direction, ANI  string
	DNIS, Org, Queues, Users     string // lists are separated by spaces
	Start, Answer, End, Updated  string
	Talk, Pauses                 string // spans such as 10:00-10:05, separated by spaces
	TalkMS                       string
	Unanswered                   bool
	Recorded                     profile.Tri
	Invalid                      record.Field // that did not parse, if it is not 0
	SaidANI, SaidDNIS            string       // the numbers as delivered
	Flags                        cdr.LegFlags // apart from those that follow from values
}

// AddLegs adds rows to the last CDR.
func (ev *Night) AddLegs(legs ...Leg) *Night {
	for _, in := range legs {
		object := ev.lastCDR()
		row := uint32(0)
		for i := range ev.Legs {
			if ev.Legs[i].Ref.Object == object {
				row++
			}
		}
		l := ev.legOf(in, record.Ref{Object: object, Row: row})
		if in.Invalid != 0 {
			for i, f := range record.LegFields {
				if f == in.Invalid {
					l.Invalid |= 1 << i
				}
			}
			ev.LegInvalid = append(ev.LegInvalid, evidence.LegInvalid{Ref: l.Ref, Field: in.Invalid, Raw: "?"})
		}
		ev.Legs, ev.Particulars, ev.Updated = append(ev.Legs, l.Shown), append(ev.Particulars, l.Particulars), append(ev.Updated, l.Updated)
		ev.Added = append(ev.Added, fmt.Sprintf("leg %+v", in))
	}
	return ev
}

func (ev *Night) legOf(in Leg, ref record.Ref) cdr.Leg {
	text := ev.Texts.OfString
	list := func(ids string) intern.Text {
		return text(strings.Join(strings.Fields(ids), string(intern.ListSeparator)))
	}
	l := cdr.Leg{Shown: cdr.Shown{
		Org: ev.Org, Conversation: text(in.Conversation), ID: text(in.ID), Trunk: text(in.Trunk), Line: text(in.Line), Direction: text(in.Direction),
		Queues: list(in.Queues), Users: list(in.Users), ANI: ev.Texts.NumberOf([]byte(in.ANI)), DNIS: ev.Texts.NumberOf([]byte(in.DNIS)),
		Start: At(in.Start), Answer: At(cmp.Or(in.Answer, in.Start)), End: At(in.End), Ref: ref,
	}, Particulars: cdr.Particulars{
		TalkMS: -1, SIPStatus: -1, Recorded: in.Recorded,
	}, Updated: At(in.Updated)}
	if in.Org != "" {
		l.Org = text(in.Org)
	}
	if in.Unanswered {
		l.Answer = record.NoTime
	}
	if in.TalkMS != "" {
		ms, _ := strconv.Atoi(in.TalkMS)
		l.TalkMS = int32(ms)
	}
	l.Flags = in.Flags | cdr.HasStart | cdr.HasEnd | cdr.HasIdentity | cdr.HasAnswer
	if l.Answer.Known() || in.TalkMS != "" || in.Talk != "" || in.Recorded != profile.Unknown {
		l.Flags |= cdr.SaysAnswer
	}

	l.Recordings.At = uint32(len(ev.Recordings))
	for _, id := range strings.Fields(in.Recordings) {
		ev.Recordings = append(ev.Recordings, text(id))
		l.Recordings.N++
	}
	l.Talk.At = uint32(len(ev.Talk))
	l.Talk.N = ev.addSpans(in.Talk)
	extra := cdr.Extra{Same: hashOf(in), SaidANI: text(in.SaidANI), SaidDNIS: text(in.SaidDNIS), Pauses: record.Section{At: uint32(len(ev.Talk))}}
	extra.Pauses.N = ev.addSpans(in.Pauses)
	ev.Extras = append(ev.Extras, extra)
	l.Extra = uint32(len(ev.Extras))
	return l
}

func (ev *Night) addSpans(spans string) (n uint32) {
	for _, span := range strings.Fields(spans) {
		start, end, _ := strings.Cut(span, "-")
		ev.Talk = append(ev.Talk, record.Span{Start: At(start), End: At(end)})
		n++
	}
	return n
}

// AddSource adds a source with one object for the day. Entries or legs that are
// added from now on are of it.
func (ev *Night) AddSource(kind policy.Kind, name string) *Night {
	source, partition, object := uint32(len(ev.Sources)), uint32(len(ev.Partitions)), uint32(len(ev.Objects))
	ev.Sources = append(ev.Sources, evidence.Source{
		Kind: kind, Name: name, URL: name + "/", Profile: ev.Sources[kind].Profile, Required: ev.Sources[Manifests].Required, Settled: true,
	})
	ev.Partitions = append(ev.Partitions, evidence.Partition{Source: source, Span: ev.Partitions[kind].Span, URL: name + "/day/"})
	ev.Objects = append(ev.Objects, evidence.Object{Source: source, Partition: partition, Key: name + ".json"})
	if kind == policy.Manifests {
		ev.Documents = append(ev.Documents, manifest.Document{Object: object, Partition: partition, First: uint32(len(ev.Entries))})
	}
	ev.Added = append(ev.Added, "source "+name)
	return ev
}

func (ev *Night) lastCDR() uint32 {
	for i := len(ev.Objects) - 1; ; i-- {
		if ev.Sources[ev.Objects[i].Source].Kind == policy.CDRs {
			return uint32(i)
		}
	}
}

// OneForEachLeg says that every leg of the first CDR has a recording of its own.
func (ev *Night) OneForEachLeg() *Night {
	ev.Sources[CDRs].OneForEachLeg = true
	ev.Added = append(ev.Added, "one recording for each leg")
	return ev
}

// hashOf is equal for rows that say the same.
func hashOf(in Leg) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v", in)
	return h.Sum64()
}

// AddRegistration adds an attempt of a line to register on a trunk.
func (ev *Night) AddRegistration(clock, line, trunk string, status int16) *Night {
	ev.events = append(ev.events, registration.Event{
		Time: At(clock), Org: ev.Org, Trunk: ev.Texts.OfString(trunk), Line: ev.Texts.OfString(line), Status: status, Expiry: -1, Issued: record.NoTime,
		Ref: record.Ref{Object: Registrations, Row: uint32(len(ev.events))},
	})
	ev.Added = append(ev.Added, fmt.Sprintf("registration %s line %s trunk %s: %d", clock, line, trunk, status))
	return ev
}

// Damage says that something is missing from the day of a source.
func (ev *Night) Damage(source int) *Night {
	ev.Partitions[source].Damaged = true
	ev.Added = append(ev.Added, fmt.Sprintf("source %s is damaged", ev.Sources[source].Name))
	return ev
}

// Unsettle says that a source may deliver more.
func (ev *Night) Unsettle(source int) *Night {
	ev.Sources[source].Settled = false
	ev.Added = append(ev.Added, fmt.Sprintf("source %s is not settled", ev.Sources[source].Name))
	return ev
}

// Exclude adds an exclusion to the policy.
func (ev *Night) Exclude(x policy.Exclusion) *Night {
	ev.Policy.Exclusions = append(ev.Policy.Exclusions, x)
	ev.Added = append(ev.Added, fmt.Sprintf("exclusion %+v", x))
	return ev
}

// Decided is a decision in the form in which tests compare it.
type Decided struct {
	*reconcile.Decision
	t     *testing.T
	Night *Night
}

// Decide decides the night. Nothing can be added to it afterwards.
func (ev *Night) Decide(t *testing.T) Decided {
	ev.Index, ev.Lines = registration.NewIndex(&registration.States{Outages: ev.Outages}), registration.NewLines(ev.events, ev.Texts)
	return Decided{reconcile.Decide(ev.Evidence, evidence.Spread{Part: 3, Each: InOrder, Pause: func() {}}), t, ev}
}

// WantRepairs compares the repairs, as "entry field rule value evidence".
func (d Decided) WantRepairs(want ...string) {
	d.t.Helper()
	d.Night.Compare(d.t, "repairs", Columns(d.t, d.RepairRows("day"), "entry", "field", "rule", "new_value", "evidence"), want)
}

// WantFindings compares the findings, as "class status recording field detail"
// without what is empty.
func (d Decided) WantFindings(want ...string) {
	d.t.Helper()
	d.Night.Compare(d.t, "findings", Columns(d.t, d.FindingRows, "class", "status", "recording_id", "field", "detail"), want)
}

// WantProofs compares the legs, as "leg proof entries covered uncovered".
func (d Decided) WantProofs(want ...string) {
	d.t.Helper()
	d.Night.Compare(d.t, "calls", Columns(d.t, d.CallRows, "leg_id", "proof", "entries", "covered_ms", "uncovered_ms"), want)
}

// WantCalls compares the legs, as "leg verdict reason".
func (d Decided) WantCalls(want ...string) {
	d.t.Helper()
	d.Night.Compare(d.t, "calls", Columns(d.t, d.CallRows, "leg_id", "verdict", "reason"), want)
}

// Compare compares what was found in a night with what a test wants.
func (ev *Night) Compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%sof\n  %s", what, diff, strings.Join(ev.Added, "\n  "))
	}
}

// Columns returns the cells of some columns of a table, those that are not empty
// joined by spaces.
func Columns(t *testing.T, rows func(func(*table.Row, error) bool), names ...string) (all []string) {
	t.Helper()
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, name := range names {
			if cell := r.Cell(name); cell != "" {
				cells = append(cells, cell)
			}
		}
		all = append(all, strings.Join(cells, " "))
	}
	return all
}

// FindingID returns the id of the finding whose class, field and subject a text names.
func FindingID(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return fmt.Sprintf("fnd-%x", sum[:8])
}

// InOrder runs the parts of a decision one after another.
func InOrder(n int, f func(i int)) {
	for i := range n {
		f(i)
	}
}

// FiveMinutes is an answered leg of c1 from ten o'clock on, and ItsEntry its
// recording, which neither names the other.
var (
	FiveMinutes = Leg{Conversation: "c1", ID: "A", Start: "10:00", End: "10:05"}
	ItsEntry    = Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}
)

// Changed returns a copy of a row, changed.
func Changed[T any](v T, change func(*T)) T { change(&v); return v }

// Pairs returns n legs with the recordings that they list.
func Pairs(n int, change func(*Leg)) *Night {
	ev := New()
	for i := range n {
		id := fmt.Sprintf("%02d", i)
		l := Leg{Conversation: "c" + id, ID: "A", Recordings: "r" + id, Start: "10:00", End: "10:05"}
		if change != nil {
			change(&l)
		}
		ev.Add(Entry{Recording: "r" + id, Conversation: "c" + id, Start: "10:00", End: "10:05"}).AddLegs(l)
	}
	return ev
}

// ExpectingAll makes the policy expect a recording of every call.
func ExpectingAll(ev *Night) *Night {
	ev.Policy.Expect = policy.ExpectAll
	return ev
}
