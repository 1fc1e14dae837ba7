package registration

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

func TestTrunksComeFromTheConfigurationElseFromTheOnlyOneNamed(t *testing.T) {
	const uuid = "541a9225-ee06-55c5-63f8-ad1ab809c4b1"
	lines := []policy.Line{
		{Org: " ", Line: "{541A9225-EE06-55C5-63F8-AD1AB809C4B1}", Trunk: " T-own "},
		{Org: "o", Line: "L1", Trunk: ""},
		{Org: "o", Line: "L1", Trunk: "T-first"},
		{Org: "o", Line: "L1", Trunk: "T-second"},
	}
	tests := []struct {
		name             string
		org, trunk, line string
		want             string
	}{
		{"configured for the configuration's organisation", "own", "", uuid, "T-own"},
		{"configured for another organisation", "o", "", uuid, ""},
		{"configured twice", "o", "", "L1", "T-first"},
		{"named as logged", "o", "T-logged", "L1", "T-logged"},
		{"not configured, one named", "o", "", "L2", "T2"},
		{"the event that names it", "o", "T2", "L2", "T2"},
		{"named again", "o", "T2", "L2", "T2"},
		{"not configured, several named", "o", "", "L3", ""},
		{"one of several", "o", "Ta", "L3", "Ta"},
		{"another of several", "o", "Tb", "L3", "Tb"},
		{"named in another organisation", "", "", "L2", ""},
		{"a trunk alone", "o", "T2", "", "T2"},
	}
	texts := intern.NewTable()
	var events []Event
	for _, tt := range tests {
		events = append(events, Event{Org: texts.OfString(tt.org), Trunk: texts.OfString(tt.trunk), Line: texts.OfString(tt.line)})
	}
	(&Log{Events: events}).fillTrunks(texts, lines, "own")
	for i, tt := range tests {
		if got := texts.String(events[i].Trunk); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestLinesTellTheTrunk(t *testing.T) {
	texts := intern.NewTable()
	events := []Event{ // not in order
		{Time: start + 20*second, Trunk: texts.OfString("T3"), Line: texts.OfString("L1"), Ref: record.Ref{Row: 2}},
		{Time: start, Trunk: texts.OfString("T1"), Line: texts.OfString("L1"), Ref: record.Ref{Row: 9}},
		{Time: start + 10*second, Trunk: texts.OfString("T2"), Line: texts.OfString("L1"), Ref: record.Ref{Object: 1}},
		{Time: start + 10*second, Trunk: texts.OfString("T1"), Line: texts.OfString("L1"), Ref: record.Ref{Row: 7}},
		{Time: start + 15*second, Trunk: texts.OfString("T4"), Line: texts.OfString("L2"), Ref: record.Ref{Row: 4}},
		{Time: start + 25*second, Trunk: texts.OfString("T4"), Line: texts.OfString("L2"), Ref: record.Ref{Row: 3}},
		{Time: start, Line: texts.OfString("L3")},
		{Time: start, Trunk: texts.OfString("T5")},
		{Time: start, Trunk: texts.OfString("T6"), Line: texts.OfString("L1"), Org: texts.OfString("o")},
	}
	tests := []struct {
		name   string
		lines  []string
		at     record.Time
		trunks []string
		refs   []record.Ref
	}{
		{"the last before", []string{"L1"}, start + 9*second, []string{"T1"}, []record.Ref{{Row: 9}}},
		{"at that time, the last row", []string{"L1"}, start + 10*second, []string{"T2"}, []record.Ref{{Object: 1}}},
		{"long after", []string{"L1"}, start + 1e6*second, []string{"T3"}, []record.Ref{{Row: 2}}},
		{"the first after", []string{"L2"}, start, []string{"T4"}, []record.Ref{{Row: 4}}},
		{"of two lines the last before", []string{"L1", "L2"}, start + 16*second, []string{"T4"}, []record.Ref{{Row: 4}}},
		{"of two lines the first after", []string{"L2", "L1"}, start - second, []string{"T1"}, []record.Ref{{Row: 9}}},
		{"no time, one trunk", []string{"L2", "L2", "L3"}, record.NoTime, []string{"T4"}, []record.Ref{{Row: 3}, {Row: 4}}},
		{"no time, several trunks", []string{"L2", "L1"}, record.NoTime, []string{"T1", "T2", "T3", "T4"}, nil},
		{"a line whose events name none", []string{"L3"}, start, nil, nil},
		{"no time, a line whose events name none", []string{"L3"}, record.NoTime, nil, nil},
		{"no line", []string{""}, start, nil, nil},
		{"unknown", []string{"L9"}, start, nil, nil},
	}
	l := NewLines(events, texts)
	for _, tt := range append(tests, tests...) { // what is found without a time is kept
		var lines []intern.Text
		for _, line := range tt.lines {
			lines = append(lines, texts.OfString(line))
		}
		trunks, refs := l.Trunk(intern.None, lines, tt.at)
		var names []string
		for _, x := range trunks {
			names = append(names, texts.String(x))
		}
		if diff := gocmp.Diff(tt.trunks, names); diff != "" {
			t.Errorf("%s: trunks (-want +got)\n%s", tt.name, diff)
		}
		if diff := gocmp.Diff(tt.refs, refs); diff != "" {
			t.Errorf("%s: refs (-want +got)\n%s", tt.name, diff)
		}
	}
}
