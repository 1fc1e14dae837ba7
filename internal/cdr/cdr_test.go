package cdr_test

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/manifests"
)

func builtIn(t testing.TB, name string) *profile.Profile {
	t.Helper()
	text, _ := manifests.Profile(name)
	p, err := profile.Load(name, text, "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func read(t *testing.T, prof string, f profile.Format, text string) (*cdr.Batch, *intern.Table) {
	t.Helper()
	texts := intern.NewTable()
	return readWith(t, builtIn(t, prof), texts, f, text), texts
}

func readWith(t *testing.T, p *profile.Profile, texts *intern.Table, f profile.Format, text string) *cdr.Batch {
	t.Helper()
	b, err := cdr.NewReader(p, texts, &stream.Limits{}).Read(bufio.NewReader(strings.NewReader(text)), f, func(rows.Reject) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The same three legs in every format.
const (
	legsJSON = `[{"org_id":"o","conversation_id":"{2ABE7C04-63D1-AB47-4182-6E2653F37546}","leg_id":7,"recording_ids":["r1","r2","r1",""],"trunk_id":"t","line_id":"l","direction":"inbound","ani":"tel:+49 30","dnis":"sip:31@x","user_ids":["u1","u2",null],"queue_ids":"q",` +
		`"start_time":"2026-11-20T08:00:00Z","answer_time":1795161605,"end_time":"2026-11-20T08:01:00.5+00:00","talk":[{"start":"2026-11-20T08:00:05Z","end":"2026-11-20T08:00:06Z"},{"start":1795161610,"end":1795161620}],"pauses":[{"start":1795161612,"end":1795161613},null],"talk_ms":9000,"recorded":true,"updated_at":"2026-11-20T09:00:00Z","sip_status":200,"x":1},
		{"leg_id":"8","start_time":"soon","recorded":"maybe","talk":[{"start":1795161610}],"sip_status":-1,"recording_ids":[],"end_time":0},
		{"leg_id":"9","org_id":null,"recorded":"FALSE","talk":[]}]`
	legsCSV = "org_id,conversation_id,leg_id,recording_ids,trunk_id,line_id,direction,ani,dnis,user_ids,queue_ids,start_time,answer_time,end_time,talk,pauses,talk_ms,recorded,updated_at,sip_status\n" +
		"o,2abe7c04-63d1-ab47-4182-6e2653f37546,7,r1; r2;r1;,t,l,inbound,tel:+49 30,sip:31@x,u1;u2,q,2026-11-20T08:00:00Z,1795161605,2026-11-20T08:01:00.5+00:00,2026-11-20T08:00:05Z/2026-11-20T08:00:06Z;1795161610/1795161620,1795161612/1795161613; ,9000,true,2026-11-20T09:00:00Z,200\n" +
		",,8,,,,,,,,,soon,,0,1795161610,,,maybe,,-1\n,,9,,,,,,,,,,,,,,,FALSE,,\n"
)

// legs makes two batches comparable: the raw text of what did not parse is
// that of the format.
func legs(b *cdr.Batch) (all []cdr.Leg, recordings []intern.Text, talk []record.Span, invalid []record.Field) {
	for _, v := range b.Invalid {
		invalid = append(invalid, v.Field)
	}
	slices.Sort(invalid)
	for _, l := range b.Legs {
		l.Flags &^= cdr.HasStart | cdr.HasEnd | cdr.HasIdentity | cdr.HasAnswer // of JSON alone
		all = append(all, l)
	}
	return all, b.Recordings, b.Talk, invalid
}

func TestEveryFormatGivesTheSameLegs(t *testing.T) {
	p, texts := builtIn(t, "cdrmend"), intern.NewTable()
	want, ids, talk, fields := legs(readWith(t, p, texts, profile.JSON, legsJSON))
	lines := strings.NewReplacer("},\n", "}\n", "[{\"org", "{\"org", "[]}]", "[]}").Replace(legsJSON)
	for f, text := range map[profile.Format]string{profile.JSONLines: lines, profile.CSV: legsCSV} {
		got, gotIDs, gotTalk, gotFields := legs(readWith(t, p, texts, f, text))
		if diff := cmp.Diff([]any{want, ids, talk, fields}, []any{got, gotIDs, gotTalk, gotFields}); diff != "" {
			t.Errorf("%s (-json +%s):\n%s", f, f, diff)
		}
	}
}

func TestTheFieldsOfALeg(t *testing.T) {
	b, texts := read(t, "cdrmend", profile.JSON, legsJSON)
	if len(b.Legs) != 3 || b.Rows != 3 || b.Rejected != 0 || b.Skipped != 0 {
		t.Fatalf("%d legs, %+v", len(b.Legs), b.Reading)
	}
	l := b.Legs[0]
	var got []string
	for _, id := range []intern.Text{l.Org, l.Conversation, l.ID, l.Trunk, l.Line, l.Direction, l.Users, l.Queues} {
		got = append(got, strings.ReplaceAll(texts.String(id), "\x00", "+"))
	}
	for _, number := range []intern.Number{l.ANI, l.DNIS} {
		got = append(got, string(texts.AppendNumber(nil, number)))
	}
	for _, id := range record.SectionOf(l.Recordings, b.Recordings) {
		got = append(got, texts.String(id))
	}
	for _, at := range []record.Time{l.Start, l.Answer, l.End, l.Updated} {
		got = append(got, at.String())
	}
	want := []string{
		"o", "2abe7c04-63d1-ab47-4182-6e2653f37546", "7", "t", "l", "inbound", "u1+u2", "q", "+4930", "31", "r1", "r2",
		"2026-11-20T08:00:00.000000Z", "2026-11-20T08:00:05.000000Z", "2026-11-20T08:01:00.500000Z", "2026-11-20T09:00:00.000000Z",
	}
	if diff := cmp.Diff(want, got); diff != "" || l.Recorded != profile.True || l.SIPStatus != 200 || l.Talk.N != 2 || cdr.ExtraOf(&l.Particulars, b.Extras).Pauses.N != 1 || l.TalkMS != 9000 || l.Invalid != 0 {
		t.Errorf("%+v (-want +got):\n%s", l, diff)
	}
	bad := b.Legs[1]
	if !bad.DidNotParse(record.StartTime) || !bad.DidNotParse(record.Recorded) || !bad.DidNotParse(record.Talk) || bad.DidNotParse(record.EndTime, record.AnswerTime) || bad.Start.Known() || bad.Talk.N != 0 || bad.SIPStatus != profile.NoInt {
		t.Errorf("%+v", bad)
	}
	invalid := []record.Invalid{
		{Row: 1, Field: record.StartTime, Raw: `"soon"`},
		{Row: 1, Field: record.SIPStatus, Raw: "-1"},
		{Row: 1, Field: record.Talk, Raw: `[{"start":1795161610}]`},
		{Row: 1, Field: record.Recorded, Raw: `"maybe"`},
	}
	if diff := cmp.Diff(invalid, b.Invalid); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
	if last := b.Legs[2]; last.Recorded != profile.False || last.Org != intern.None || last.Start.Known() || last.Recordings.N != 0 || last.Invalid != 0 {
		t.Errorf("%+v", last)
	}
}

func TestALocalTimeThatOccursTwiceIsReportedButParsed(t *testing.T) {
	text, _ := manifests.Profile("cdrmend")
	own := strings.Replace(string(text), "cdrs:\n", "cdrs:\n  zone: Europe/Berlin\n", 1)
	p, err := profile.Load("own.yaml", []byte(own), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	b := readWith(t, p, intern.NewTable(), profile.CSV, "start_time,talk\n2026-10-25T02:30:00,2026-10-25T02:30:00/2026-10-25T04:00:00\n")
	l := b.Legs[0]
	if l.Start.String() != "2026-10-25T00:30:00.000000Z" || l.Talk.N != 1 || b.Talk[0].Start != l.Start || l.DidNotParse(record.StartTime, record.Talk) || !l.Flags.Has(cdr.DoubtfulTime) {
		t.Errorf("%+v, talk %v", l, b.Talk)
	}
	want := []record.Invalid{{Field: record.StartTime, Raw: "2026-10-25T02:30:00"}, {Field: record.Talk, Raw: "2026-10-25T02:30:00/2026-10-25T04:00:00"}}
	if diff := cmp.Diff(want, b.Invalid); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
}

// table writes rows of some columns.
func table(columns string, rows ...string) string {
	return columns + "\n" + strings.Join(rows, "\n") + "\n"
}

func TestMissingEndsAndAnswersFollowFromDurations(t *testing.T) {
	const columns = "start_time,answer_time,end_time,duration_ms,talk_ms"
	start, end := at(0), at(60)
	for row, want := range map[string]string{
		start + ",,,60000,":                        " 0-60 answer=",
		start + ",,,60000,20000":                   " 0-60 answer=40",
		start + ",,,0,20000":                       " 0-0 answer=0", // longer than the call
		start + ",,,60000,0":                       " 0-60 answer=",
		start + ",," + end + ",5000,70000":         " 0-60 answer=0",
		start + "," + at(5) + "," + end + ",,1000": " 0-60 answer=5",
		",," + end + ",,10000":                     " -60 answer=50",
		start + ",,soon,60000,":                    " 0-60 answer=", // what does not parse is missing
		start + ",,,,20000":                        " 0- answer=",
		start + ",,,900000000000000000,":           " 0- answer=", // no year of four digits
	} {
		b, texts := read(t, "cdrmend", profile.CSV, table(columns, row))
		if got := tell(b, &b.Legs[0], texts); got != want {
			t.Errorf("%s: got %q, want %q", row, got, want)
		}
	}
}

func TestRowsWithoutIDsAreEqualWhenAllTheirValuesAre(t *testing.T) {
	const row = `{"conversation_id":"{2ABE7C0463D1AB4741826E2653F37546}","recording_ids":["a","b","a"],"ani":"tel:+49 30","user_ids":["u","v"],"start_time":"2026-11-20T08:00:00Z","duration_ms":60000,"talk":[{"start":1795161610,"end":1795161620}],"recorded":"TRUE"}`
	same := func(text string) uint64 {
		b, _ := read(t, "cdrmend", profile.JSON, "["+row+","+text+"]")
		return cdr.ExtraOf(&b.Legs[1].Particulars, b.Extras).Same - cdr.ExtraOf(&b.Legs[0].Particulars, b.Extras).Same
	}
	for _, c := range [][]string{
		{"{2ABE7C0463D1AB4741826E2653F37546}", "2abe7c04-63d1-ab47-4182-6e2653f37546"}, {`"tel:+49 30"`, `"+4930"`}, {"60000", `"060000"`}, {`["a","b","a"]`, `["a","",null,"b"]`}, {`"TRUE"`, `true,"x":1,"talk_ms":null`},
	} {
		if same(strings.Replace(row, c[0], c[1], 1)) != 0 {
			t.Errorf("with %s for %s another row", c[1], c[0])
		}
	}
	for _, c := range [][]string{
		{"7546}", "7547}"},
		{":+49", ":49"},
		{"60000", "60001"},
		{`["a","b","a"]`, `["b","a"]`},
		{`["u","v"]`, `["uv"]`},
		{`"TRUE"`, `"FALSE"`},
		{"TRUE", ""},
		{`"talk"`, `"pauses"`},
		{"08:00:00Z", "08:00:01Z"},
		{`"duration_ms":60000`, `"end_time":"2026-11-20T08:01:00Z"`}, // as read, not as it follows
		{`"user_ids"`, `"queue_ids"`},
	} {
		if same(strings.Replace(row, c[0], c[1], 1)) == 0 {
			t.Errorf("with %s for %s the same row", c[1], c[0])
		}
	}
}

func TestRowsWithoutAnyValueAreSkippedAndThoseWithoutAKnownOneRejected(t *testing.T) {
	for name, c := range map[string]struct {
		format profile.Format
		text   string
		want   string // legs, skipped, of these blank, rejected
	}{
		"cells":             {profile.CSV, table("leg_id,note,start_time", "a,,", ",,", ", ,0000-00-00", ",x,", ",x,0"), "1 2 2 2"},
		"an unparsed value": {profile.CSV, table("leg_id,start_time", ",soon"), "1 0 0 0"},
		"members":           {profile.JSON, `[{},{"x":null,"y":[],"start_time":"0","leg_id":" "},{"x":0},{"x":"a","x":""},{"x":{}},{"sip_status":200}]`, "1 3 3 2"},
		"lines":             {profile.JSONLines, "{}\n{\"x\":true}\n{\"leg_id\":1}\n", "1 1 1 1"},
		"an object":         {profile.JSON, `{}`, "0 1 1 0"},
	} {
		b, _ := read(t, "cdrmend", c.format, c.text)
		if got := fmt.Sprint(len(b.Legs), b.Skipped, b.Blank, b.Rejected); got != c.want || b.Incomplete() != nil {
			t.Errorf("%s: %s legs, skipped, blank and rejected, want %s; %v", name, got, c.want, b.Incomplete())
		}
	}
}

func TestTextsAreKeptAsDeliveredWhereExclusionsAsk(t *testing.T) {
	for said, want := range map[string]string{
		"tel:+49 30": "+4930 +49 30 false", "queue2-sales": "2 queue2-sales true", "client:alice42": "42 client:alice42 true", "sip:42@host": "42 42@host false",
		"TEL:42;phone-context=x": "42 42;phone-context=x false", "42ext": "42 42ext true", "sip:tel:42": "42 tel:42 true", "anonymous": " anonymous true", "42\u00e9": "42 42\u00e9 true", "": "  false",
	} {
		for _, words := range []bool{true, false} {
			texts := intern.NewTable()
			r := cdr.NewReader(builtIn(t, "cdrmend"), texts, &stream.Limits{})
			r.Words = words
			b, err := r.Read(bufio.NewReader(strings.NewReader(table("conversation_id,leg_id,dnis", "c,1,"+said))), profile.CSV, nil)
			if err != nil {
				t.Fatal(err)
			}
			l := b.Legs[0]
			got := fmt.Sprint(string(texts.AppendNumber(nil, l.DNIS)), " ", texts.String(cdr.ExtraOf(&l.Particulars, b.Extras).SaidDNIS), " ", l.Flags.Has(cdr.WordedDNIS))
			if words && got != want || !words && l.Extra != 0 {
				t.Errorf("%q, kept %v: got %q, want %q", said, words, got, want)
			}
		}
	}
}

func TestWhatALegSaysOfItsPlacesAndOfAnAnswer(t *testing.T) {
	const id = cdr.HasIdentity
	for text, want := range map[string]cdr.LegFlags{
		`{"leg_id":1}`:                                    0,
		`{"leg_id":1,"recording_ids":null}`:               id,
		`{"leg_id":1,"conversation_id":""}`:               id,
		`{"leg_id":1,"start_time":null,"duration_ms":{}}`: cdr.HasStart | cdr.HasEnd,
		`{"leg_id":1,"answer_time":"0"}`:                  cdr.HasAnswer,
		`{"leg_id":1,"talk":[]}`:                          cdr.HasAnswer,
		`{"leg_id":1,"talk_ms":0}`:                        cdr.HasAnswer | cdr.SaysAnswer,
		`{"leg_id":1,"recorded":"maybe"}`:                 cdr.HasAnswer | cdr.SaysAnswer,
		`{"leg_id":1,"recorded":false}`:                   cdr.HasAnswer | cdr.SaysAnswer,
		`{"leg_id":1,"talk":"soon"}`:                      cdr.HasAnswer | cdr.SaysAnswer,
	} {
		if b, _ := read(t, "cdrmend", profile.JSON, text); b.Legs[0].Flags != want {
			t.Errorf("%s: flags %b, want %b", text, b.Legs[0].Flags, want)
		}
	}
}
