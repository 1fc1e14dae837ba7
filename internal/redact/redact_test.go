package redact_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/table"

	"github.com/google/go-cmp/cmp"
)

var (
	ops     = redact.New(policy.Report{})
	counsel = redact.New(policy.Report{Redact: policy.RedactNothing})
	public  = redact.New(policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("5d0c1e8f2b7a4c6d9e3f0a1b2c3d4e5f")})
	another = redact.New(policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("f5e4d3c2b1a0f3e9d6c4a7b2f8e1c0d5")})

	schemas = []*table.Schema{table.Findings, table.Repairs, table.Calls, table.Outages, table.Recordings, table.History}
)

// cells fills columns of a row by their names, all others stay missing.
type cells map[string]string

func (c cells) row(s *table.Schema) *table.Row {
	r := new(table.Row)
	r.Reset(s)
	for _, column := range s.Columns {
		if v, ok := c[column.Name]; ok {
			r.AddText(v)
		} else {
			r.AddNull()
		}
	}
	return r
}

// show returns one cell of a row as it is shown.
func show(r *redact.Redactor, s *table.Schema, c cells, column string) string {
	return r.Row(new(table.Row), c.row(s)).Text(s.Index(column))
}

// ours are the columns whose texts are words of the program or of the
// configuration.
var ours = []string{
	"class", "severity", "status", "field", "proof", "harmless", "began", "source", "first_source", "last_source", "outage_cause", "outage_relation",
	"interval", "rule", "verdict", "reason", "matched_by", "ended_by", "cause", "causes",
}

func TestThePublicSeesNothingFromOutside(t *testing.T) {
	classes := []string{"", "missing_recording", "media_missing", "metadata_missing", "conflict", "ambiguous_field", "invalid_field"}
	fields := []string{"", "ani", "recording_id", "conversation_id", "trunk_id", "org_id"}
	for _, s := range schemas {
		for _, column := range s.Columns {
			if column.Kind != table.Text || slices.Contains(ours, column.Name) || s == table.History && column.Name == "state" {
				continue
			}
			for _, v := range []string{"secret", "a;secret", "entry=secret;other=secret;source=cdr", "entry=x;source=secret", "m:secret#1", "m:a#secret;+1", "secret:k#1", "like=secret", "like=m:secret#1", "void=secret", "state=secret", "bytes=secret"} {
				for _, class := range classes {
					for _, field := range fields {
						if column.Name == "detail" && class == "" {
							continue // written by the program
						}
						c := cells{column.Name: v}
						if slices.ContainsFunc(s.Columns, func(c table.Column) bool { return c.Name == "class" }) {
							c["class"] = class
						}
						c["field"] = field
						if got := show(public, s, c, column.Name); strings.Contains(got, "secret") {
							t.Errorf("%s.%s (class %q, field %q): %q is shown as %q", s.Name, column.Name, class, field, v, got)
						}
					}
				}
			}
		}
	}
}

func TestUsualWordsOfExportsAreShown(t *testing.T) {
	for column, word := range map[string]string{"direction": "inbound", "media_type": "Call", "media_subtype": "screen"} {
		for _, r := range []*redact.Redactor{ops, public} {
			if got := show(r, table.Recordings, cells{column: word}, column); got != word {
				t.Errorf("%s %q is shown as %q", column, word, got)
			}
		}
		if got := show(ops, table.Recordings, cells{column: "to +4930123456"}, column); got != "to +********56" {
			t.Errorf("%s with a number is shown as %q", column, got)
		}
	}
}

func TestAPseudonymStandsForOneValueUnderOneKey(t *testing.T) {
	finding := show(public, table.Findings, cells{"conversation_id": "c1"}, "conversation_id")
	if call := show(public, table.Calls, cells{"conversation_id": "c1"}, "conversation_id"); call != finding || !strings.HasPrefix(finding, "con-") || len(finding) != 20 {
		t.Errorf("c1 is %q in findings and %q in calls", finding, call)
	}
	if other := show(public, table.Calls, cells{"conversation_id": "c2"}, "conversation_id"); other == finding {
		t.Errorf("c1 and c2 are both %q", other)
	}
	if other := show(another, table.Calls, cells{"conversation_id": "c1"}, "conversation_id"); other == finding {
		t.Errorf("under two keys c1 is %q", other)
	}
	conflict := show(public, table.Findings, cells{"class": "conflict", "field": "conversation_id", "detail": "entry=c1;other=c2;source=cdr"}, "detail")
	if want := "entry=" + finding + ";other="; !strings.HasPrefix(conflict, want) || !strings.HasSuffix(conflict, ";source=cdr") {
		t.Errorf("a conflict about c1 is %q, want it to begin with %q and to name its source", conflict, want)
	}
}

