package table

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/record"
)

var schemas = []*Schema{Findings, Repairs, Calls, Outages, Recordings, History}

const publishedFindings = "finding_id class severity status org_id conversation_id recording_id leg_id trunk_id line_id " +
	"direction ani dnis user_ids queue_ids field detail source object_key entry start_time end_time " +
	"outage_id outage_cause outage_relation outage_overlap_ms"

func TestColumnsStandInThePublishedOrder(t *testing.T) {
	published := map[string]string{
		"findings": publishedFindings,
		"history":  publishedFindings + " state first_commit last_commit closed_commit",
		"repairs": "interval source object_key entry org_id conversation_id recording_id field old_value new_value rule " +
			"evidence",
		"calls": "org_id conversation_id leg_id trunk_id line_id direction ani dnis user_ids queue_ids start_time answer_time end_time " +
			"verdict reason matched_by proof entries covered_ms uncovered_ms outage_id outage_cause outage_relation outage_overlap_ms " +
			"source object_key row",
		"outages": "outage_id org_id trunk_id line_id username start_time end_time ended_by cause causes failures binding_until " +
			"unregistered_from harmless last_attempt began first_source first_object_key first_row last_source last_object_key last_row",
		"recordings": "org_id conversation_id recording_id leg_id trunk_id line_id start_time end_time duration_ms direction ani " +
			"dnis media_type media_subtype user_ids media_key media_bytes media_sha256 state status source object_key entry",
	}
	for _, s := range schemas {
		var got []string
		for _, c := range s.Columns {
			got = append(got, c.Name)
		}
		if diff := cmp.Diff(strings.Fields(published[s.Name]), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.Name, diff)
		}
	}
}

func TestRowsCompareByTextBytesNumbersAndMissingFirst(t *testing.T) {
	at := func(start record.Time, org string, row int64) *Row {
		var r Row
		r.Reset(Calls)
		for i := range Calls.Columns {
			switch Calls.Columns[i].Name {
			case "org_id":
				r.AddText(org)
			case "start_time":
				r.AddTime(start)
			case "row":
				r.AddCount(row)
			default:
				r.AddNull()
			}
		}
		return &r
	}
	ascending := []*Row{
		at(record.NoTime, "", -1), at(record.NoTime, "a", 7), at(-5, "z", 0), at(0, "", 1), at(0, "B", 0),
		at(0, "a", -1), at(0, "a", 2), at(0, "a", 10), at(0, "ab", 0), at(0, "é", 0), at(1, "", 0),
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := min(max(i-j, -1), 1)
			if got := Calls.Compare(a, b); got != want {
				t.Errorf("row %d against row %d: %d, want %d", i, j, got, want)
			}
		}
	}
}

func TestValuesCompareAsTheirRowsDo(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	word := func() string { return []string{"", "a", "b"}[rng.IntN(3)] }
	var findings []Finding
	var repairs []Repair
	var outages []Outage
	for range 60 {
		findings = append(findings, Finding{
			Class: word(), Org: word(), Conversation: word(), Recording: word(), Leg: word(), ObjectKey: word(),
			Source: word(), Entry: rng.Int64N(3) - 1, Field: word(),
		})
		repairs = append(repairs, Repair{ObjectKey: word(), Source: word(), Entry: rng.Int64N(3) - 1, Field: word()})
		start := record.Time(rng.Int64N(3) - 2)
		if start == -2 {
			start = record.NoTime
		}
		outages = append(outages, Outage{Org: word(), Trunk: word(), Line: word(), Start: start, User: word()})
	}
	checkOrder(t, Findings, findings, (*Finding).Fill, (*Finding).Compare)
	checkOrder(t, Repairs, repairs, (*Repair).Fill, (*Repair).Compare)
	checkOrder(t, Outages, outages, (*Outage).Fill, (*Outage).Compare)
}

func checkOrder[T any](t *testing.T, s *Schema, items []T, fill func(*T, *Row), compare func(*T, *T) int) {
	t.Helper()
	for i := range items {
		for j := range items {
			var a, b Row
			fill(&items[i], &a)
			fill(&items[j], &b)
			if got, want := compare(&items[i], &items[j]), s.Compare(&a, &b); got != want {
				t.Errorf("%s: %+v against %+v: %d, want %d", s.Name, items[i], items[j], got, want)
			}
		}
	}
}

func TestAFindingSurvivesItsRow(t *testing.T) {
	for _, want := range []Finding{
		{Entry: -1, Start: record.NoTime, End: record.NoTime, OutageOverlap: -1},
		{
			ID: "fnd-1", Class: "class", Severity: "major", Status: "open", Org: "org", Conversation: "conversation",
			Recording: "recording", Leg: "leg", Trunk: "trunk", Line: "line", Field: "field", Detail: "a;b",
			Source: "source", ObjectKey: "key", Entry: 0, Start: -1, End: math.MaxInt64,
			OutageID: "out-1", OutageCause: "timeout", OutageRelation: "inside", OutageOverlap: 12,
		},
	} {
		var r Row
		want.Fill(&r)
		if diff := cmp.Diff(want, FindingOf(&r)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// allRows collects what a reader yields. A missing cell is written as ∅.
func allRows(t *testing.T, rows Rows) [][]string {
	t.Helper()
	var all [][]string
	for r, err := range rows {
		if err != nil {
			t.Fatalf("after %d rows: %v", len(all), err)
		}
		all = append(all, cellsOf(r))
	}
	return all
}

func cellsOf(r *Row) []string {
	var cells []string
	for i := range r.Schema().Columns {
		if !r.Known(i) {
			cells = append(cells, "∅")
			continue
		}
		cells = append(cells, string(r.AppendCell(nil, i)))
	}
	return cells
}

// nastyTexts are what a log, a manifest or an attacker puts into a text.
var nastyTexts = []string{
	"", "plain", "a,b", `a "quoted" word`, `"`, "line\nbreak", "carriage\rreturn", "both\r\n", "nul\x00nul", " space ",
	"trünk-1", "日本語", "😀", "\ufeffbom", "=1+1", `\.`, "null", "NULL", "bad\xffbyte\xc3", "\u2028", "'", ";",
	strings.Repeat("long,", 60),
}

var nastyInts = []int64{0, 1, -1, 42, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1}

// -62135596800000000 is the first microsecond of year 1, 253402300799999999
// the last of year 9999.
var nastyTimes = []record.Time{
	record.NoTime, 0, -1, 1, -86_400_000_000, 1_795_132_800_000_001, -62_135_596_800_000_000, 253_402_300_799_999_999,
	951_782_400_000_000, 4_107_542_399_999_999,
}

// nasty yields rows in which every column meets every nasty value.
func nasty(s *Schema, rows int) Rows { return mixed(s, rows, nastyTexts) }

func mixed(s *Schema, rows int, texts []string) Rows {
	return func(yield func(*Row, error) bool) {
		var r Row
		for i := range rows {
			r.Reset(s)
			for j, c := range s.Columns {
				switch n := i + j*7; {
				case n%11 == 3:
					r.AddNull()
				case c.Kind == Text:
					r.AddText(texts[n%len(texts)])
				case c.Kind == Int:
					r.AddInt(nastyInts[n%len(nastyInts)])
				default:
					r.AddTime(nastyTimes[n%len(nastyTimes)])
				}
			}
			if !yield(&r, nil) {
				return
			}
		}
	}
}
