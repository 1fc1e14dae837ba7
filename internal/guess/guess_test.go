package guess_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/guess"
	"cdrmend/internal/inspect"
	"cdrmend/internal/outside"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// tried guesses a profile from samples and reads them with it.
func tried(t *testing.T, kind string, samples ...guess.Sample) (*guess.Draft, *inspect.Report) {
	t.Helper()
	d, err := guess.Write(kind, samples)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load("draft.yaml", d.Text, kind)
	if err != nil {
		t.Fatalf("%v\n%s", err, d.Text)
	}
	var files []inspect.File
	for _, s := range samples {
		modified := record.TimeOf(time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC))
		files = append(files, inspect.File{Path: "date=2026-11-20/" + s.Name, Modified: modified, Content: bytes.NewReader(s.Content)})
	}
	r, err := inspect.Test(p, files)
	if err != nil {
		t.Fatal(err)
	}
	return d, r
}

func samples(t *testing.T, names ...string) (all []guess.Sample) {
	t.Helper()
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, guess.Sample{Name: name, Content: content})
	}
	return all
}

// examples returns the first value of each field that is filled.
func examples(r *inspect.Report) map[string]string {
	all := map[string]string{}
	for _, f := range r.Fields {
		if f.Rows > 0 {
			all[f.Name] = f.Example
		}
	}
	return all
}

