package discover

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/loadfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/table"
)

// Names of the files whose rows are compared.
const (
	callsFile      = "data/tables/calls.csv"
	recordingsFile = "data/tables/recordings.csv"
	exceptionsFile = "data/exceptions.csv"
	loadCSVFile    = "data/loadfile.csv"
	loadDATFile    = "data/loadfile.dat"
)

// compared are the files whose rows are compared.
var compared = []rowFormat{
	{callsFile, exportedColumns(table.Calls), readCSV, writeCSV},
	{recordingsFile, exportedColumns(table.Recordings), readCSV, writeCSV},
	{exceptionsFile, exceptionColumns, readCSV, writeCSV},
	{loadCSVFile, loadColumns, loadfile.ReadCSV, writeLoad(loadfile.NewCSV)},
	{loadDATFile, loadColumns, loadfile.ReadDAT, writeLoad(loadfile.NewDAT)},
}

// comparison holds the load files and the exceptions against the tables of a production,
// an interval at a time, of which it has the calls and exceptions in memory.
type comparison struct {
	*checking
	calls, recordings, exceptions, csv, dat *sheet

	rows     int64 // of recordings
	calling  int64
	numbered int64 // of the last exception
	excepted map[string]map[string]int64
	verdicts map[string]int64
	statuses map[string]int64
	counts   map[string][2]int64 // calls and recordings of each interval
	used     map[string]bool     // files of documents/ and media/ that a row names
}

// compare compares all rows.
func (c *checking) compare() error {
	x := &comparison{
		checking: c, excepted: map[string]map[string]int64{}, verdicts: map[string]int64{}, statuses: map[string]int64{},
		counts: map[string][2]int64{}, used: map[string]bool{},
	}
	var ends []func() error
	for _, f := range compared {
		s, flush, err := c.open(f, c.kept[f.name])
		if err != nil {
			return err
		}
		ends = append(ends, func() error { return s.end(flush) })
		*map[string]**sheet{callsFile: &x.calls, recordingsFile: &x.recordings, exceptionsFile: &x.exceptions, loadCSVFile: &x.csv, loadDATFile: &x.dat}[f.name] = s
	}

	// A file that cannot be read is named already, and says nothing about the others.
	if !x.calls.broken && !x.recordings.broken && !x.exceptions.broken && !x.csv.broken {
		for _, r := range c.sealed.Records {
			if err := x.interval(r); err != nil {
				return err
			}
		}
		x.rest()
		x.answers()
	}
	for _, end := range ends {
		if err := end(); err != nil {
			return err
		}
	}
	return nil
}

// placeOf is the object and row of a call or recording.
type placeOf [3]string

// group is what one interval has.
type group struct {
	sealed     ledger.Produced
	verdicts   map[placeOf]string          // of calls
	of         map[[2]string][]string      // verdicts of the calls of a conversation
	exceptions map[string]map[placeOf]int  // by what they are about: their place in list
	list       []exceptionRow              // in their order
	met        []bool                      // those of list that a row explains
	documents  map[[2]string]*documentSeen // by source and object
	run        string                      // its id
	files      *runFiles                   // nil: not known
}

type exceptionRow struct {
	number      int64
	reason, why string
}

// documentSeen is a document of an interval whose first recording was seen.
type documentSeen struct {
	control  string
	withheld bool // no file of it may be there
	excepted bool
}

