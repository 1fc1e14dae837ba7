package audit_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"cdrmend/internal/audit"
	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
)

// cells are the cells of a row that are not missing, by column.
type cells map[string]any

// rows makes a table.
func rows(s *table.Schema, list ...cells) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		var r table.Row
		for _, c := range list {
			r.Reset(s)
			for _, column := range s.Columns {
				switch v := c[column.Name].(type) {
				case string:
					r.AddText(v)
				case int:
					r.AddInt(int64(v))
				case record.Time:
					r.AddTime(v)
				default:
					r.AddNull()
				}
			}
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// night is what one commit of an interval says.
type night struct {
	calls, history, outages, recordings []cells
	total                               report.Total
	warnings                            []string
	indeterminate                       int64 // more than the calls have: a wrong summary
}

// out is an output under construction.
type out struct {
	t *testing.T
	committed.Output
	root *ledger.Output
}

func newOut(t *testing.T) *out {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &out{t, committed.Output{Store: store, Root: "out/", Scratch: t.TempDir()}, &ledger.Output{Store: store, Root: "out/", Name: "n"}}
}

func (o *out) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// summary is the summary of a night, with the coverage of its calls.
func (n *night) summary(label string) *report.Summary {
	start, _ := policy.ParseLabel(label)
	s := &report.Summary{
		Format: report.SummaryFormat, Interval: label, Start: start.String(), End: start.Add(24 * time.Hour).String(),
		Coverage: report.Coverage{Total: n.total, Excluded: map[string]int64{}}, Verdicts: map[string]int64{}, Warnings: n.warnings,
	}
	if s.Coverage.Total == "" {
		s.Coverage.Total = report.Known
	}
	s.Config.Interval = "24h0m0s"
	for _, c := range n.calls {
		verdict := c["verdict"].(string)
		s.Verdicts[verdict]++
		switch verdict {
		case "excluded":
			s.Coverage.Excluded["internal"]++
			continue
		case "complete":
			s.Coverage.Recorded++
			s.Coverage.Intact++
		}
		s.Coverage.Of++
	}
	s.Coverage.Of += n.indeterminate
	s.Coverage.RecordedPercent = report.PercentOf(s.Coverage.Recorded, s.Coverage.Of)
	s.Coverage.IntactPercent = report.PercentOf(s.Coverage.Intact, s.Coverage.Of)
	return s
}

// commit commits a night, after those of its interval that are there.
func (o *out) commit(label string, n *night, at time.Time) {
	o.t.Helper()
	interval := o.root.Interval(label)
	before, err := interval.Latest(o.t.Context())
	o.must(err)
	id := fmt.Sprintf("%s-%d", label, before.Next())
	run := interval.NewRun(id, "")
	put := func(s *table.Schema, list []cells, into func(*scratch.Spool)) {
		var parquet bytes.Buffer
		o.must(table.Write(s, rows(s, list...), nil, &parquet))
		spool := scratch.NewSpool("")
		_, err := spool.Write(parquet.Bytes())
		o.must(err)
		into(spool)
	}
	for _, t := range []struct {
		schema *table.Schema
		list   []cells
	}{{table.Calls, n.calls}, {table.Outages, n.outages}, {table.Recordings, n.recordings}} {
		put(t.schema, t.list, func(s *scratch.Spool) { o.must(run.Put(o.t.Context(), t.schema.Name+".parquet", s)) })
	}
	raw, err := ledger.Encode(n.summary(label))
	o.must(err)
	spool := scratch.NewSpool("")
	_, _ = spool.Write(raw)
	o.must(run.Put(o.t.Context(), report.SummaryFile, spool))
	var history []ledger.File
	put(table.History, n.history, func(s *scratch.Spool) {
		f, err := interval.PutLog(o.t.Context(), id+".history.parquet", s)
		o.must(err)
		history = append(history, f)
	})
	sum, err := run.Finish(o.t.Context(), nil)
	o.must(err)
	_, err = interval.Commit(o.t.Context(), ledger.Record{
		Format: ledger.RecordFormat, Number: before.Next(), Time: at, Name: "n", Interval: label, RunID: id, RunSHA256: sum,
		History: history, Neighbours: []ledger.Neighbour{}, Previous: before.SHA256,
	})
	o.must(err)
}

// read makes the report of some intervals.
func (o *out) read(options audit.Options, labels ...string) (*audit.Report, []*committed.Commit) {
	o.t.Helper()
	options.URL = "file:///out/"
	r, commits, err := audit.Read(o.t.Context(), &o.Output, labels, options)
	o.must(err)
	return r, commits
}

// call is a call of a verdict, at a row of its object.
func call(row int, verdict string, more cells) cells {
	c := cells{
		"org_id": "o", "conversation_id": fmt.Sprintf("c%d", row), "leg_id": fmt.Sprintf("l%d", row), "trunk_id": "T1", "verdict": verdict, "outage_relation": "none",
		"source": "cdr", "object_key": "a.csv", "row": row, "start_time": record.Time(1_763_632_800_000_000 + int64(row)*1e6),
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

func finding(row int, state, severity string, more cells) cells {
	c := cells{
		"finding_id": fmt.Sprintf("fnd-%d", row), "class": "missing_recording", "severity": severity, "status": "open", "state": state, "trunk_id": "T1",
		"org_id": "o", "source": "cdr", "object_key": "a.csv", "entry": row, "first_commit": 1, "last_commit": 1,
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

// day returns a time on a day of November 2026.
func day(n int, hours float64) time.Time {
	return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC).Add(time.Duration(hours * float64(time.Hour)))
}

func at(n int, hours float64) record.Time { return record.TimeOf(day(n, hours)) }