func TestADraftReadsItsOwnSamplesAfterAtMostThreeEditsThatItNames(t *testing.T) {
	const start = "2026-11-20T10:00:00.000000Z"
	for files, test := range map[string]struct {
		kind string
		rows int64  // of records
		want string // field=example
	}{
		"asterisk-headerless.csv":   {"cdrs", 2, "conversation_id=1795172400.1 trunk_id=trunk1 start_time=" + start + " answer_time=2026-11-20T10:00:05.000000Z duration_ms=300000 talk_ms=295000 ani=5550111 dnis=5550100"},
		"freepbx.csv":               {"cdrs", 3, "trunk_id=trunk1 start_time=" + start + " duration_ms=305000 talk_ms=300000 recording_ids=in-201-5550111-20261120-100000-1795172400.1.wav"},
		"connect.jsonl":             {"cdrs", 6, "conversation_id=00000001-0000-4000-8000-000000000000 leg_id=00000001-0000-4000-8000-000000000000 ani=+15550111 dnis=+15550100 answer_time=2026-11-20T10:00:20.000000Z updated_at=2026-11-20T10:06:00.000000Z"},
		"twilio-calls.json":         {"cdrs", 5, "conversation_id=CA0001 trunk_id=TK1 start_time=" + start + " duration_ms=300000 talk_ms=300000"},
		"twilio-recordings.json":    {"manifests", 3, "recording_id=RE0001 conversation_id=CA0001 start_time=2026-11-20T10:00:05.000000Z state=completed"},
		"cucm.csv":                  {"cdrs", 2, "conversation_id=28377 trunk_id=SIPTRUNK1 start_time=" + start + " answer_time=2026-11-20T10:00:10.000000Z talk_ms=300000"},
		"semicolon.csv":             {"cdrs", 2, "conversation_id=c1 leg_id=1 trunk_id=T start_time=" + start},
		"kazoo.jsonl":               {"cdrs", 3, "conversation_id=b0 leg_id=k0 start_time=" + start + " talk_ms=300000"},
		"zoom-calls.json":           {"cdrs", 3, "conversation_id=7001 start_time=" + start + " answer_time=2026-11-20T10:00:05.000000Z"},
		"zoom-recordings.json":      {"manifests", 3, "recording_id=zr1 conversation_id=7001 duration_ms=295000"},
		"duckdb-calls.parquet":      {"cdrs", 30, "conversation_id=c1000 leg_id=l0 recording_ids=rec-0 trunk_id=carrier-a ani=+15551000 start_time=" + start + " answer_time=2026-11-20T10:00:05.000000Z duration_ms=60000 talk_ms=55000"},
		"duckdb-recordings.parquet": {"manifests", 30, "recording_id=rec-0 conversation_id=c1000 start_time=2026-11-20T10:00:05.000000Z duration_ms=55000 state=available"},
		"freeswitch-a_1.json freeswitch-a_3.json freeswitch-b_2.json": {"cdrs", 3, "conversation_id=00000001-0000-4000-8000-0000000000ff ani=+15550111 start_time=" + start},

		"3cx.csv":                      {"cdrs", 3, "conversation_id=00000179-0001 leg_id=h1 ani=100 dnis=5550111 start_time=" + start + " answer_time=2026-11-20T10:00:05.000000Z end_time=2026-11-20T10:05:05.000000Z talk_ms=300000"},
		"five9.csv":                    {"cdrs", 3, "conversation_id=300000000001 ani=5550111 dnis=5550100 start_time=" + start + " duration_ms=310000 talk_ms=300000 recording_ids=300000000001-1.wav"},
		"exporter-calls.xml":           {"cdrs", 3, "conversation_id=c1 leg_id=l1 start_time=" + start + " answer_time=2026-11-20T10:00:05.000000Z end_time=2026-11-20T10:05:00.000000Z"},
		"exporter-recordings.xml":      {"manifests", 2, "recording_id=r1 conversation_id=c1 start_time=2026-11-20T10:00:05.000000Z end_time=2026-11-20T10:05:00.000000Z duration_ms=295000"},
		"brightpattern-recordings.csv": {"manifests", 1, "recording_id=g1.wav conversation_id=g1 start_time=2026-11-20T10:00:05.000000Z duration_ms=295000 state=failed ani=5550111"},
		"recordings-quoted.csv":        {"manifests", 2, "recording_id=r1 conversation_id=c1 trunk_id=leeds start_time=2026-11-20T10:00:05.000000Z duration_ms=295000 state=ok"},
		"paged-recordings.json":        {"manifests", 1, "recording_id=r1 conversation_id=c1 start_time=" + start + " end_time=2026-11-20T10:05:00.000000Z"},

		"ami.csv":                     {"registrations", 2, "time=" + start + " trunk_id=tg1 status=403"},
		"date-and-time-columns.csv":   {"registrations", 1, "time=" + start + " trunk_id=tg1 status=403"},
		"api-gateway.jsonl":           {"registrations", 1, "line_id=L1 status=403"},
		"alb.log":                     {"registrations", 3, "line_id=L1 status=403"},
		"nginx.log":                   {"registrations", 4, "time=2026-11-20T10:00:01.000000Z status=403"},
		"asterisk-chan-sip.log":       {"registrations", 4, "trunk_id=trunk1 status=403"},
		"asterisk-pjsip-outbound.log": {"registrations", 5, "trunk_id=carrier1 status=408"},
		"asterisk-gave-up.log":        {"registrations", 12, "trunk_id=carrier1 status=200"},
		"freeswitch-gateway.log":      {"registrations", 3, "trunk_id=gw1 status=403"},
		"syslog-rfc3164.log":          {"registrations", 2, "time=2026-11-20T10:00:01.000000Z trunk_id=tg1"},
		"oracle-sbc.log":              {"registrations", 1, "trunk_id=tg1 status=403"},
		"audiocodes.log":              {"registrations", 2, "trunk_id=3 status=403"},
		"cucm-alarms.log":             {"registrations", 2, "trunk_id=SIPTrunk1 status=503"},
	} {
		t.Run(files, func(t *testing.T) {
			d, r := tried(t, test.kind, samples(t, strings.Fields(files)...)...)
			got := examples(r)
			for want := range strings.FieldsSeq(test.want) {
				field, value, _ := strings.Cut(want, "=")
				if got[field] != value {
					t.Errorf("%s is %q, want %q", field, got[field], value)
				}
			}
			if r.Records != test.rows || r.Rejected > 0 || !r.Fit() || len(d.Edits) > 3 {
				t.Errorf("%d records, want %d; %d rejects, lacks %v, edits %q", r.Records, test.rows, r.Rejected, r.Lacks, d.Edits)
			}
			for _, f := range r.Fields {
				if f.Invalid > 0 {
					t.Errorf("%d values of %s do not parse, such as %s", f.Invalid, f.Name, f.InvalidExample)
				}
			}
			for _, place := range madeUp(d.Text, samples(t, strings.Fields(files)...)) {
				t.Errorf("%s stands in no sample, and no EDIT says so", place)
			}
			for _, edit := range d.Edits {
				if !bytes.Contains(d.Text, []byte(edit)) {
					t.Errorf("the profile does not name the edit %q", edit)
				}
			}
			if t.Failed() {
				t.Logf("\n%s", d.Text)
			}
		})
	}
}

