package manifest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// repaired fills every gap of a document with a value that names the entry
// and the field.
func repaired(t testing.TB, p *profile.Profile, key string, text []byte, f profile.Format) string {
	t.Helper()
	b, _ := readText(t, p, intern.NewTable(), key, text, f)
	return written(t, p, text, b, editsFor(b))
}

func editsFor(b *manifest.Batch) []manifest.Edit {
	var edits []manifest.Edit
	if b.Doc.Extra != nil {
		for i := range b.Doc.Extra.Gaps {
			g := &b.Doc.Extra.Gaps[i]
			edits = append(edits, manifest.Edit{Gap: g, Value: fill(g.Field, int(g.Entry))})
		}
	}
	return edits
}

func fill(f record.Field, entry int) string {
	switch f {
	case record.StartTime, record.EndTime:
		return fmt.Sprintf("2026-11-20T08:%02d:0%d.000000Z", entry%60, f-record.StartTime)
	case record.DurationMS:
		return fmt.Sprint(1000 + entry)
	}
	return fmt.Sprintf("new \"%s\\%d\"\n", f, entry)
}

func quoted(f record.Field, entry int) string {
	return string(jsonscan.AppendQuoted(nil, []byte(fill(f, entry))))
}

// draft writes a random entry and what it must become.
type draft struct {
	rng              *rand.Rand
	original, wanted strings.Builder
}

func (d *draft) both(text string) {
	d.original.WriteString(text)
	d.wanted.WriteString(text)
}

func (d *draft) one(texts ...string) string { return texts[d.rng.IntN(len(texts))] }

func (d *draft) space() { d.both(d.one("", "", " ", "\n\t", "\r\n  ")) }

// fields are the required ones in the order in which they are appended.
var fields = []record.Field{record.RecordingID, record.ConversationID, record.TrunkID, record.StartTime, record.EndTime}

func (d *draft) entry(n int) {
	d.both("{")
	members := 0
	member := func(name, before, after string) {
		if members++; members > 1 {
			d.space()
			d.both(",")
		}
		d.space()
		d.both(name)
		d.space()
		d.both(":")
		d.space()
		d.original.WriteString(before)
		d.wanted.WriteString(after)
	}
	unknown := func() {
		for i := range d.rng.IntN(3) {
			raw := d.one(`{"recording_id":null}`, `[1, 2,{"trunk_id":""}]`, `"\u00e9\/\uD83D"`, "\"\xff\"", `-0.50E+2`, `null`, `{ }`)
			member(fmt.Sprintf(`"x%d.%d"`, n, i), raw, raw)
		}
	}
	member(`"line_id"`, `"l"`, `"l"`) // an entry that says nothing is a reject
	order := d.rng.Perm(len(fields))
	absent := map[record.Field]bool{}
	for _, i := range order {
		f := fields[i]
		name := d.one(`"`+f.String()+`"`, `"`+f.String()+`"`, `"\u00`+fmt.Sprintf("%02x", f.String()[0])+f.String()[1:]+`"`)
		valid := `"2026-11-20T07:00:00Z"`
		missing := d.one("null", `""`, `" "`, `"`+"00000000-0000-0000-0000-000000000000"+`"`, `{"not":"a value"}`, "[ ]", "true")
		unknown()
		switch d.rng.IntN(6) {
		case 0:
			absent[f] = true
		case 1:
			member(name, missing, quoted(f, n))
		case 2: // the last spelling counts, and lacks a value
			member(name, valid, valid)
			member(`"`+f.String()+`"`, missing, quoted(f, n))
		case 3: // the last spelling counts, and has one
			member(name, missing, missing)
			member(`"`+f.String()+`"`, valid, valid)
		default:
			member(name, valid, valid)
		}
	}
	for _, f := range fields {
		if !absent[f] {
			continue
		}
		if members++; members > 1 {
			d.wanted.WriteString(",")
		}
		d.wanted.WriteString(`"` + f.String() + `":` + quoted(f, n))
	}
	d.space()
	d.both("}")
}