func (x *comparison) interval(sealed ledger.Produced) (err error) {
	g := &group{
		sealed: sealed, verdicts: map[placeOf]string{}, of: map[[2]string][]string{}, exceptions: map[string]map[placeOf]int{}, documents: map[[2]string]*documentSeen{},
	}
	if r := x.records[ledger.RecordPath(sealed.Interval, sealed.Number)]; r != nil {
		g.run = r.RunID
		if g.files, err = x.filesOf(r); err != nil {
			return err
		}
	}
	before := x.calling
	for ; x.calls.row != nil && x.calls.get("interval") == sealed.Interval; x.calls.advance() {
		x.call(g)
	}
	for ; x.exceptions.row != nil && x.exceptions.get("interval") == sealed.Interval; x.exceptions.advance() {
		x.exception(g)
	}
	first := x.rows
	for ; x.recordings.row != nil && x.recordings.get("interval") == sealed.Interval; x.recordings.advance() {
		x.recording(g)
		x.csv.advance()
		x.dat.advance()
	}
	x.counts[sealed.Interval] = [2]int64{x.calling - before, x.rows - first}
	if at := ledger.RecordPath(sealed.Interval, sealed.Number); x.calling-before+x.rows-first > 0 && x.records[at] == nil {
		x.problem("data/evidence/"+at, "it is missing, or not what was sealed, and rows of the interval are there")
	}
	for _, at := range slices.SortedFunc(maps.Keys(g.verdicts), func(a, b placeOf) int { return slices.Compare(a[:], b[:]) }) {
		if _, told := g.exceptions["call"][at]; !told && !slices.Contains(recorded, g.verdicts[at]) {
			x.exceptions.wrong("no exception is about the %s call of %s %q, row %s", g.verdicts[at], at[0], at[1], at[2])
		}
	}
	for i, met := range g.met {
		if !met {
			x.exceptions.wrong("exception %d is about a row that the tables do not have, or of which nothing is lacking", g.list[i].number)
		}
	}
	return nil
}

func (x *comparison) call(g *group) {
	x.calling++
	s := x.calls
	at := placeOf{s.get("source"), s.get("object_key"), s.get("row")}
	if _, twice := g.verdicts[at]; twice {
		s.wrong("row %d is about the same leg as a row before it", s.number)
	}
	verdict := s.get("verdict")
	x.verdicts[verdict]++
	g.verdicts[at] = verdict
	conversation := [2]string{s.get("org_id"), s.get("conversation_id")}
	if !slices.Contains(g.of[conversation], verdict) {
		g.of[conversation] = append(g.of[conversation], verdict)
	}
}

// exception notes an exception, and holds one about a call against its verdict.
func (x *comparison) exception(g *group) {
	s := x.exceptions
	x.countException()
	about, reason := s.get("about"), s.get("reason")
	at := placeOf{s.get("source"), s.get("object_key"), s.get("row")}
	if about == "document" {
		at[2] = ""
	}
	if g.exceptions[about] == nil {
		g.exceptions[about] = map[placeOf]int{}
	}
	if _, twice := g.exceptions[about][at]; twice {
		s.wrong("exception %s is about the same as one before it", s.get("number"))
	}
	g.exceptions[about][at] = len(g.list)
	g.list = append(g.list, exceptionRow{s.number, reason, s.get("why")})
	g.met = append(g.met, false)
	if want := strconv.FormatInt(g.sealed.Number, 10); s.get("commit") != want || s.get("record_sha256") != g.sealed.SHA256 {
		s.wrong("exception %s: commit and record_sha256 are not those of interval %s", s.get("number"), g.sealed.Interval)
	}
	if about == "call" {
		x.aboutCall(g, at, reason)
	}
}

// aboutCall holds an exception about a call against its verdict.
func (x *comparison) aboutCall(g *group, at placeOf, reason string) {
	verdict, known := g.verdicts[at]
	if !known {
		return // at the end of the interval it is named
	}
	g.met[len(g.met)-1] = true
	want := verdict
	if slices.Contains(recorded, verdict) {
		want = Unlinked
	}
	if reason != want {
		x.exceptions.wrong("exception %s has the reason %s, and the verdict of its call is %s", x.exceptions.get("number"), reason, verdict)
	}
}

func (x *comparison) countException() {
	s := x.exceptions
	x.numbered++
	if number := s.get("number"); number != strconv.FormatInt(x.numbered, 10) {
		s.wrong("row %d has the number %s, and the one before it %d", s.number, number, x.numbered-1)
		x.numbered, _ = strconv.ParseInt(number, 10, 64) // those after it are right again
	}
	about := s.get("about")
	if x.excepted[about] == nil {
		x.excepted[about] = map[string]int64{}
	}
	x.excepted[about][s.get("reason")]++
}

// about returns the exception about something, and notes that there is a row for it.
func (g *group) about(about string, at placeOf) *exceptionRow {
	i, ok := g.exceptions[about][at]
	if !ok {
		return nil
	}
	g.met[i] = true
	return &g.list[i]
}