// madeUp returns the places of fields in a draft that no sample holds, and about which
// the comment above the field has no EDIT.
func madeUp(draft []byte, samples []guess.Sample) (places []string) {
	var all []byte
	for _, s := range samples {
		all = append(all, s.Content...)
	}
	if bytes.HasPrefix(all, []byte("PAR1")) || bytes.Contains(draft, []byte("header: [")) || !bytes.Contains(draft, []byte("  fields:\n")) {
		return nil
	}
	comment := ""
	for line := range strings.Lines(string(draft)) {
		if strings.HasPrefix(line, "    # ") {
			comment = line
			continue
		}
		if !strings.HasPrefix(line, "    ") || strings.Contains(comment, "EDIT") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:^    \w+: \[|, |from: |join: \[)'([^']+)'`).FindAllStringSubmatch(line, -1) {
			if last := m[1][strings.LastIndexAny(m[1], "/@")+1:]; last != "*" && !bytes.Contains(all, []byte(last)) {
				places = append(places, m[1])
			}
		}
	}
	return places
}

func csvOf(header string, rows ...string) guess.Sample {
	return guess.Sample{Name: "a.csv", Content: []byte(header + "\n" + strings.Join(rows, "\n") + "\n")}
}

func TestADraftSaysWhatItCouldNotKnow(t *testing.T) {
	const iso = "2026-11-20T10:00:00Z,2026-11-20T10:00:10Z,2026-11-20T10:01:10Z"
	for name, test := range map[string]struct {
		kind   string
		sample guess.Sample
		text   string // in the profile
		edit   string // among the edits, with a hyphen before it not
	}{
		"a parent":                    {"cdrs", csvOf("id,parent_id,start,answer,end,trunk", "c1,,"+iso+",t", "c2,c1,"+iso+",t"), "conversation_id: ['parent_id', 'id']", "-conversation_id"},
		"a length by its values":      {"cdrs", csvOf("id,start,answer,end,n,trunk", "c1,"+iso+",60,t", "c2,2026-11-20T10:00:00Z,2026-11-20T10:00:10Z,2026-11-20T10:00:40Z,30,t"), "talk_ms: [{from: 'n', then: [{unit: s}]}]", "-unit"},
		"a zone":                      {"cdrs", csvOf("id,start,answer,end,trunk", "c1,2026-11-20 10:00:00,2026-11-20 10:00:10,2026-11-20 10:01:10,t"), "zone: UTC # EDIT", "zone: the zone of the times"},
		"no zone to know":             {"cdrs", csvOf("id,start,answer,end,trunk", "c1,"+iso+",t"), "fields:", "-zone"},
		"day or month":                {"cdrs", csvOf("id,start,end,talk_sec,trunk", "c1,02/03/2026 10:00:00,02/03/2026 10:01:00,50,t"), "'02/01/2006 15:04:05'", "whether the day or the month comes first"},
		"the day is clear":            {"cdrs", csvOf("id,start,end,talk_sec,trunk", "c1,02/13/2026 10:00:00,02/13/2026 10:01:00,50,t"), "'01/02/2006 15:04:05'", "-day or the month"},
		"milliseconds":                {"cdrs", csvOf("id,start,answer,end,duration,trunk", "c1,"+iso+",60000,t"), "talk_ms: [{from: 'duration', then: [{unit: ms}]}]", "-unit"},
		"hours":                       {"cdrs", csvOf("id,start,answer,end,duration,trunk", "c1,"+iso+",0:01:10,t"), "duration_ms: [{from: 'duration', then: [{unit: hh:mm:ss}]}]", "-unit"},
		"an unknown unit":             {"cdrs", csvOf("id,start,duration,trunk", "c1,2026-11-20T10:00:00Z,60,t"), "duration_ms: [{from: 'duration', then: [{unit: s}]}]", "the unit of duration"},
		"a wrong duration":            {"cdrs", csvOf("id,start,answer,end,duration,trunk", "c1,"+iso+",17,t"), "Not mapped: duration_ms: duration is not the time", "-unit"},
		"no trunk":                    {"cdrs", csvOf("id,start,answer,end", "c1,"+iso), "EDIT 1", "fields.trunk_id"},
		"one id of calls":             {"cdrs", csvOf("call_id,start,answer,end,trunk", "c1,"+iso+",t", "c2,"+iso+",t"), "as is conversation_id: no other column can be that of the call", "-conversation_id"},
		"one id of rows":              {"cdrs", csvOf("id,start,answer,end,trunk", "c1,"+iso+",t", "c2,"+iso+",t"), "conversation_id: ['id']", "fields.conversation_id: which place is the same in all rows of one call; id, the id of the row, stands there"},
		"two ids":                     {"cdrs", csvOf("id,call,start,answer,end,trunk", "1,c1,"+iso+",t", "2,c1,"+iso+",t"), "conversation_id: ['call']", "-conversation_id"},
		"times by order":              {"cdrs", csvOf("call,leg,z,y,x,trunk", "c1,1,"+iso+",t"), "answer_time: ['y']", "whether these times are what their order suggests: start_time z, end_time x, answer_time y"},
		"times in disorder":           {"cdrs", csvOf("call,leg,x,trunk", "c1,1,2026-11-20T10:00:00Z,t"), "start_time: ['x']", "fields.end_time: which column says when calls end"},
		"dates and clocks":            {"cdrs", csvOf("call,leg,start date,start time,end date,end time,talk_time,trunk", "c1,1,20.11.2026,10:00:00,20.11.2026,10:01:00,0:00:50,t"), "end_time: [{join: ['end date', 'end time'], with: \" \", then: [{time: ['02.01.2006 15:04:05']}]}]", "-fields"},
		"a date and a span":           {"cdrs", csvOf("call,leg,date,talk time,trunk", "c1,1,20.11.2026,0:00:50,t"), "talk_ms: [{from: 'talk time'", "fields.start_time: which column says when calls start; none holds times"},
		"a twelve-hour clock":         {"cdrs", csvOf("call,leg,date,time,duration,trunk", "c1,1,11/20/2026,1:00:00 PM,0:00:50,t"), "{time: ['1/2/2006 3:04:05 PM']}", "zone: the zone"},
		"a CSV of recordings":         {"manifests", csvOf("id,begin", "r1,2026-11-20T10:00:00Z"), "recording_id: ['id']", "fields.conversation_id, trunk_id, end_time: which place of the samples holds each; where none does, as was assumed, repairs get columns of these names"},
		"a total that is higher":      {"manifests", guess.Sample{Name: "a.json", Content: []byte(`{"recordings":[{"id":"r1","call_id":"c1","trunk":"t","start":"2026-11-20T10:00:00Z","end":"2026-11-20T10:01:00Z"}],"total":5}`)}, "pages: {total: '/total'}", "pages.total: whether /total is how many records there are in all: it is 5, and the samples hold 1"},
		"a total that is lower":       {"manifests", guess.Sample{Name: "a.json", Content: []byte(`{"recordings":[{"id":"r1"},{"id":"r2"}],"total":1}`)}, "Not mapped: pages.total: /total is less than the number of records around it", "-pages"},
		"files of a vendor":           {"cdrs", csvOf("id,method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_ouser", "1,INVITE,f1,t1,call-1@p,200,OK,2026-11-20 10:00:00,5550111,5550100"), "# The built-in profile sip-acc reads 8 of the 10 places, too. Try it first: cdrmend profiles test sip-acc FILE --kind cdrs\n", "fields.trunk_id"},
		"files of a vendor with tabs": {"cdrs", guess.Sample{Name: "a.tsv", Content: []byte("calldate\tsrc\tdst\tchannel\tduration\tbillsec\tuniqueid\n2026-11-20 10:00:00\t1\t2\tPJSIP/t1-00000001\t9\t8\t1.1\n")}, "rows. Each comment says what a guess rests on.\n# EDIT 1", "zone"},
		"tags of SIP":                 {"cdrs", csvOf("call,leg,begin,answered,finish,trunk,from_tag,caller", "c1,1,"+iso+",t,101,202"), "ani: ['caller']", "-ani"},
		"files of nobody":             {"cdrs", csvOf("call,leg,begin,answered,finish,line", "c1,1,"+iso+",t"), "# A profile guessed from 1 rows. Each comment says what a guess rests on.\n# EDIT 1", "fields.trunk_id"},
		"a recorder's flag":           {"cdrs", csvOf("id,start,answer,end,trunk,is_recorded", "c1,"+iso+",t,true"), "recorded: is_recorded is not mapped, as it says that a recording exists", "-recorded"},
		"unknown words":               {"registrations", csvOf("time,trunk,state", "2026-11-20T10:00:00Z,t,Registered", "2026-11-20T10:01:00Z,t,Odd"), "'Odd': 503, 'Registered': 200", "whether these words are failures, as was assumed: Odd"},
		"no header":                   {"cdrs", csvOf("c1,2026-11-20T10:00:00Z,60", "c2,2026-11-20T11:00:00Z,60"), "header: ['c1', 'c2', 'c3']", "fields.trunk_id"},
		"more columns than known":     {"cdrs", guess.Sample{Name: "Master.csv", Content: []byte(`"","1","2","x","c","PJSIP/t1-00000001","PJSIP/201-00000002","Dial","","2026-11-20 10:00:00","2026-11-20 10:00:05","2026-11-20 10:05:00",300,295,"ANSWERED","D","1795172400.1","","p","1795172400.1",7` + "\n")}, "'uniqueid', 'userfield', 'c19', 'c20', 'c21']", "csv.header: what the last columns are, which the built-in profile asterisk does not have: c19, c20, c21"},
		"a head in XML":               {"manifests", guess.Sample{Name: "a.xml", Content: []byte(`<x><meta n="2"/><call Id="7"><Begin>2026-11-20T10:00:00Z</Begin><End>2026-11-20T10:00:30Z</End></call><call Id="8"><Begin>2026-11-20T10:00:00Z</Begin><Length>30</Length></call></x>`)}, "document: {entries: '/x/call'}", "fields.duration_ms: the unit of /Length"},
		"a record in XML":             {"manifests", guess.Sample{Name: "a.xml", Content: []byte(`<x Id="7"><Begin>2026-11-20T10:00:00Z</Begin><party n="1"/><party n="2"/><End>2026-11-20T10:00:30Z</End></x>`)}, "document: {entries: '/x'}", "fields.conversation_id, trunk_id"},
		"seconds with a fraction":     {"manifests", guess.Sample{Name: "a.jsonl", Content: []byte(`{"id":"r","begin":"1795168805.123456789","end":1795169100.5}` + "\n")}, "{epoch: {since: 1970-01-01, unit: s}}", "-start_time: which"},
		"a log of its own":            {"registrations", guess.Sample{Name: "a.log", Content: []byte("2026-11-20 10:00:01 gw: registration of sip:tg1@host failed: 403\n2026-11-20 10:00:02 other\n")}, "(?P<trunk_id>", "whether the trunk is the user of a SIP address, and the first status in a line its answer; 1 of 2 lines"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := tried(t, test.kind, test.sample)
			edits := strings.Join(d.Edits, "\n")
			unwanted, not := strings.CutPrefix(test.edit, "-")
			if !strings.Contains(string(d.Text), test.text) || not && strings.Contains(edits, unwanted) || !not && !strings.Contains(edits, test.edit) {
				t.Errorf("want %q, and the edit %q\nedits: %s\n%s", test.text, test.edit, edits, d.Text)
			}
		})
	}
}