func drafted(seed uint64) (original, wanted string) {
	d := &draft{rng: rand.New(rand.NewPCG(seed, 7))}
	n := d.rng.IntN(4)
	open, between, end := "[", ",", "]"
	switch d.rng.IntN(4) {
	case 0:
		open, end = `{"format":"cdrmend.manifest/1","recordings":[`, `],"counts":{"total":9}}`
	case 1:
		open, between, end, n = "", "", "", 1
	case 2:
		open = "\xef\xbb\xbf \r\n["
	}
	d.both(open)
	for i := range n {
		if i > 0 {
			d.both(between)
		}
		d.entry(i)
	}
	d.both(end)
	return d.original.String(), d.wanted.String()
}

func TestRepairsChangeTheirValuesAndNoOtherByte(t *testing.T) {
	p := builtIn(t, "cdrmend")
	for seed := range uint64(600) {
		original, want := drafted(seed)
		got := repaired(t, p, "a", []byte(original), profile.JSON)
		if got != want {
			t.Fatalf("seed %d: got\n%q, want\n%q, from\n%q", seed, got, want, original)
		}
		if !json.Valid([]byte(strings.TrimPrefix(got, "\xef\xbb\xbf"))) {
			t.Fatalf("seed %d: %q is no JSON", seed, got)
		}
		if again := repaired(t, p, "a", []byte(got), profile.JSON); again != got {
			t.Fatalf("seed %d: repaired again\n%q, of\n%q", seed, again, got)
		}
		b, _ := readText(t, p, intern.NewTable(), "a", []byte(got), profile.JSON)
		for _, e := range b.Entries {
			for _, f := range fields {
				if !e.Has(f) {
					t.Fatalf("seed %d: entry %d still lacks %s in %q", seed, e.Index, f, got)
				}
			}
		}
	}
}

// FuzzSplice: a repaired document is valid JSON, and repairing it again changes
// nothing.
func FuzzSplice(f *testing.F) {
	for _, sample := range append(samples, `{"recording_id":"a","recording_id":null,"trunk_id":{"x":[]},"start_time":0}`, `[{"a":1},{"b":`) {
		f.Add([]byte(sample))
	}
	for seed := range uint64(5) {
		original, _ := drafted(seed)
		f.Add([]byte(original))
	}
	p := builtIn(f, "cdrmend")
	f.Fuzz(func(t *testing.T, text []byte) {
		b, _ := readText(t, p, intern.NewTable(), "a", text, profile.JSON)
		if r := b.Doc.Extra; r != nil && (r.Truncated != nil || r.Malformed != nil) && r.Recovery == nil {
			return
		}
		got := written(t, p, text, b, editsFor(b))
		if !json.Valid([]byte(strings.TrimPrefix(got, "\xef\xbb\xbf"))) {
			t.Fatalf("%q becomes %q", text, got)
		}
		if again := repaired(t, p, "a", []byte(got), profile.JSON); again != got {
			t.Fatalf("repaired again %q, of %q", again, got)
		}
	})
}

// nested is a profile of one's own with members below others.
const nested = `
manifests:
  formats: [json]
  fields:
    recording_id: [/id, /old_id]
    conversation_id: [/call/id]
    trunk_id: [/call/trunk/id, /trunk]
    start_time: [/timing/start]
    end_time: [/timing/end~1stop]
  time_layouts: ["2006-01-02T15:04:05.000000Z"]
`

