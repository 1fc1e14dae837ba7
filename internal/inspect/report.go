package inspect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/internal/token"
)

// utc is the zone that shows whether only the zone of a time is missing.
var utc = time.UTC

// ReportFormat is the format of a [Report] as JSON.
const ReportFormat = "cdrmend.profile-test/1"

// Report says what a profile reads from some files.
type Report struct {
	Format    string    `json:"format"`
	Profile   string    `json:"profile"`
	Kind      string    `json:"kind"`
	Files     []Read    `json:"files"`
	Rows      int64     `json:"rows"`    // rejects and skipped rows included
	Records   int64     `json:"records"` // entries, legs or events
	Fields    []Field   `json:"fields"`  // those that the profile maps
	Skipped   []Count   `json:"skipped"` // rows, by the reason of the filter
	Unmatched Unmatched `json:"unmatched"`
	Joined    *Joined   `json:"joined,omitempty"` // of text logs with records of several lines
	Rejected  int64     `json:"rejected"`
	Rejects   []Reject  `json:"rejects"`  // by reason
	Statuses  []Count   `json:"statuses"` // events, by status
	Causes    []Count   `json:"causes"`   // failed events, by what they show of their cause
	Lacks     []Lack    `json:"lacks"`    // what judging needs and nothing fills

	Unfinished []string `json:"unfinished,omitempty"` // pages that are missing, by list
	Warnings   []string `json:"warnings,omitempty"`   // what may be read wrong, by file
}

// Read is one file that was read.
type Read struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Rows   int64  `json:"rows"`
	Damage string `json:"damage,omitempty"`
}

// Field counts the values of one field.
type Field struct {
	Name           string `json:"name"`
	Rows           int64  `json:"rows"` // that have a value, of the object key or of the row
	Example        string `json:"example,omitempty"`
	Invalid        int64  `json:"invalid"` // values that did not parse
	InvalidExample string `json:"invalid_example,omitempty"`
	Why            string `json:"why,omitempty"`
}

// Count is how often something occurs.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Unmatched are text lines that match no pattern, comments of CSV, and elements of XML
// next to the records.
type Unmatched struct {
	N     int64  `json:"n"`
	First string `json:"first,omitempty"`
}

// Joined counts the records that have several lines.
type Joined struct {
	Records int64 `json:"records"`
	Longest int64 `json:"longest"` // how many lines the longest record has
}

// Reject counts the rejects with one reason. Their bytes are not shown.
type Reject struct {
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"` // of the first one
	N      int64  `json:"n"`
	Path   string `json:"path"` // of the first one
	Row    int64  `json:"row"`
}

// Lack is something that judging needs and no row has.
type Lack struct {
	Fields []string `json:"fields"` // at least one has to be filled
	Next   string   `json:"next"`   // what to do
}

// Fit reports whether everything that judging needs is filled somewhere.
func (r *Report) Fit() bool { return len(r.Lacks) == 0 }

// Test reads files as a profile says, within the default limits. The error is a
// failure to read.
func Test(p *profile.Profile, files []File) (*Report, error) {
	t := &tester{
		profile: p, limits: stream.DefaultLimits(), values: newValues(p), texts: intern.NewTable(),
		filtered: make([]int64, len(p.Filters)), statuses: map[int16]int64{}, causes: map[registration.Cause]int64{}, paging: map[record.Span]*profile.Paging{},
		report: &Report{
			Format: ReportFormat, Profile: p.Name, Kind: p.Kind,
			Files: []Read{}, Fields: []Field{}, Skipped: []Count{}, Rejects: []Reject{}, Statuses: []Count{}, Causes: []Count{}, Lacks: []Lack{},
		},
	}
	for i := range files {
		if err := t.file(&files[i]); err != nil {
			return nil, fmt.Errorf("reading %q: %w", files[i].Path, err)
		}
	}
	t.finish()
	return t.report, nil
}

// tester reads one file after another into a report.
type tester struct {
	profile  *profile.Profile
	limits   stream.Limits
	values   *values
	texts    *intern.Table
	report   *Report
	filtered []int64
	others   int64 // rows that no filter skips, and that are no records: without a value, or of another kind
	statuses map[int16]int64
	causes   map[registration.Cause]int64
	paging   map[record.Span]*profile.Paging // by the partition that a path names
}

// file reads a file twice: its values by themselves, and its records as a run does.
func (t *tester) file(f *File) error {
	if t.profile.NoDocuments {
		return t.media(f)
	}
	counted := t.values.snapshot()
	if t.profile.Shape == "" {
		if err := t.values.read(t.profile, f, &t.limits); err != nil {
			return err
		}
	}
	in, err := open(t.profile, f, &t.limits)
	if err != nil {
		return err
	}
	defer in.stream.Close()

	read := Read{Path: f.Path, Format: in.format.String()}
	saved := slices.Clone(t.report.Rejects)
	pass := pass{tester: t, file: f, in: in, before: counted, forget: func() { t.report.Rejects = slices.Clone(saved) }}
	switch t.profile.Kind {
	case "manifests":
		err = pass.manifest(&read)
	case "cdrs":
		err = pass.legs(&read)
	default:
		err = pass.events(&read)
	}
	if err != nil {
		return err
	}

	t.warn(f)
	t.report.Rows += read.Rows
	t.report.Files = append(t.report.Files, read)
	return nil
}

