package cdr_test

import (
	"bufio"
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
	legsJSON = `[{"org_id":"o","conversation_id":"{2ABE7C04-63D1-AB47-4182-6E2653F37546}","leg_id":7,"recording_ids":["r1","r2","r1",""],"trunk_id":"t","line_id":"l","direction":"inbound","ani":"tel:+49 30","dnis":"sip:31@x",` +
		`"start_time":"2026-11-20T08:00:00Z","answer_time":1795161605,"end_time":"2026-11-20T08:01:00.5+00:00","talk":[{"start":"2026-11-20T08:00:05Z","end":"2026-11-20T08:00:06Z"},{"start":1795161610,"end":1795161620}],"recorded":true,"updated_at":"2026-11-20T09:00:00Z","sip_status":200,"x":1},
		{"leg_id":"8","start_time":"soon","recorded":"maybe","talk":[{"start":1795161610}],"sip_status":-1,"recording_ids":[],"end_time":0},
		{"leg_id":"9","org_id":null,"recorded":"FALSE","talk":[]}]`
	legsCSV = "org_id,conversation_id,leg_id,recording_ids,trunk_id,line_id,direction,ani,dnis,start_time,answer_time,end_time,talk,recorded,updated_at,sip_status\n" +
		"o,2abe7c04-63d1-ab47-4182-6e2653f37546,7,r1; r2;r1;,t,l,inbound,tel:+49 30,sip:31@x,2026-11-20T08:00:00Z,1795161605,2026-11-20T08:01:00.5+00:00,2026-11-20T08:00:05Z/2026-11-20T08:00:06Z;1795161610/1795161620,true,2026-11-20T09:00:00Z,200\n" +
		",,8,,,,,,,soon,,0,1795161610,maybe,,-1\n,,9,,,,,,,,,,,FALSE,,\n"
)

// legs makes two batches comparable: the raw text of what did not parse is
// that of the format.
func legs(b *cdr.Batch) (all []cdr.Leg, recordings []intern.Text, talk []record.Span, invalid []record.Field) {
	for _, v := range b.Invalid {
		invalid = append(invalid, v.Field)
	}
	return b.Legs, b.Recordings, b.Talk, invalid
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
	for _, id := range []intern.Text{l.Org, l.Conversation, l.ID, l.Trunk, l.Line, l.Direction, l.ANI, l.DNIS} {
		got = append(got, texts.String(id))
	}
	for _, id := range record.SectionOf(l.Recordings, b.Recordings) {
		got = append(got, texts.String(id))
	}
	for _, at := range []record.Time{l.Start, l.Answer, l.End, l.Updated} {
		got = append(got, at.String())
	}
	want := []string{
		"o", "2abe7c04-63d1-ab47-4182-6e2653f37546", "7", "t", "l", "inbound", "+4930", "31", "r1", "r2",
		"2026-11-20T08:00:00.000000Z", "2026-11-20T08:00:05.000000Z", "2026-11-20T08:01:00.500000Z", "2026-11-20T09:00:00.000000Z",
	}
	if diff := cmp.Diff(want, got); diff != "" || l.Recorded != profile.True || l.SIPStatus != 200 || l.Talk.N != 2 || l.Invalid != 0 {
		t.Errorf("%+v (-want +got):\n%s", l, diff)
	}
	bad := b.Legs[1]
	if !bad.DidNotParse(record.StartTime) || !bad.DidNotParse(record.Recorded) || !bad.DidNotParse(record.Talk) || bad.DidNotParse(record.EndTime, record.AnswerTime) || bad.Start.Known() || bad.Talk.N != 0 || bad.SIPStatus != profile.NoInt {
		t.Errorf("%+v", bad)
	}
	invalid := []record.Invalid{
		{Row: 1, Field: record.StartTime, Raw: `"soon"`},
		{Row: 1, Field: record.Recorded, Raw: `"maybe"`},
		{Row: 1, Field: record.SIPStatus, Raw: "-1"},
		{Row: 1, Field: record.Talk, Raw: `[{"start":1795161610}]`},
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
	if l.Start.String() != "2026-10-25T00:30:00.000000Z" || l.Talk.N != 1 || b.Talk[0].Start != l.Start || l.DidNotParse(record.StartTime, record.Talk) {
		t.Errorf("%+v, talk %v", l, b.Talk)
	}
	want := []record.Invalid{{Field: record.StartTime, Raw: "2026-10-25T02:30:00"}, {Field: record.Talk, Raw: "2026-10-25T02:30:00/2026-10-25T04:00:00"}}
	if diff := cmp.Diff(want, b.Invalid); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
}
