package job_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

// rows are lines of the three kinds, with what a run must say of them.
type rows struct {
	entries, legs, events []string
	ownedEntries, margins int
	ownedLegs             int
}

const legHeader = "conversation_id,leg_id,recording_ids,trunk_id,line_id,direction,start_time,answer_time,end_time,recorded"

// randomRows tells of calls all over a night and its margins, with holes
// wherever there may be one.
func randomRows(r *rand.Rand) *rows {
	all := &rows{}
	perhaps := func(v string) string {
		if r.IntN(4) == 0 {
			return ""
		}
		return v
	}
	const hour = 3600e6
	for i := range 60 {
		start := interval.Start - 4*hour + record.Time(r.Int64N(32*hour))
		end := start + record.Time(r.Int64N(hour))
		conversation, line, trunk := fmt.Sprintf("c%d", r.IntN(40)), fmt.Sprintf("l%d", r.IntN(5)), fmt.Sprintf("t%d", r.IntN(3))
		recording := fmt.Sprintf("r%d", i)
		if r.IntN(5) > 0 {
			leg := []string{
				perhaps(conversation), fmt.Sprint(i), perhaps(recording), perhaps(trunk), perhaps(line), "inbound",
				start.String(), perhaps(start.String()), perhaps(end.String()), []string{"", "", "true", "false", "maybe"}[r.IntN(5)],
			}
			all.legs = append(all.legs, strings.Join(leg, ","))
			if interval.Contains(start) {
				all.ownedLegs++
			}
		}
		if r.IntN(5) > 0 {
			all.entries = append(all.entries, fmt.Sprintf(
				`{"recording_id":%q,"conversation_id":%q,"trunk_id":%q,"line_id":%q,"start_time":%q,"end_time":%q,"media_type":%q}`,
				perhaps(recording), perhaps(conversation), perhaps(trunk), perhaps(line), perhaps(start.String()), perhaps(end.String()),
				[]string{"", "call", "email"}[r.IntN(3)]))
		}
		all.events = append(all.events, fmt.Sprintf(`{"time":%q,"trunk_id":%q,"line_id":%q,"status":%d,"expiry_seconds":600}`,
			perhaps(start.String()), perhaps(trunk), line, []int{200, 403, 503, 0}[r.IntN(4)]))
	}
	all.margins = len(all.entries) / 4
	all.ownedEntries = len(all.entries) - all.margins
	return all
}

// night delivers the rows in any order, in files of any size and name.
func (all *rows) night(t *testing.T, r *rand.Rand) *night {
	content := files{}
	spread := func(folder, suffix, header string, lines []string) {
		lines = slices.Clone(lines)
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		for len(lines) > 0 {
			n := 1 + r.IntN(len(lines))
			name := fmt.Sprintf("in/%s/date=%s/%08x%s", folder, label, r.Uint32(), suffix)
			if folder == "margin" {
				name = fmt.Sprintf("in/m/date=2026-11-19/%08x%s", r.Uint32(), suffix)
			}
			content[name] = header + strings.Join(lines[:n], "\n") + "\n"
			lines = lines[n:]
		}
	}
	spread("margin", ".jsonl", "", all.entries[:all.margins])
	spread("m", ".jsonl", "", all.entries[all.margins:])
	spread("c", ".csv", legHeader+"\n", all.legs)
	spread("r", ".jsonl", "", all.events)
	return newNight(t, content)
}

// placeless are the columns of each table that say nothing of where a record
// stood.
var placeless = map[string][]string{
	"findings": {
		"class", "severity", "status", "conversation_id", "recording_id", "leg_id", "trunk_id", "line_id", "field", "detail",
		"start_time", "end_time", "outage_id", "outage_relation", "outage_overlap_ms",
	},
	"repairs":    {"conversation_id", "recording_id", "field", "old_value", "new_value", "rule"},
	"calls":      {"conversation_id", "leg_id", "trunk_id", "line_id", "start_time", "end_time", "verdict", "reason", "matched_by", "entries", "covered_ms", "uncovered_ms", "outage_id", "outage_relation"},
	"outages":    {"outage_id", "start_time", "end_time", "ended_by", "causes", "binding_until"},
	"recordings": {"conversation_id", "recording_id", "trunk_id", "start_time", "end_time", "duration_ms", "status"},
}