// warn says what may be read wrong of a file.
func (t *tester) warn(f *File) {
	if f.torn.Load() {
		t.report.Warnings = append(t.report.Warnings, fmt.Sprintf("%s: times without a year lie in another year by its last modification, %s, than by the date in its path; the year by that date is taken where a time lies within 31 days of it, and not after the modification", f.Path, f.Modified.Std().Format(time.DateOnly)))
	}
}

// pass reads the records of one file.
type pass struct {
	*tester
	file   *File
	in     *opened
	before map[record.Field]Field // the counts before the file
	forget func()                 // the rejects of the file so far do not count
}

func (p pass) reject(r rows.Reject) error {
	all := p.report.Rejects
	i := slices.IndexFunc(all, func(one Reject) bool { return one.Reason == r.Reason })
	if i < 0 {
		one := Reject{Reason: r.Reason, N: 1, Path: p.file.Path, Row: r.Row}
		if r.Cells != r.Header {
			one.Detail = fmt.Sprintf("%d, and the header has %d", r.Cells, r.Header)
		}
		p.report.Rejects = append(all, one)
		return nil
	}
	all[i].N++
	return nil
}

// reading takes over how the rows of a file were read.
func (p pass) reading(r *rows.Reading, read *Read) {
	read.Rows = r.Rows
	p.report.Unmatched.N += r.Unmatched
	p.joined(&r.Joined)
	for n, of := range r.Filtered {
		p.filtered[n] += of
	}
	if why := cmp.Or(r.Incomplete(), p.in.stream.Checksum); why != nil {
		read.Damage = shown(why.Error(), longestLine)
	}
	p.page(r.Page, r.Listed, r.Lists())
}

// joined takes over how many records have several lines, and warns of lines that may
// be records of their own.
func (p pass) joined(j *rows.Joined) {
	if j.Records == 0 {
		return
	}
	if p.report.Joined == nil {
		p.report.Joined = &Joined{}
	}
	p.report.Joined.Records += j.Records
	p.report.Joined.Longest = max(p.report.Joined.Longest, j.Longest)
	if j.Odd > 0 {
		p.report.Warnings = append(p.report.Warnings, fmt.Sprintf("%s: lines that look like records, as they begin with a date or hold an event of their own, and are joined to the record before them: %d, the first in row %d; correct begins", p.file.Path, j.Odd, j.First))
	}
}

// page adds what a file tells of the list that it is a page of.
func (p pass) page(page profile.Page, elements int64, lists bool) {
	if p.profile.Pages == (profile.Pages{}) {
		return
	}
	span := p.file.partition()
	if p.paging[span] == nil {
		p.paging[span] = new(profile.Paging)
	}
	p.paging[span].Add(page, elements, lists)
}

func (p pass) manifest(read *Read) error {
	r := manifest.NewReader(p.profile, p.texts, 0, &p.limits)
	r.About(p.file.context(p.profile))
	input := manifest.Input{Key: p.file.Path, Stream: p.in.stream, Body: p.in.body, Format: p.in.format, Reject: p.reject, Forget: p.forget}

	var b *manifest.Batch
	var err error
	if p.in.file != nil {
		b, err = r.ReadParquet(input, p.in.file, p.in.file.Size())
	} else {
		b, err = r.Read(input)
	}
	if err != nil {
		return err
	}

	read.Rows = b.Rows
	p.report.Records += int64(b.Doc.N)
	p.report.Unmatched.N += b.Skipped
	p.page(b.Page, b.Rows-b.Rejects-b.Skipped, b.Rows > 0 || b.Framed)
	if b.Doc.Extra != nil && b.Doc.Extra.Why != nil {
		read.Damage = shown(b.Doc.Extra.Why.Error(), longestLine)
	}
	p.keyed(&b.Doc)
	return nil
}

// keyed counts the fields that the object key gives to entries whose rows lack
// them.
func (p pass) keyed(doc *manifest.Document) {
	for f, id := range map[record.Field]intern.Text{
		record.OrgID: doc.Key.Org, record.ConversationID: doc.Key.Conversation, record.RecordingID: doc.Key.Recording, record.MediaKey: doc.Key.Media,
	} {
		if id == intern.None {
			continue
		}
		count := p.values.counts[f]
		if count == nil {
			count = &Field{Name: f.String()}
			p.values.counts[f] = count
		}
		count.Rows = max(count.Rows, p.before[f].Rows+int64(doc.N))
		count.Example = cmp.Or(count.Example, shown(p.texts.String(id), longestExample))
	}
}