func TestThePublicSeesWhatTheProgramSays(t *testing.T) {
	for _, test := range []cells{
		{"class": "short_recording", "detail": "7000"},
		{"class": "truncated_document", "detail": "offset=2184;entries=12"},
		{"class": "repaired_field", "detail": "cdr-recording"},
		{"class": "invalid_field", "detail": "end-before-start"},
		{"class": "invalid_field", "detail": "over-24h"},
		{"class": "missing_recording", "detail": "void=deleted;failed;media_missing"},
		{"class": "missing_recording", "detail": "pending"},
		{"class": "missing_recording", "detail": "apart=3"},
		{"class": "media_missing", "detail": "state=deleted"},
		{"class": "media_missing", "detail": "bytes=512"},
		{"class": "stray_record", "detail": "interval=2026-11-19;rows=12;lookahead=30h"},
		{"class": "unfit_source", "detail": "answer_time;end_time"},
		{"class": "conflict", "field": "duration_ms", "detail": "entry=5;other=6;source=arithmetic"},
	} {
		if got := show(public, table.Findings, test, "detail"); got != test["detail"] {
			t.Errorf("%v is shown as %q", test, got)
		}
	}
	if got := show(public, table.Repairs, cells{"field": "end_time", "new_value": "2026-11-20T10:00:00.000000Z"}, "new_value"); !strings.HasPrefix(got, "2026") {
		t.Errorf("a repaired time is shown as %q", got)
	}
	if got := show(public, table.Repairs, cells{"evidence": "key"}, "evidence"); got != "key" {
		t.Errorf("the evidence key is shown as %q", got)
	}
	cited := show(public, table.Repairs, cells{"evidence": "cdr:date=2026-11-20/legs.csv#17;+4"}, "evidence")
	if !strings.HasPrefix(cited, "obj-") || !strings.HasSuffix(cited, "#17;+4") {
		t.Errorf("evidence is shown as %q, want pseudonym, row and the number of more", cited)
	}
}

// What people wrote about a finding would tell the public whom its pseudonym stands for.
func TestGroundsOfAcceptanceAreShownToWhomTheFindingIs(t *testing.T) {
	g := policy.Grounds{Row: 3, Reason: "caller +4930123456 asked", By: "J. Doe", Basis: "lawful erasure"}
	for name, test := range map[string]struct {
		show *redact.Redactor
		want policy.Grounds
	}{
		"ops":     {ops, policy.Grounds{Row: 3, Reason: "caller +********56 asked", By: "J. Doe", Basis: "lawful erasure"}},
		"counsel": {counsel, g},
		"public":  {public, policy.Grounds{Row: 3}},
	} {
		if got := test.show.Grounds(g); got != test.want {
			t.Errorf("%s sees %+v, want %+v", name, got, test.want)
		}
	}
}

func TestOperationsSeeTheLastTwoDigitsOfNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"+4930123456": "+********56", "4711": "**11", "12": "12", "": "",
	} {
		for _, column := range []string{"ani", "dnis"} {
			if got := show(ops, table.Recordings, cells{column: in}, column); got != want {
				t.Errorf("%s %q is shown as %q, want %q", column, in, got, want)
			}
		}
	}
	invalid := cells{"class": "invalid_field", "field": "ani", "detail": `{"tel":"030 12"}`}
	if got := show(ops, table.Findings, invalid, "detail"); got != `{"tel":"*** 12"}` {
		t.Errorf("a number that did not parse is shown as %q", got)
	}
}

