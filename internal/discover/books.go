package discover

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/bag"
	"cdrmend/internal/ledger"
	"cdrmend/internal/loadfile"
	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
)

// books are the files of a production that grow with every interval. They are collected
// in temporary files, as a bag takes one file after the other.
type books struct {
	producer   *Producer
	pool       *scratch.Pool
	tables     map[*table.Schema]*book
	load       [2]*loadFile // the same rows, as DAT and as CSV
	loaded     error        // of their first row
	exceptions *book
	worksheets *scratch.Spool
	custody    *custody
	stories    int64
	produced   struct{ originals, repaired, media int64 } // how many files
	excepted   int64

	entries map[string]*entry // of the journal, by the records that they name; nil: not read yet
}

// loadFile is the load file in one format.
type loadFile struct {
	name  string
	spool *scratch.Spool
	*loadfile.Writer
}

// addLoad adds a row to both load files.
func (b *books) addLoad(row []string) error {
	for _, f := range b.load {
		if err := f.Write(row); err != nil {
			return fmt.Errorf("writing %s: %w", f.name, err)
		}
	}
	return b.loaded
}

// book is a table in CSV.
type book struct {
	name  string
	spool *scratch.Spool
	csv   *csv.Writer
}

func (b *books) open(name string, columns []string) *book {
	out := &book{name: name, spool: b.pool.NewSpool()}
	out.csv = csv.NewWriter(out.spool)
	_ = out.csv.Write(columns) // flush reports its error
	return out
}

// exported are the tables of which a production has the rows that concern what is covered.
var exported = []*table.Schema{table.Calls, table.Recordings, table.History, table.Repairs, table.Outages}

// exportedColumns are the columns of an exported table.
func exportedColumns(s *table.Schema) []string {
	columns := []string{"interval"}
	for _, c := range s.Columns {
		if c.Name != "interval" { // repairs have it
			columns = append(columns, c.Name)
		}
	}
	return columns
}

func newBooks(p *Producer) *books {
	b := &books{producer: p, pool: scratch.NewPool(p.Inputs.Scratch), tables: map[*table.Schema]*book{}}
	for _, s := range exported {
		b.tables[s] = b.open("tables/"+s.Name+".csv", exportedColumns(s))
	}
	profile := p.Selection.Request.profile
	for i, f := range []struct {
		name string
		of   func(io.Writer, loadfile.Profile) *loadfile.Writer
	}{{"loadfile.dat", loadfile.NewDAT}, {"loadfile.csv", loadfile.NewCSV}} {
		spool := b.pool.NewSpool()
		b.load[i] = &loadFile{f.name, spool, f.of(spool, profile)}
	}
	b.loaded = b.addLoad(loadColumns)
	b.exceptions = b.open("exceptions.csv", exceptionColumns)
	b.worksheets = b.pool.NewSpool()
	b.custody = &custody{spool: b.pool.NewSpool()}
	return b
}

func (b *books) close() { b.pool.Close() }

// night adds the rows of an interval to the tables and to the load file.
func (b *books) night(w *nightWriter) error {
	label := w.night.Commit.Record.Interval
	for _, c := range w.night.Calls {
		b.row(table.Calls, label, c.Shown)
	}
	for _, r := range w.night.Recordings {
		b.row(table.Recordings, label, r.Shown)
		if err := b.addLoad(b.loadRow(w, r)); err != nil {
			return err
		}
	}
	for s, rows := range map[*table.Schema][]table.Cells{table.History: w.related.History, table.Repairs: w.related.Repairs, table.Outages: w.related.Outages} {
		for _, row := range rows {
			b.row(s, label, row)
		}
	}
	for _, t := range b.tables {
		if t.csv.Flush(); t.csv.Error() != nil {
			return t.csv.Error()
		}
	}
	return nil
}

// row adds a row to a table.
func (b *books) row(s *table.Schema, label string, row table.Cells) {
	cells := []string{label}
	for _, c := range s.Columns {
		if c.Name != "interval" {
			cells = append(cells, row.Get(c.Name))
		}
	}
	_ = b.tables[s].csv.Write(cells) // night asks for its error
}

// loadColumns are the fields of the load file.
var loadColumns = []string{
	"CONTROL_NUMBER", "MATTER", "CUSTODIAN", "RECORDING_ID", "CONVERSATION_ID", "LEG_ID", "ORG_ID", "TRUNK_ID", "LINE_ID", "USER_IDS", "DIRECTION", "ANI", "DNIS",
	"MEDIA_TYPE", "START_UTC", "END_UTC", "START_LOCAL", "END_LOCAL", "ZONE", "DURATION_MS", "COVERED_BY", "STATUS", "CALL_VERDICTS", "GAP_STATUS", "GAP_REASON",
	"NATIVE_PATH", "NATIVE_BYTES", "NATIVE_SHA256", "ORIGINAL_PATH", "ORIGINAL_SHA256", "REPAIRED_PATH", "REPAIRED_SHA256", "EXPLANATION_PATH",
	"MEDIA_KEY", "SOURCE", "OBJECT_KEY", "ENTRY", "INTERVAL", "COMMIT", "RECORD_SHA256",
}

