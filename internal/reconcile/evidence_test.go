package reconcile_test

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

// evidence is a night that a test writes down by hand: one manifest source, one
// CDR source and one source of registrations, all settled, each with one
// partition for the day. Times are of that day, such as 10:00 or 10:00:30.5.
type evidence struct {
	*reconcile.Evidence
	events []registration.Event
	lines  []string // what was added, to print with a failure
}

const (
	manifests = iota
	cdrs
	registrations
)

func newEvidence(required ...record.Field) *evidence {
	texts := intern.NewTable()
	day := record.Span{Start: at("00:00"), End: at("24:00")}
	ev := &evidence{Evidence: &reconcile.Evidence{
		Interval: day, Org: texts.OfString("acme"), Texts: texts,
		Policy: &policy.Policy{VoiceMedia: []string{"audio"}, DurationTolerance: time.Second, CoverageTolerance: 2 * time.Second},
	}}
	for kind, name := range []string{"m", "c", "r"} {
		ev.Sources = append(ev.Sources, reconcile.Source{
			Kind: policy.Kind(kind), Name: name, URL: name + "/", Profile: &profile.Profile{Prefixes: []string{"tel:", "sip:"}}, Required: record.Of(required...), Settled: true,
		})
		ev.Partitions = append(ev.Partitions, reconcile.Partition{Source: uint32(kind), Span: day, URL: name + "/day/"})
		ev.Objects = append(ev.Objects, reconcile.Object{Source: uint32(kind), Partition: uint32(kind), Key: name + ".json"})
	}
	ev.Documents = []manifest.Document{{Object: manifests, Partition: manifests}}
	return ev
}

// at returns a time of the day, NoTime for none.
func at(clock string) record.Time {
	if clock == "" {
		return record.NoTime
	}
	var hours, minutes int
	var seconds float64
	if n, _ := fmt.Sscanf(clock, "%d:%d:%g", &hours, &minutes, &seconds); n < 2 {
		panic(clock)
	}
	return record.TimeOf(midnight).Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds*1e9))
}

// entry is an entry as a manifest has it; what is empty is missing.
type entry struct {
	recording, conversation, trunk, line string
	start, end                           string
	ms                                   int64 // duration; 0 is missing
	media, subtype, mediaKey             string
	named                                string // the id that the media key holds
	leg, state, ani, dnis, org           string
	bytes                                string // of the media
	doubtful                             bool   // a time occurs twice
	unidentified                         bool   // no member names the recording or the conversation
}

// add adds entries to the last manifest.
func (ev *evidence) add(entries ...entry) *evidence {
	doc := &ev.Documents[len(ev.Documents)-1]
	for _, in := range entries {
		e := manifest.Entry{
			Doc: uint32(len(ev.Documents) - 1), Index: doc.N, Duration: profile.NoInt,
			MediaType: ev.Texts.OfString(in.media), MediaSubtype: ev.Texts.OfString(in.subtype),
			Start: at(in.start), End: at(in.end), State: ev.Texts.OfString(in.state),
			ANI: ev.Texts.NumberOf([]byte(in.ani)), DNIS: ev.Texts.NumberOf([]byte(in.dnis)),
		}
		of := manifest.Particulars{MediaBytes: profile.NoInt, IDInMediaKey: ev.Texts.OfString(in.named)}
		if in.bytes != "" {
			of.MediaBytes, _ = strconv.ParseInt(in.bytes, 10, 64)
		}
		var given record.Fields
		for _, field := range []struct {
			f    record.Field
			text string
			set  *intern.Text
		}{
			{record.OrgID, in.org, &e.Org},
			{record.LegID, in.leg, &e.Leg},
			{record.RecordingID, in.recording, &e.Recording},
			{record.ConversationID, in.conversation, &e.Conversation},
			{record.TrunkID, in.trunk, &e.Trunk},
			{record.LineID, in.line, &e.Line},
			{record.MediaKey, in.mediaKey, &e.MediaKey},
			{record.StartTime, in.start, new(intern.Text)},
			{record.EndTime, in.end, new(intern.Text)},
		} {
			if *field.set = ev.Texts.OfString(field.text); field.text != "" {
				given.Add(field.f)
			}
		}
		if in.ms != 0 {
			e.Duration = in.ms
			given.Add(record.DurationMS)
		}
		e.Present = uint32(given)
		if !in.unidentified {
			e.Present |= 1 << 30
		}
		if in.doubtful {
			e.Present |= 1 << 31
		}
		ev.Entries, ev.OfEntries = append(ev.Entries, e), append(ev.OfEntries, of)
		doc.N++
		ev.lines = append(ev.lines, fmt.Sprintf("entry %+v", in))
	}
	return ev
}