func (p pass) legs(read *Read) error {
	r := cdr.NewReader(p.profile, p.texts, &p.limits)
	r.About(p.file.context(p.profile))
	r.Forget = p.forget

	var b *cdr.Batch
	var err error
	if p.in.file != nil {
		b, err = r.ReadParquet(p.in.file, p.in.file.Size(), p.reject)
	} else {
		b, err = r.Read(p.in.body, p.in.format, p.reject)
	}
	if err != nil {
		return err
	}

	p.reading(&b.Reading, read)
	p.report.Records += int64(len(b.Legs))
	p.others += b.Skipped - b.Reading.Skipped()
	if p.profile.Shape != "" {
		p.shapedLegs(b)
	}
	return nil
}

func (p pass) events(read *Read) error {
	// Without keys and scopes: tokens are read for their times, not examined.
	rules := &token.Rules{Limits: p.limits}
	r := registration.NewReader(p.profile, p.texts, rules)
	r.About(p.file.context(p.profile))
	r.Forget = p.forget

	var b *registration.Batch
	var err error
	if p.in.file != nil {
		b, err = r.ReadParquet(p.in.file, p.in.file.Size(), intern.None, p.reject)
	} else {
		b, err = r.Read(p.in.body, p.in.format, intern.None, p.reject)
	}
	if err != nil {
		return err
	}

	p.reading(&b.Reading, read)
	p.report.Records += int64(len(b.Events))
	p.others += b.Skipped - b.Reading.Skipped()
	for i := range b.Events {
		e := &b.Events[i]
		p.statuses[e.Status]++
		if e.Status == 0 || e.Status >= 300 {
			p.causes[registration.CauseOf(e, rules)]++
		}
	}
	if p.profile.Shape != "" {
		p.shapedEvents(b)
	}
	return nil
}

// finish brings what was counted into order.
func (t *tester) finish() {
	r := t.report
	for _, f := range fieldsOf(t.profile.Kind) {
		if count := t.values.counts[f]; count != nil {
			r.Fields = append(r.Fields, *count)
		}
	}
	for n, of := range t.filtered {
		r.Skipped = append(r.Skipped, Count{t.profile.Filters[n].Reason, of})
	}
	if t.others > 0 {
		r.Skipped = append(r.Skipped, Count{"no record: without a value, or of another kind, such as requests for tokens", t.others})
	}
	r.Unmatched.First = t.values.unmatched
	for _, one := range r.Rejects {
		r.Rejected += one.N
	}

	for _, status := range slices.Sorted(maps.Keys(t.statuses)) {
		r.Statuses = append(r.Statuses, Count{strconv.Itoa(int(status)), t.statuses[status]})
	}
	for _, cause := range slices.Sorted(maps.Keys(t.causes)) {
		r.Causes = append(r.Causes, Count{cause.String(), t.causes[cause]})
	}
	for _, span := range slices.SortedFunc(maps.Keys(t.paging), func(a, b record.Span) int { return cmp.Compare(a.Start, b.Start) }) {
		if lacks := t.paging[span].Lacks(span); lacks != "" {
			r.Unfinished = append(r.Unfinished, pagesOf(span)+lacks)
		}
	}
	t.lacks()
}

// pagesOf names the partition whose pages something is missing of.
func pagesOf(span record.Span) string {
	if span == record.Forever {
		return ""
	}
	return span.Start.Std().Format(time.DateOnly) + ": "
}

// lacks finds what judging needs and no row has.
func (t *tester) lacks() {
	for _, alternatives := range t.profile.Needs() {
		var names []string
		filled, invalid, mapped := false, "", false
		for _, f := range alternatives {
			names = append(names, f.String())
			if count := t.values.counts[f]; count != nil {
				mapped = true
				filled = filled || count.Rows > 0
				invalid = cmp.Or(invalid, count.Why)
			}
		}
		if filled {
			continue
		}

		next := "map one of them: no place of the profile leads to it"
		switch {
		case t.report.Rows == 0 && slices.ContainsFunc(t.report.Files, func(f Read) bool { return f.Damage != "" }):
			next = "see why the file is damaged"
		case t.report.Rows == 0:
			next = "give a file that has rows"
		case t.report.Rejected == t.report.Rows:
			next = "see why all of its rows are rejected"
		case t.profile.Shape != "":
			next = "give an export of the shape " + t.profile.Shape + ": it found none in any row"
		case invalid != "":
			next = "its values do not parse: " + invalid
		case mapped:
			next = "correct its place: nothing stands there in any row"
		}
		if slices.Contains(alternatives, record.AnswerTime) {
			next += " (needed with expect: answered, the default)"
		}
		if len(names) == 1 {
			next = strings.Replace(next, "map one of them", "map it", 1)
		}
		t.report.Lacks = append(t.report.Lacks, Lack{Fields: names, Next: next})
	}
}