func TestTheOrderOfFilesAndRowsChangesNothing(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			all := randomRows(r)
			one, other := all.night(t, r), all.night(t, r)
			first, second := one.run(), other.run()
			for name, columns := range placeless {
				a, b := one.table(first, name).only(t, columns), other.table(second, name).only(t, columns)
				slices.SortFunc(a.rows, slices.Compare)
				slices.SortFunc(b.rows, slices.Compare)
				if diff := cmp.Diff(a.String(), b.String()); diff != "" {
					t.Errorf("%s (-one order +another):\n%s", name, diff)
				}
			}
			if diff := cmp.Diff(first.Summary.Balance, second.Summary.Balance); diff != "" {
				t.Errorf("balance (-one order +another):\n%s", diff)
			}
		})
	}
}

func TestEveryRecordLandsExactlyOnce(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			all := randomRows(r)
			n := all.night(t, r)
			n.deliver(files{
				"in/m/date=2026-11-20/bad.jsonl": "no entry\n",
				"in/c/date=2026-11-20/bad.csv":   legHeader + "\ntoo,few,cells\n",
				"in/r/date=2026-11-20/bad.jsonl": "no event\n{}\n",
			}, delivered)
			result := n.run()
			n.checkSchemas()
			balance := result.Summary.Balance
			if got := len(n.table(result, "recordings").rows); got != all.ownedEntries {
				t.Errorf("%d recordings, want %d", got, all.ownedEntries)
			}
			if got := len(n.table(result, "calls").rows); got != all.ownedLegs {
				t.Errorf("%d calls, want %d", got, all.ownedLegs)
			}
			for kind, want := range map[string]struct{ read, margin, rejected int }{
				"manifests":     {len(all.entries) + 1, all.margins, 1},
				"cdrs":          {len(all.legs) + 1, len(all.legs) - all.ownedLegs, 1},
				"registrations": {len(all.events) + 2, len(all.events) - timeless(all.events), 2 + timeless(all.events)},
			} {
				b := balance[kind]
				if int(b.Read) != want.read || int(b.Margin) != want.margin || int(b.Rejected) != want.rejected {
					t.Errorf("%s: %+v, want read %d, margin %d, rejected %d", kind, b, want.read, want.margin, want.rejected)
				}
				sum := b.Margin + b.Superseded + b.Skipped + b.Rejected + b.WithFindings + b.Repaired + b.Untouched
				if sum != b.Read {
					t.Errorf("%s: %+v comes to %d", kind, b, sum)
				}
			}
			n.checkRecordings(result.RunID)
		})
	}
}

func timeless(events []string) (n int) {
	for _, e := range events {
		if strings.Contains(e, `"time":""`) {
			n++
		}
	}
	return n
}

// checkRecordings holds the balance of entries against the tables: each is
// counted as what its findings and repairs say.
func (n *night) checkRecordings(runID string) {
	n.t.Helper()
	out := n.tree(outputPrefix + "runs/" + runID)
	found, repaired := map[string]bool{}, map[string]bool{}
	for _, row := range readTable(n.t, out["findings.csv"]).only(n.t, []string{"source", "object_key", "entry", "status"}).rows {
		if row[0] == "m" && row[2] != "" && (row[3] == "open" || row[3] == "indeterminate") {
			found[strings.Join(row[:3], "|")] = true
		}
	}
	for _, row := range readTable(n.t, out["repairs.csv"]).only(n.t, []string{"source", "object_key", "entry"}).rows {
		if place := strings.Join(row, "|"); !found[place] {
			repaired[place] = true
		}
	}
	want := fmt.Sprintf(`"with_findings": %d,
      "repaired": %d,`, len(found), len(repaired))
	if !strings.Contains(out["summary.json"], want) {
		n.t.Errorf("summary.json does not say\n%s\nof manifests:\n%s", want, out["summary.json"])
	}
}