// leg is a row of a CDR. Without an answer it was answered when it started.
type leg struct {
	conversation, id, recordings string // recordings are separated by spaces
	trunk, line, direction, ani  string
	dnis, org, queues, users     string // lists are separated by spaces
	start, answer, end, updated  string
	talk, pauses                 string // spans such as 10:00-10:05, separated by spaces
	talkMS                       string
	unanswered                   bool
	recorded                     profile.Tri
	invalid                      record.Field // that did not parse, if it is not 0
	saidANI, saidDNIS            string       // the numbers as delivered
	flags                        cdr.LegFlags // apart from those that follow from values
}

// addLegs adds rows to the last CDR.
func (ev *evidence) addLegs(legs ...leg) *evidence {
	for _, in := range legs {
		object := ev.lastCDR()
		row := uint32(0)
		for i := range ev.Legs {
			if ev.Legs[i].Ref.Object == object {
				row++
			}
		}
		l := ev.legOf(in, record.Ref{Object: object, Row: row})
		if in.invalid != 0 {
			for i, f := range record.LegFields {
				if f == in.invalid {
					l.Invalid |= 1 << i
				}
			}
			ev.LegInvalid = append(ev.LegInvalid, reconcile.LegInvalid{Ref: l.Ref, Field: in.invalid, Raw: "?"})
		}
		ev.Legs, ev.Particulars, ev.Updated = append(ev.Legs, l.Shown), append(ev.Particulars, l.Particulars), append(ev.Updated, l.Updated)
		ev.lines = append(ev.lines, fmt.Sprintf("leg %+v", in))
	}
	return ev
}

func (ev *evidence) legOf(in leg, ref record.Ref) cdr.Leg {
	text := ev.Texts.OfString
	list := func(ids string) intern.Text {
		return text(strings.Join(strings.Fields(ids), string(intern.ListSeparator)))
	}
	l := cdr.Leg{Shown: cdr.Shown{
		Org: ev.Org, Conversation: text(in.conversation), ID: text(in.id), Trunk: text(in.trunk), Line: text(in.line), Direction: text(in.direction),
		Queues: list(in.queues), Users: list(in.users), ANI: ev.Texts.NumberOf([]byte(in.ani)), DNIS: ev.Texts.NumberOf([]byte(in.dnis)),
		Start: at(in.start), Answer: at(cmp.Or(in.answer, in.start)), End: at(in.end), Ref: ref,
	}, Particulars: cdr.Particulars{
		TalkMS: -1, SIPStatus: -1, Recorded: in.recorded,
	}, Updated: at(in.updated)}
	if in.org != "" {
		l.Org = text(in.org)
	}
	if in.unanswered {
		l.Answer = record.NoTime
	}
	if in.talkMS != "" {
		ms, _ := strconv.Atoi(in.talkMS)
		l.TalkMS = int32(ms)
	}
	l.Flags = in.flags | cdr.HasStart | cdr.HasEnd | cdr.HasIdentity | cdr.HasAnswer
	if l.Answer.Known() || in.talkMS != "" || in.talk != "" || in.recorded != profile.Unknown {
		l.Flags |= cdr.SaysAnswer
	}

	l.Recordings.At = uint32(len(ev.Recordings))
	for _, id := range strings.Fields(in.recordings) {
		ev.Recordings = append(ev.Recordings, text(id))
		l.Recordings.N++
	}
	l.Talk.At = uint32(len(ev.Talk))
	l.Talk.N = ev.addSpans(in.talk)
	extra := cdr.Extra{Same: hashOf(in), SaidANI: text(in.saidANI), SaidDNIS: text(in.saidDNIS), Pauses: record.Section{At: uint32(len(ev.Talk))}}
	extra.Pauses.N = ev.addSpans(in.pauses)
	ev.Extras = append(ev.Extras, extra)
	l.Extra = uint32(len(ev.Extras))
	return l
}

func (ev *evidence) addSpans(spans string) (n uint32) {
	for _, span := range strings.Fields(spans) {
		start, end, _ := strings.Cut(span, "-")
		ev.Talk = append(ev.Talk, record.Span{Start: at(start), End: at(end)})
		n++
	}
	return n
}

// addSource adds a source with one object for the day. Entries or legs that are
// added from now on are of it.
func (ev *evidence) addSource(kind policy.Kind, name string) *evidence {
	source, partition, object := uint32(len(ev.Sources)), uint32(len(ev.Partitions)), uint32(len(ev.Objects))
	ev.Sources = append(ev.Sources, reconcile.Source{
		Kind: kind, Name: name, URL: name + "/", Profile: ev.Sources[kind].Profile, Required: ev.Sources[manifests].Required, Settled: true,
	})
	ev.Partitions = append(ev.Partitions, reconcile.Partition{Source: source, Span: ev.Partitions[kind].Span, URL: name + "/day/"})
	ev.Objects = append(ev.Objects, reconcile.Object{Source: source, Partition: partition, Key: name + ".json"})
	if kind == policy.Manifests {
		ev.Documents = append(ev.Documents, manifest.Document{Object: object, Partition: partition, First: uint32(len(ev.Entries))})
	}
	ev.lines = append(ev.lines, "source "+name)
	return ev
}