func TestOperationsSeeUserNamesWithoutTheNumbersInThem(t *testing.T) {
	for in, want := range map[string]string{"+491701234567": "+**********67", "desk-4": "desk-4"} {
		if got := show(ops, table.Outages, cells{"username": in}, "username"); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func TestOperationsSeeTextsWithoutTheNumbersInThem(t *testing.T) {
	for in, want := range map[string]string{
		"calls/+4930123456.json":                       "calls/+********56.json",
		"to sip:493012345678@pbx":                      "to sip:**********78@pbx",
		"x4930123456_metadata.json":                    "x********56_metadata.json",
		"+49 (30) 123-456, 7":                          "+** (**) ***-*56, 7",
		"12345678901234567890":                         "******************90",
		"2026-11-20T10:00:00Z":                         "2026-11-20T10:00:00Z",
		"year=2026/month=11/20261120/a-20261120101500": "year=2026/month=11/20261120/a-20261120101500",
		"20261399":                 "******99",
		"conversations-10.json.gz": "conversations-10.json.gz",
		"12345678-0000-4000-8000-123456789012.opus": "12345678-0000-4000-8000-123456789012.opus",
		"id=12345678-0000-4000-8000-123456789012_x": "id=12345678-0000-4000-8000-123456789012_x",
		"0123456789abcdef0123456789abcdef/k":        "0123456789abcdef0123456789abcdef/k",
		"0123456789abcdefg":                         "********89abcdefg",
		"1234567890123456":                          "**************56",
		"+":                                         "+",
		"grün/+4930123456":                          "grün/+********56",
	} {
		if got := show(ops, table.Findings, cells{"object_key": in}, "object_key"); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// The id of a user may be a telephone number, of one among several too.
func TestOperationsDoNotSeeNumbersOfUsers(t *testing.T) {
	for _, s := range []*table.Schema{table.Findings, table.Calls, table.Recordings, table.History} {
		got := show(ops, s, cells{"user_ids": "9c8b7a6d-0000-4000-8000-123456789012;+4930123456;anna"}, "user_ids")
		if want := "9c8b7a6d-0000-4000-8000-123456789012;+********56;anna"; got != want {
			t.Errorf("users of %s are shown as %q, want %q", s.Name, got, want)
		}
	}
	for _, s := range []*table.Schema{table.Findings, table.Calls, table.History} {
		for _, column := range []string{"ani", "dnis"} {
			if got := show(ops, s, cells{column: "+4930123456"}, column); got != "+********56" {
				t.Errorf("%s.%s is shown as %q", s.Name, column, got)
			}
		}
	}
}

// A recording that looks like a missing one is named by its id, or by its place,
// whose object key may hold a number.
func TestALookAlikeIsShownLikeOtherRecordings(t *testing.T) {
	finding := func(r *redact.Redactor, detail string) string {
		return show(r, table.Findings, cells{"class": "missing_recording", "detail": detail}, "detail")
	}
	id := show(public, table.Recordings, cells{"recording_id": "r7"}, "recording_id")
	if got := finding(public, "like=r7"); got != "like="+id {
		t.Errorf("public: got %q, want like=%s", got, id)
	}
	if got := finding(ops, "like=r7"); got != "like=r7" {
		t.Errorf("ops: got %q", got)
	}
	if got, want := finding(ops, "like=m:calls/+4930123456.json#3"), "like=m:calls/+********56.json#3"; got != want {
		t.Errorf("ops: got %q, want %q", got, want)
	}
}

func TestAReasonIsShownWithoutTheKeysThatItQuotes(t *testing.T) {
	const reason = "1 of its 3 objects damaged: a; b: calls/+4930123456.json (cut); 5 rows rejected"
	for r, want := range map[*redact.Redactor]string{
		ops: "1 of its 3 objects damaged: a; b: calls/+********56.json (cut); 5 rows rejected", public: "1 of its 3 objects damaged", counsel: reason,
	} {
		if got := r.Reason(reason); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A media key may look like a state or a size.
func TestAMediaKeyIsNotTakenForAWord(t *testing.T) {
	for in, want := range map[string]string{"state=x/+4930123456.wav": "state=x/+********56.wav", "bytes=4930123456": "bytes=********56"} {
		if got := show(ops, table.Findings, cells{"class": "media_missing", "detail": in}, "detail"); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func TestOperationsSeeIDs(t *testing.T) {
	c := cells{"finding_id": "fnd-0123456789012345", "conversation_id": "1700000000000", "trunk_id": "4930123456"}
	for column, want := range c {
		if got := show(ops, table.Findings, c, column); got != want {
			t.Errorf("%s %q is shown as %q", column, want, got)
		}
	}
}

func TestCounselSeesTheTablesAsTheyAre(t *testing.T) {
	for _, s := range schemas {
		row := full(s)
		if got := counsel.Row(new(table.Row), row); got != row {
			t.Errorf("a row of %s is changed", s.Name)
		}
	}
}

// full is a row with something in every cell.
func full(s *table.Schema) *table.Row {
	r := new(table.Row)
	r.Reset(s)
	for i, c := range s.Columns {
		switch c.Kind {
		case table.Text:
			r.AddText("text")
		case table.Int:
			r.AddInt(int64(i))
		default:
			r.AddTime(record.Time(i))
		}
	}
	return r
}

// What is redacted is a table still: as CSV it differs in texts alone.
func TestRedactedRowsKeepTimesAndNumbers(t *testing.T) {
	for _, r := range []*redact.Redactor{ops, public} {
		for _, s := range schemas {
			var clear, shown bytes.Buffer
			rows := func(yield func(*table.Row, error) bool) { yield(full(s), nil) }
			if err := table.Write(s, rows, &clear, nil); err != nil {
				t.Fatal(err)
			}
			if err := table.Write(s, r.Rows(rows), &shown, nil); err != nil {
				t.Fatal(err)
			}
			want, got := strings.Split(clear.String(), ","), strings.Split(shown.String(), ",")
			for i := range want {
				if want[i] != "text" && !strings.Contains(want[i], "\n") && got[i] != want[i] {
					t.Errorf("%s: got\n%swant\n%s%s", s.Name, shown.String(), clear.String(), cmp.Diff(want, got))
					break
				}
			}
		}
	}
}

// A name tells who somebody is, which a pseudonym must not.
func TestAPseudonymHasNoName(t *testing.T) {
	for profile, want := range map[policy.Redaction]string{policy.RedactNumbers: "Jane", policy.RedactNothing: "Jane", policy.RedactAll: ""} {
		r := redact.New(policy.Report{Redact: profile, PseudonymKey: []byte("k"), Names: policy.Names{{Kind: "user", ID: "u", Name: "Jane"}}})
		if got := r.Name(policy.UserName, "u"); got != want {
			t.Errorf("%s shows %q, want %q", profile, got, want)
		}
	}
}