func TestSamplesThatCannotBeUsedAreNamedWithANextAction(t *testing.T) {
	for name, test := range map[string]struct{ kind, content, want string }{
		"no rows":               {"cdrs", "[]", "has no rows: give a sample with some"},
		"broken JSON":           {"cdrs", `[{"a":1`, "a.txt: "},
		"prose":                 {"cdrs", "one\ntwo, three\n", "no delimiter"},
		"nothing known":         {"cdrs", "start,call id\n,\n", "nothing in a.txt looks like a time"},
		"broken Parquet":        {"cdrs", "PAR1....", "a.txt: "},
		"a log of other things": {"registrations", "2026-11-20 10:00:02 something\n", "write the patterns by hand"},
		"lines without times":   {"registrations", "something\nelse\n", "no line of the samples begins with a time"},
	} {
		_, err := guess.Write(test.kind, []guess.Sample{{Name: "a.txt", Content: []byte(test.content)}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if _, err := guess.Write("manifests", []guess.Sample{{Name: "calls/1.wav", Content: []byte("RIFF")}}); err == nil || !strings.Contains(err.Error(), "calls/1.wav is a recording, of which only the name is read") {
		t.Errorf("a recording: %v", err)
	}
	_, err := guess.Write("cdrs", []guess.Sample{{Name: "a", Content: []byte("[{}]")}, {Name: "b", Content: []byte("a,b\n1,2\n")}})
	if err == nil || !strings.Contains(err.Error(), "a is json, and b is csv") {
		t.Errorf("two formats: %v", err)
	}
}

func TestADraftIsValidWhateverTheSamplesAreAndTheSameEachTime(t *testing.T) {
	for _, content := range []string{
		"it's,\"a \"\"b\"\"\",x: y\n1,2,3\n", "a\tb\n1\t2\n", "#c\na;b\n1;2\n", `{"a/b":1,"c~d":{"\u000a- x":"\u0007"},"l":[1,2],"o":[{"x":1},{"x":2}]}`,
		"id,0\nc1,2026-11-20T10:00:00Z\n", `[{"0":{"1":"x"},"start":"2026-11-20T10:00:00Z","état":"é"}]`, "<a><b x='1'/><b x='2'/></a>", "<a><b>1</b><c>2</c></a>",
		"status,state,time,trunk\n\"a'b\",\"x\ny\",2026-11-20T10:00:00Z,t\n", "start,call id\n,\n", "time,trunk,state\n2026-11-20T10:00:00Z,t,s3cret\n", "{\"status\":\"eyJhbGciOiJIUzI1NiJ9.s3cret.s3cret\",\"time\":1795168800}\n{\"status\":\"x\"}\n",
	} {
		for _, kind := range []string{"cdrs", "registrations", "manifests"} {
			s := []guess.Sample{{Name: "a", Content: []byte(content)}}
			first, err := guess.Write(kind, s)
			if err != nil {
				if strings.Contains(err.Error(), "mistake of cdrmend") {
					t.Errorf("%s of %q: %v", kind, content, err)
				}
				continue
			}
			for range 5 {
				if again, _ := guess.Write(kind, s); !bytes.Equal(again.Text, first.Text) {
					t.Fatalf("%s of %q: two drafts differ", kind, content)
				}
			}
			if bytes.Contains(first.Text, []byte("s3cret")) {
				t.Errorf("%s of %q shows a secret:\n%s", kind, content, first.Text)
			}
		}
	}
}

func TestRepairsGoToNoPlaceWhoseValuesNeedSteps(t *testing.T) {
	rows := ""
	for range 20 {
		rows += `{"recording_id":"r","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z","duration_ms":60}` + "\n"
	}
	d, r := tried(t, "manifests", guess.Sample{Name: "a.jsonl", Content: []byte(rows)})
	if got := examples(r)["duration_ms"]; got != "60000" {
		t.Errorf("a duration of 60 s is %s ms\n%s", got, d.Text)
	}
}

func TestParquetThatIsNotWholeIsNamed(t *testing.T) {
	whole := samples(t, "duckdb-calls.parquet")[0]
	for n := 0; n < len(whole.Content); n += outside.Pick(7, 1) {
		if _, err := guess.Write("cdrs", []guess.Sample{{Name: "cut", Content: whole.Content[:n]}}); err == nil {
			t.Fatalf("%d bytes of %d gave a profile", n, len(whole.Content))
		}
	}
}

func TestADraftSaysWhereAListGoesOn(t *testing.T) {
	const row = `{"id":"c1","start_time":"2026-11-20T10:00:00Z"}`
	for members, want := range map[string]string{
		`"next_page_token":"","total_records":7`:   "  pages: {more: '/next_page_token', total: '/total_records'} #",
		`"nextPageToken":"x"`:                      "  pages: {more: '/nextPageToken'} #",
		`"next_page_uri":null`:                     "  pages: {more: '/next_page_uri'} #",
		`"totalHits":7,"cursor":"c"`:               "  pages: {more: '/cursor', total: '/totalHits'} #",
		`"total_records":"7","next":{"a":1}`:       "",
		`"total":7,"page":1`:                       "  pages: {total: '/total'} #",
		`"total":2`:                                "  pages: {total: '/total'} #",
		`"total":1`:                                "", // the number of pages: the list has two elements
		`"total_pages":7,"count":2`:                "",
		`"hasMore":true,"recordCount":2`:           "  pages: {more: '/hasMore', total: '/recordCount'} #",
		`"links":{"next":null},"meta":{"total":2}`: "  pages: {more: '/links/next', total: '/meta/total'} #",
	} {
		d, _ := tried(t, "cdrs", guess.Sample{Name: "a.json", Content: []byte(`{` + members + `,"calls":[` + row + `,` + row + `]}`)})
		if got := strings.Contains(string(d.Text), "  pages:"); got != (want != "") || !strings.Contains(string(d.Text), want) {
			t.Errorf("%s: want %q\n%s", members, want, d.Text)
		}
	}
}

func TestValuesWithoutANewlineAreReadOneByOne(t *testing.T) {
	row := func(id string) string {
		return `{"conversation_id":"` + id + `","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}`
	}
	d, r := tried(t, "cdrs", guess.Sample{Name: "firehose", Content: []byte(row("c1") + row("c2") + row("c3"))})
	if !strings.Contains(string(d.Text), "\n  concatenated: true #") || r.Records != 3 {
		t.Errorf("%d records, want 3:\n%s", r.Records, d.Text)
	}

	if d, _ := tried(t, "cdrs", guess.Sample{Name: "lines", Content: []byte(row("c1") + "\n" + row("c2"))}); strings.Contains(string(d.Text), "concatenated") {
		t.Errorf("lines are no such values:\n%s", d.Text)
	}
	for kind, content := range map[string]string{"manifests": row("c1") + row("c2"), "cdrs": row("c1") + "[" + row("c2")} {
		if _, err := guess.Write(kind, []guess.Sample{{Name: "firehose", Content: []byte(content)}}); err == nil {
			t.Errorf("%s of %q gave a profile", kind, content)
		}
	}
}