func (ev *evidence) lastCDR() uint32 {
	for i := len(ev.Objects) - 1; ; i-- {
		if ev.Sources[ev.Objects[i].Source].Kind == policy.CDRs {
			return uint32(i)
		}
	}
}

// oneForEachLeg says that every leg of the first CDR has a recording of its own.
func (ev *evidence) oneForEachLeg() *evidence {
	ev.Sources[cdrs].OneForEachLeg = true
	ev.lines = append(ev.lines, "one recording for each leg")
	return ev
}

// hashOf is equal for rows that say the same.
func hashOf(in leg) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v", in)
	return h.Sum64()
}

// addRegistration adds an attempt of a line to register on a trunk.
func (ev *evidence) addRegistration(clock, line, trunk string, status int16) *evidence {
	ev.events = append(ev.events, registration.Event{
		Time: at(clock), Org: ev.Org, Trunk: ev.Texts.OfString(trunk), Line: ev.Texts.OfString(line), Status: status, Expiry: -1, Issued: record.NoTime,
		Ref: record.Ref{Object: registrations, Row: uint32(len(ev.events))},
	})
	ev.lines = append(ev.lines, fmt.Sprintf("registration %s line %s trunk %s: %d", clock, line, trunk, status))
	return ev
}

// damage says that something is missing from the day of a source.
func (ev *evidence) damage(source int) *evidence {
	ev.Partitions[source].Damaged = true
	ev.lines = append(ev.lines, fmt.Sprintf("source %s is damaged", ev.Sources[source].Name))
	return ev
}

// unsettle says that a source may deliver more.
func (ev *evidence) unsettle(source int) *evidence {
	ev.Sources[source].Settled = false
	ev.lines = append(ev.lines, fmt.Sprintf("source %s is not settled", ev.Sources[source].Name))
	return ev
}

// exclude adds an exclusion to the policy.
func (ev *evidence) exclude(x policy.Exclusion) *evidence {
	ev.Policy.Exclusions = append(ev.Policy.Exclusions, x)
	ev.lines = append(ev.lines, fmt.Sprintf("exclusion %+v", x))
	return ev
}

// decided is a decision in the form in which tests compare it.
type decided struct {
	*reconcile.Decision
	t  *testing.T
	ev *evidence
}

func (ev *evidence) decide(t *testing.T) decided {
	ev.Index, ev.Lines = registration.NewIndex(&registration.States{Outages: ev.Outages}), registration.NewLines(ev.events, ev.Texts)
	return decided{reconcile.Decide(ev.Evidence, reconcile.Spread{Part: 3, Each: inOrder, Pause: func() {}}), t, ev}
}

// repairs compares the repairs, as "entry field rule value evidence".
func (d decided) repairs(want ...string) {
	d.t.Helper()
	d.compare("repairs", columns(d.t, d.RepairRows("day"), "entry", "field", "rule", "new_value", "evidence"), want)
}

// findings compares the findings, as "class status recording field detail"
// without what is empty.
func (d decided) findings(want ...string) {
	d.t.Helper()
	d.compare("findings", columns(d.t, d.FindingRows, "class", "status", "recording_id", "field", "detail"), want)
}

// proofs compares the legs, as "leg proof entries covered uncovered".
func (d decided) proofs(want ...string) {
	d.t.Helper()
	d.compare("calls", columns(d.t, d.CallRows, "leg_id", "proof", "entries", "covered_ms", "uncovered_ms"), want)
}

// calls compares the legs, as "leg verdict reason".
func (d decided) calls(want ...string) {
	d.t.Helper()
	d.compare("calls", columns(d.t, d.CallRows, "leg_id", "verdict", "reason"), want)
}

func (d decided) compare(what string, got, want []string) {
	d.t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		d.t.Errorf("%s (-want +got):\n%sof\n  %s", what, diff, strings.Join(d.ev.lines, "\n  "))
	}
}

// columns returns the cells of some columns of a table, those that are not empty
// joined by spaces.
func columns(t *testing.T, rows func(func(*table.Row, error) bool), names ...string) (all []string) {
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

// idOf returns the id of the finding whose class, field and subject a text names.
func idOf(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return fmt.Sprintf("fnd-%x", sum[:8])
}