func (b *books) loadRow(w *nightWriter, r *Recording) []string {
	files, request, row := w.files[r], w.Selection.Request, r.Shown
	start, end := timeOf(row, "start_time"), timeOf(row, "end_time")

	status, reason := "none", ""
	if e := w.night.ofRecording(r, w.related); e != nil {
		status, reason = e.Reason, e.Why
	} else if gap := r.gap(); gap != nil {
		status, reason = gap.Get("verdict"), gap.why(w.related)
	}
	covered := "linked"
	if r.Direct {
		covered = "request"
	}
	return []string{
		r.Control, w.answer.Request.Matter, strings.Join(w.shownNames(r.Custodians), ";"), row.Get("recording_id"), row.Get("conversation_id"), row.Get("leg_id"), row.Get("org_id"), row.Get("trunk_id"), row.Get("line_id"), row.Get("user_ids"), row.Get("direction"), row.Get("ani"), row.Get("dnis"),
		row.Get("media_type"), row.Get("start_time"), row.Get("end_time"), request.local(start), request.local(end), request.zone.String(), row.Get("duration_ms"), covered, row.Get("status"), strings.Join(r.verdicts(), ";"), status, reason,
		files.media.Path, sizeOf(files.media), files.media.SHA256, files.original.Path, files.original.SHA256, files.repaired.Path, files.repaired.SHA256, files.explanation.Path,
		row.Get("media_key"), row.Get("source"), row.Get("object_key"), row.Get("entry"), w.night.Commit.Record.Interval, strconv.FormatInt(w.night.Commit.Number(), 10), w.night.Commit.SHA256,
	}
}

// shownNames returns the names of custodians as a production may show them.
func (w *nightWriter) shownNames(names []string) (list []string) {
	for _, n := range names {
		list = append(list, w.Selection.show.Key(n))
	}
	return list
}

// gaps are the verdicts of calls that are not known to be recorded in full, the worst first.
var gaps = []string{"missing", "partial", "indeterminate", "excluded"}

// gap returns the linked call that is worst off, nil if all are known to be recorded in full.
func (r *Recording) gap() *Call {
	for _, verdict := range gaps {
		if i := slices.IndexFunc(r.Calls, func(c *Call) bool { return c.Get("verdict") == verdict }); i >= 0 {
			return r.Calls[i]
		}
	}
	return nil
}