func TestWhereARepairedValueGoes(t *testing.T) {
	p, err := profile.Load("nested.yaml", []byte(nested), "manifests")
	if err != nil {
		t.Fatal(err)
	}
	id, call, trunk := quoted(record.RecordingID, 0), quoted(record.ConversationID, 0), quoted(record.TrunkID, 0)
	start, end := quoted(record.StartTime, 0), quoted(record.EndTime, 0)
	callText, timing := `"call":{"id":`+call+`,"trunk":{"id":`+trunk+`}}`, `"timing":{"start":`+start+`,"end/stop":`+end+`}`
	for text, want := range map[string]string{
		`{"id":"i","x":1 }`:                                              `{"id":"i","x":1,` + callText + `,` + timing + ` }`,
		`{"old_id":null,"trunk":"","call":{"id":"c"}}`:                   `{"old_id":` + id + `,"trunk":` + trunk + `,"call":{"id":"c"},` + timing + `}`,
		`{"id":"","old_id":null,"trunk":1,"call":{"id":2}}`:              `{"id":` + id + `,"old_id":null,"trunk":1,"call":{"id":2},` + timing + `}`,
		`{"id":1,"call":{},"timing":{ "start":1800000000 , "x":[] }}`:    `{"id":1,"call":{"id":` + call + `,"trunk":{"id":` + trunk + `}},"timing":{ "start":1800000000 , "x":[],"end/stop":` + end + ` }}`,
		`{"id":1,"call":{"id":1,"trunk":{}},"timing":{"end/stop":null}}`: `{"id":1,"call":{"id":1,"trunk":{"id":` + trunk + `}},"timing":{"end/stop":` + end + `,"start":` + start + `}}`,
		// A parent that is no object counts as absent: a member spelled twice.
		`{"id":1,"trunk":2,"call":null,"timing":"soon"}`: `{"id":1,"trunk":2,"call":null,"timing":"soon","call":{"id":` + call + `},` + timing + `}`,
		// Of parents spelled twice the last counts.
		`{"id":1,"timing":{"start":1800000000,"end/stop":1800000060},"call":{"id":1},"timing":{},"trunk":1}`: `{"id":1,"timing":{"start":1800000000,"end/stop":1800000060},"call":{"id":1},"timing":{"start":` + start + `,"end/stop":` + end + `},"trunk":1}`,
	} {
		if got := repaired(t, p, "a", []byte(text), profile.JSON); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
		if again := repaired(t, p, "a", []byte(want), profile.JSON); again != want {
			t.Errorf("%s\nrepaired again is\n%s", want, again)
		}
	}
}

func TestAFieldWithoutAPlaceIsAppendedUnderItsName(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte(strings.ReplaceAll(nested, "trunk_id", "line_id")), "manifests")
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"id":"i","call":{"id":"c"},"timing":{"start":1800000000,"end/stop":1800000060} }`
	want := strings.Replace(text, " }", `,"trunk_id":`+quoted(record.TrunkID, 0)+` }`, 1)
	if got := repaired(t, p, "a", []byte(text), profile.JSON); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRepairsInALineStayInTheLine(t *testing.T) {
	p := builtIn(t, "cdrmend")
	const bad = "this is no JSON\n"
	oneLine := strings.NewReplacer("\n", " ", "\r", " ")
	var text, want string
	for n := range 40 {
		if n == 7 {
			text += bad
			continue
		}
		d := &draft{rng: rand.New(rand.NewPCG(uint64(n), 9))}
		d.entry(n)
		text += oneLine.Replace(d.original.String()) + "\r\n"
		want += oneLine.Replace(d.wanted.String()) + "\r\n"
	}
	if diff := cmp.Diff(want, repaired(t, p, "a.jsonl", []byte(text), profile.JSONLines)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A document may be of any size, so nothing may be kept for each of its edits.
func TestWritingTakesNoMemoryForEachEdit(t *testing.T) {
	p := builtIn(t, "cdrmend")
	const entry = `{"recording_id":null}` + "\n"
	taken := func(count int) uint64 {
		gaps := make([]manifest.Gap, count)
		for n := range gaps {
			at := int64(n * len(entry))
			gaps[n] = manifest.Gap{Entry: uint32(n), Field: record.RecordingID, Start: at + 16, Size: 4}
		}
		edits := func(yield func(manifest.Edit) bool) {
			for n := range gaps {
				if !yield(manifest.Edit{Gap: &gaps[n], Value: "r"}) {
					return
				}
			}
		}
		var before, after runtime.MemStats
		text, out := strings.NewReader(strings.Repeat(entry, count)), &counter{}
		runtime.ReadMemStats(&before)
		if err := manifest.Write(out, text, p, &manifest.Document{}, edits); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if want := count * (len(entry) - 1); out.n != want {
			t.Fatalf("%d bytes were written, want %d", out.n, want)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	const buffers = 200_000 // which are used again, unless the collector came
	if few, many := taken(100), taken(100_000); many > few+buffers {
		t.Errorf("100 edits take %d bytes, 100,000 take %d", few, many)
	}
}

// counter counts what is written.
type counter struct{ n int }

func (c *counter) Write(b []byte) (int, error) {
	c.n += len(b)
	return len(b), nil
}