// copied are the columns of the load file that a row of recordings has, too.
var copied = map[string]string{
	"RECORDING_ID": "recording_id", "CONVERSATION_ID": "conversation_id", "LEG_ID": "leg_id", "ORG_ID": "org_id", "TRUNK_ID": "trunk_id", "LINE_ID": "line_id",
	"USER_IDS": "user_ids", "DIRECTION": "direction", "ANI": "ani", "DNIS": "dnis", "MEDIA_TYPE": "media_type", "START_UTC": "start_time", "END_UTC": "end_time",
	"DURATION_MS": "duration_ms", "STATUS": "status", "MEDIA_KEY": "media_key", "SOURCE": "source", "OBJECT_KEY": "object_key", "ENTRY": "entry",
}

// recording compares a row of recordings with the row of each load file that stands for it.
func (x *comparison) recording(g *group) {
	x.rows++
	x.statuses[x.recordings.get("status")]++
	for _, s := range []*sheet{x.csv, x.dat} {
		if s.row == nil && !s.broken {
			s.wrong("it has no row for row %d of %s, recording %q", x.recordings.number, recordingsFile, x.recordings.get("recording_id"))
			s.broken = true // once is enough
		}
	}
	if x.csv.row == nil {
		return
	}
	for _, column := range loadColumns {
		if want := x.request.profile.InDAT(x.csv.get(column)); x.dat.row != nil && x.dat.get(column) != want {
			x.dat.wrong("row %d: %s is %q, and %s has %q", x.dat.number, column, x.dat.get(column), loadCSVFile, x.csv.get(column))
		}
	}

	want := map[string]string{
		"CONTROL_NUMBER": x.request.number(x.rows), "MATTER": x.sealed.Matter, "ZONE": x.request.zone.String(), "INTERVAL": g.sealed.Interval,
		"COMMIT": strconv.FormatInt(g.sealed.Number, 10), "RECORD_SHA256": g.sealed.SHA256,
		"START_LOCAL": x.request.local(parsedTime(x.recordings.get("start_time"))), "END_LOCAL": x.request.local(parsedTime(x.recordings.get("end_time"))),
	}
	for column, of := range copied {
		want[column] = x.recordings.get(of)
	}
	for _, column := range slices.Sorted(maps.Keys(want)) {
		x.wantField(column, want[column])
	}
	if by := x.csv.get("COVERED_BY"); by != "request" && by != "linked" {
		x.wantField("COVERED_BY", "request or linked")
	}
	x.gap(g)
	x.document(g)
	x.native(g)
	if path := x.csv.get("EXPLANATION_PATH"); path != "" && (x.manifest[path] == "" || !strings.HasPrefix(path, "data/explanations/"+g.sealed.Interval+"/")) {
		x.wantField("EXPLANATION_PATH", "a file of data/explanations/"+g.sealed.Interval+"/ in the production")
	}
}

// wantField names a field of the load file that is not what it has to be.
func (x *comparison) wantField(column, want string) {
	if got := x.csv.get(column); got != want {
		x.csv.wrong("row %d: %s is %q, want %q by row %d of %s", x.csv.number, column, got, want, x.recordings.number, recordingsFile)
	}
}

// gap checks what the row says about what is lacking.
func (x *comparison) gap(g *group) {
	conversation := [2]string{x.recordings.get("org_id"), x.recordings.get("conversation_id")}
	status := "none"
	for verdict := range strings.SplitSeq(x.csv.get("CALL_VERDICTS"), ";") {
		if verdict == "" {
			continue
		}
		if !slices.Contains(g.of[conversation], verdict) {
			x.csv.wrong("row %d: CALL_VERDICTS has %s, and no call of the conversation in %s has that verdict", x.csv.number, verdict, callsFile)
		}
		if status == "none" && !slices.Contains(recorded, verdict) {
			status = verdict
		}
	}
	at := placeOf{x.recordings.get("source"), x.recordings.get("object_key"), x.recordings.get("entry")}
	if e := g.about("recording", at); e != nil {
		status = e.reason
		x.wantField("GAP_REASON", e.why)
	}
	x.wantField("GAP_STATUS", status)
}