// verdicts returns the verdicts of the linked calls, each once.
func (r *Recording) verdicts() (list []string) {
	for _, c := range r.Calls {
		if v := c.Get("verdict"); !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func sizeOf(f bag.File) string {
	if f.Path == "" {
		return ""
	}
	return strconv.FormatInt(f.Size, 10)
}

var exceptionColumns = []string{
	"number", "about", "reason", "detail", "why", "interval", "org_id", "conversation_id", "leg_id", "recording_id", "trunk_id", "line_id", "user_ids", "start_time", "end_time",
	"outage_id", "outage_cause", "outage_relation", "searched", "substitutes", "legal_hold", "versions", "explanation", "media_key", "source", "object_key", "row", "commit", "record_sha256",
}

// exception adds an exception, and its worksheet.
func (b *books) exception(e *Exception) error {
	b.excepted++
	e.Number = b.excepted
	if err := b.exceptions.csv.Write(e.cells()); err != nil {
		return err
	}
	return e.worksheet(b.worksheets)
}

func (e *Exception) cells() []string {
	row, label, commit, sum := e.Row, "", "", ""
	if e.Night != nil {
		label, commit, sum = e.Night.Commit.Record.Interval, strconv.FormatInt(e.Night.Commit.Number(), 10), e.Night.Commit.SHA256
	}
	id, cause, relation := e.Outage()
	var at string
	if row.Schema() != nil {
		at = row.Get(rowColumn(row.Schema()))
	}
	return []string{
		strconv.FormatInt(e.Number, 10), e.About, e.Reason, e.Detail, e.Why, label, row.Find("org_id"), row.Find("conversation_id"), row.Find("leg_id"), row.Find("recording_id"), row.Find("trunk_id"), row.Find("line_id"), row.Find("user_ids"), row.Find("start_time"), row.Find("end_time"),
		id, cause, relation, e.searched(), strings.Join(e.controls(), ";"), e.Hold, e.Versions, e.explanation, row.Find("media_key"), row.Find("source"), row.Find("object_key"), at, commit, sum,
	}
}

// controls returns the numbers of the produced recordings that may stand for what is missing.
func (e *Exception) controls() (list []string) {
	for _, r := range e.Substitutes {
		list = append(list, r.Control)
	}
	return list
}

// story writes a story.
func (b *books) story(ctx context.Context, label, text string) (bag.File, error) {
	b.stories++
	name := fmt.Sprintf("explanations/%s/%08d.txt", label, b.stories)
	return b.producer.Bag.Add(ctx, name, strings.NewReader(text))
}

// put writes what a book or text collected.
func (b *books) put(ctx context.Context, name string, spool *scratch.Spool) error {
	content, err := spool.Content()
	if err != nil {
		return err
	}
	r, err := content.Open()
	if err != nil {
		return err
	}
	_, err = b.producer.Bag.Add(ctx, name, r)
	return cmp.Or(err, r.Close())
}

// custody is the chain of custody: the steps of each produced object, in order.
type custody struct {
	spool *scratch.Spool
	chain int64 // number of the last object
	err   error
}

// Step is one step of the way of an object into a production, a line of custody.jsonl.
type Step struct {
	Chain  int64  `json:"chain"`  // number of the object whose way it is
	Step   string `json:"step"`   // listed, read, repaired, committed, entered, produced
	Time   string `json:"time"`   // of the step as far as something says so: of the object when listed, of the commit otherwise
	Object string `json:"object"` // key or path
	Source string `json:"source,omitempty"`

	VersionID string `json:"version_id,omitempty"`
	ETag      string `json:"etag,omitempty"`
	Size      int64  `json:"size,omitempty"`
	SHA256    string `json:"sha256,omitempty"`

	Interval string `json:"interval,omitempty"`
	RunID    string `json:"run_id,omitempty"`
	KeyID    string `json:"key_id,omitempty"` // that signed the record
	Tool     string `json:"tool,omitempty"`
}

func (c *custody) add(steps ...Step) {
	c.chain++
	for _, s := range steps {
		s.Chain = c.chain
		line, err := json.Marshal(s)
		if err == nil {
			_, err = c.spool.Write(append(line, '\n'))
		}
		if c.err == nil {
			c.err = err
		}
	}
}

// object notes the way of an input: what the run listed and read, the record that vouches for
// it, and the file that was produced.
func (c *custody) object(w *nightWriter, in *ledger.Input, f bag.File) {
	listed := Step{Step: "listed", Time: in.Modified, Object: in.Key, Source: in.Source, VersionID: in.VersionID, ETag: in.ETag, Size: in.Size}
	steps := []Step{listed}
	if in.SHA256 != "" { // media is only listed
		read := listed
		read.Step, read.Time, read.SHA256, read.RunID, read.Tool = "read", w.committedAt(), in.SHA256, w.night.Commit.Record.RunID, w.night.Commit.Record.Tool
		steps = append(steps, read)
	}
	c.add(append(append(steps, w.committed()...), w.produced(f))...)
}

// copy notes the way of a repaired copy.
func (c *custody) copy(w *nightWriter, from ledger.File, f bag.File) {
	repaired := Step{
		Step: "repaired", Time: w.committedAt(), Object: "runs/" + w.night.Commit.Record.RunID + "/" + from.Path, Size: from.Size, SHA256: from.SHA256,
		Interval: w.night.Commit.Record.Interval, RunID: w.night.Commit.Record.RunID, Tool: w.night.Commit.Record.Tool,
	}
	c.add(append(append([]Step{repaired}, w.committed()...), w.produced(f))...)
}

func (w *nightWriter) committedAt() string { return record.TimeOf(w.night.Commit.Record.Time).String() }

// committed are the steps that make a run count: its record, and the entry of the journal
// that names it.
func (w *nightWriter) committed() []Step {
	c := w.night.Commit
	steps := []Step{{
		Step: "committed", Time: w.committedAt(), Object: ledger.RecordPath(c.Record.Interval, c.Number()), SHA256: c.SHA256,
		Interval: c.Record.Interval, RunID: c.Record.RunID, KeyID: c.Seal.KeyID, Tool: c.Record.Tool,
	}}
	if e := w.entry; e != nil {
		steps = append(steps, Step{Step: "entered", Time: w.committedAt(), Object: e.path(), Size: int64(len(e.file)), SHA256: sumOf(e.file)})
	}
	return steps
}

func (w *nightWriter) produced(f bag.File) Step {
	return Step{Step: "produced", Time: w.committedAt(), Object: f.Path, Size: f.Size, SHA256: f.SHA256, Tool: w.Tool}
}