// document checks the document of the row and its repaired copy, or the exception that says
// why it is not there.
func (x *comparison) document(g *group) {
	at := [2]string{x.recordings.get("source"), x.recordings.get("object_key")}
	d := g.documents[at]
	if d == nil {
		d = &documentSeen{control: x.csv.get("CONTROL_NUMBER")}
		if e := g.about("document", placeOf{at[0], at[1]}); e != nil {
			d.excepted, d.withheld = true, e.reason == Withheld || e.reason == Mixed
		}
		g.documents[at] = d
	}
	folder := "data/documents/" + d.control + "/"

	original := ""
	if !d.excepted {
		original = folder + "original" + extension(at[1])
	}
	record := ledger.RecordPath(g.sealed.Interval, g.sealed.Number)
	x.file("ORIGINAL_PATH", "ORIGINAL_SHA256", original, origin{source: at[0], object: at[1], record: record})

	repaired, from := "", origin{}
	if copied := g.copyOf(at); copied != "" && !d.withheld {
		repaired, from = folder+"repaired"+extension(copied), origin{object: "runs/" + g.run + "/" + copied, record: record}
		if sum, ok := x.manifest[repaired]; ok && sum != g.files.sums[copied] {
			x.problem(repaired, "it is not what run %s wrote: that has the SHA-256 %s", g.run, g.files.sums[copied])
		}
	}
	x.file("REPAIRED_PATH", "REPAIRED_SHA256", repaired, from)
}

// copyOf returns the path of the repaired copy of a document below the folder of its
// run, empty when the run wrote none.
func (g *group) copyOf(at [2]string) string {
	if g.files == nil {
		return ""
	}
	path := cmp.Or(g.files.renamed[at], "manifests/"+at[0]+"/"+at[1])
	for _, path := range []string{path, path + profile.MadeSuffix} {
		if g.files.sums[path] != "" {
			return path
		}
	}
	return ""
}

// file checks a file that the row names, and where it comes from.
func (x *comparison) file(path, sum, want string, from origin) {
	x.wantField(path, want)
	got := x.csv.get(path)
	if got == "" {
		x.wantField(sum, "")
		return
	}
	x.used[got] = true
	listed, there := x.manifest[got]
	if !there {
		x.csv.wrong("row %d: %s names %q, which is not in the production", x.csv.number, path, got)
		return
	}
	x.wantField(sum, listed)
	if o, told := x.from[got]; told && (o.object != from.object || o.record != from.record || from.source != "" && o.source != from.source) {
		x.csv.wrong("row %d: %s names %q, which comes from %s %q by custody.jsonl, and the row is of %s %q", x.csv.number, path, got, o.source, o.object, from.source, from.object)
	}
}

// native checks the media of the row, or the exception that says why it is not there.
func (x *comparison) native(g *group) {
	key := x.recordings.get("media_key")
	at := placeOf{x.recordings.get("source"), x.recordings.get("object_key"), x.recordings.get("entry")}
	want := ""
	if e := g.about("media", at); key != "" && x.begun.Media != NoMedia && e == nil {
		want = "data/media/" + x.request.number(x.rows) + extension(key)
	}
	from := origin{source: at[0], object: key, record: ledger.RecordPath(g.sealed.Interval, g.sealed.Number)}
	if o, ok := x.from[want]; ok && o.source == ledger.MediaSource {
		from.source = o.source
	}
	x.file("NATIVE_PATH", "NATIVE_SHA256", want, from)
	size := ""
	if o, ok := x.from[x.csv.get("NATIVE_PATH")]; ok {
		size = strconv.FormatInt(o.size, 10)
	}
	x.wantField("NATIVE_BYTES", size)
}

// rest names rows that belong to no interval of the production, and files that no row names.
func (x *comparison) rest() {
	for _, s := range []*sheet{x.calls, x.recordings} {
		if s.row != nil {
			s.wrong("row %d is of interval %q, which %s does not name, or which is out of order", s.number, s.get("interval"), ledger.ProductionFile)
		}
	}
	for ; x.exceptions.row != nil; x.exceptions.advance() {
		x.countException()
		if about := x.exceptions.get("about"); about != "value" || x.exceptions.get("interval") != "" {
			x.exceptions.wrong("exception %s, about a %s of interval %q, belongs to no interval that %s names, or is out of order", x.exceptions.get("number"), about, x.exceptions.get("interval"), ledger.ProductionFile)
		}
	}
	for _, s := range []*sheet{x.csv, x.dat} {
		if s.row != nil {
			s.wrong("row %d, %s, stands for no row of %s", s.number, s.get("CONTROL_NUMBER"), recordingsFile)
		}
	}
	if x.csv.broken { // what else it names nobody knows
		return
	}
	for _, path := range slices.Sorted(maps.Keys(x.from)) {
		if !x.used[path] {
			x.problem(path, "no row of %s names it", loadCSVFile)
		}
	}
}

// answers compares what the answer counts with the rows.
func (x *comparison) answers() {
	const name = "data/answer.json"
	var a Answer
	if err := json.Unmarshal(x.small[name], &a); err != nil {
		x.problem(name, "it cannot be read: %v", err)
		return
	}
	wrong := func(ok bool, format string, args ...any) {
		if !ok {
			x.problem(name, format, args...)
		}
	}
	wrong(a.Output == x.sealed.Output, "its output is %q, and %s says %q", a.Output, ledger.ProductionFile, x.sealed.Output)
	wrong(maps.Equal(a.Calls.Verdicts, x.verdicts) && a.Calls.Covered == x.calling, "it counts other verdicts than tables/calls.csv has")
	wrong(maps.Equal(a.Recordings.Status, x.statuses) && a.Recordings.Covered == x.rows, "it counts other recordings than tables/recordings.csv has")
	same := maps.EqualFunc(a.Exceptions, x.excepted, func(x, y map[string]int64) bool { return maps.Equal(x, y) })
	wrong(same, "it counts other exceptions than exceptions.csv has")
	wrong(int64(len(a.Unfound)) == x.excepted["value"][Absent], "it names %d values that were not found, and exceptions.csv %d", len(a.Unfound), x.excepted["value"][Absent])

	var searched []ledger.Produced
	for _, i := range a.Intervals {
		if i.Commit > 0 {
			searched = append(searched, ledger.Produced{Interval: i.Interval, Number: i.Commit, SHA256: i.Record})
		}
		if n := x.counts[i.Interval]; i.Calls != n[0] || i.Recordings != n[1] {
			x.problem(name, "of interval %s it counts %d calls and %d recordings, and the tables have %d and %d", i.Interval, i.Calls, i.Recordings, n[0], n[1])
		}
	}
	wrong(slices.Equal(searched, x.begun.committed()), "it names other commits than data/%s", BegunFile)
	if a.Request != nil {
		own, err := ledger.Encode(a.Request)
		wrong(err == nil && string(own) == string(x.small["data/"+requestFile]), "its request is not that of data/%s", requestFile)
	}
}

// begunWith checks what says with what the production was begun, and reads the request.
func (c *checking) begunWith() {
	request := c.small["data/"+requestFile]
	c.request, c.begun = &Request{}, &Begun{}
	if err := json.Unmarshal(request, c.request); err != nil {
		c.problem("data/"+requestFile, "it cannot be read: %v", err)
	}
	if err := c.request.written(); err != nil {
		c.problem("data/"+requestFile, "it cannot be what was asked: %v", err)
	}
	if c.request.Matter != c.sealed.Matter {
		c.problem("data/"+requestFile, "it is about matter %q, and %s about %q", c.request.Matter, ledger.ProductionFile, c.sealed.Matter)
	}

	name := "data/" + BegunFile
	if c.small[name] == nil {
		c.problem(name, "it is missing")
		return
	}
	b, err := OpenBegun(c.small[name])
	if err != nil {
		c.problem(name, "it cannot be read: %v", err)
		return
	}
	c.begun = b
	for _, f := range []struct{ what, got, want string }{
		{"output", b.Output, c.sealed.Output}, {"matter", b.Matter, c.sealed.Matter}, {"tool", b.Tool, c.sealed.Tool}, {"request_sha256", b.Request, sumOf(request)},
	} {
		if f.got != f.want {
			c.problem(name, "its %s is %q, and the production has %q", f.what, f.got, f.want)
		}
	}
	if !slices.Equal(b.committed(), c.sealed.Records) {
		c.problem(name, "it names other commits than %s", ledger.ProductionFile)
	}
}
