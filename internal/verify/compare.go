package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// recomputed is a run that was computed again.
type recomputed struct {
	store     object.Store
	prefix    string // of its keys, ends in a slash
	sameBuild bool   // as the committed one: then bytes have to be equal, too
}

// comparison holds a committed run against one that was computed again.
type comparison struct {
	v      *Check
	r      *replayed
	again  *recomputed
	files  map[string]object.Info // of the run that was computed again, by path
	before map[string]ledger.File // of the committed run, by path
	after  map[string]ledger.File
}

// tables are those of a run.
var tables = []*table.Schema{table.Findings, table.Repairs, table.Calls, table.Outages, table.Recordings}

func (v *Check) compareRuns(ctx context.Context, r *replayed, again *recomputed) error {
	c := &comparison{v: v, r: r, again: again, files: map[string]object.Info{}}
	for info, err := range again.store.List(ctx, again.prefix) {
		if err != nil {
			return err
		}
		c.files[strings.TrimPrefix(info.Key, again.prefix)] = info
	}
	var m ledger.Manifest
	raw, err := c.read(ctx, "run.json")
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return err
	}
	c.before, c.after = byPath(r.manifest.Files), byPath(m.Files)
	if !again.sameBuild {
		v.note("interval %s was computed by build %q: its tables were compared cell by cell, its documents and rejects without compression, and its summary and reports not at all",
			r.chain.label, r.record.Tool)
	}
	if err := c.compareFiles(ctx); err != nil {
		return err
	}
	if err := c.compareHistory(ctx); err != nil {
		return err
	}
	v.count(func(rep *Report) { rep.Recomputed.Runs++ })
	return nil
}

func byPath(files []ledger.File) map[string]ledger.File {
	all := map[string]ledger.File{}
	for _, f := range files {
		all[f.Path] = f
	}
	return all
}

// compareFiles goes over all files of both runs.
func (c *comparison) compareFiles(ctx context.Context) error {
	all := maps.Clone(c.before)
	maps.Copy(all, c.after)
	var rest []func(context.Context) error
	for _, path := range slices.Sorted(maps.Keys(all)) {
		_, before := c.before[path]
		_, after := c.after[path]
		switch {
		case !after:
			c.differs(ResultLink, path, "it is not written when it is computed again")
		case !before:
			c.differs(ResultLink, path, "it is written when it is computed again, and was not committed")
		case schemaOf(path) == nil:
			rest = append(rest, func(ctx context.Context) error { return c.compareFile(ctx, path) })
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	for _, s := range tables {
		g.Go(func() error { return c.compareTable(gctx, s) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return c.v.each(ctx, "comparing", rest)
}

// schemaOf returns the table that a file of a run holds, nil for none.
func schemaOf(path string) *table.Schema {
	for _, s := range tables {
		if path == s.Name+".csv" || path == s.Name+".parquet" {
			return s
		}
	}
	return nil
}

func (c *comparison) differs(link Link, path, format string, args ...any) {
	c.v.broken(c.r.chain, link, c.r.chain.prefix+c.r.folder+path, format, args...)
}

// compareTable compares a table in every format that it has.
func (c *comparison) compareTable(ctx context.Context, s *table.Schema) error {
	rows := int64(-1)
	for _, path := range []string{s.Name + ".csv", s.Name + ".parquet"} {
		before, ok := c.before[path]
		after, again := c.after[path]
		if !ok || !again {
			continue
		}
		n, err := c.compareTableFile(ctx, s, path, before.SHA256 == after.SHA256)
		if err != nil || n < 0 {
			return err
		}
		rows = n
	}
	if rows >= 0 {
		c.v.count(func(r *Report) { r.Recomputed.Tables++; r.Recomputed.Rows += rows })
	}
	return nil
}

// compareTableFile returns the number of rows, -1 when they differ.
func (c *comparison) compareTableFile(ctx context.Context, s *table.Schema, path string, equal bool) (int64, error) {
	got, done, err := c.openTable(ctx, c.again.store, c.files[path], s)
	if err != nil {
		return -1, err
	}
	defer done()
	want := got
	if !equal {
		committed, done, err := c.openTable(ctx, c.v.out.Store, c.r.chain.objects[c.r.folder+path], s)
		if err != nil {
			return -1, err
		}
		defer done()
		want = committed
	}
	rows, difference, err := compareRows(s, want, got)
	switch {
	case err != nil:
		return -1, err
	case difference != "":
		c.differs(TableLink, path, "%s", difference)
		return -1, nil
	case !equal && c.again.sameBuild:
		c.differs(TableLink, path, "its rows are those that are computed again, but not its bytes, though the build is the same")
		return -1, nil
	}
	return rows, nil
}

// openTable copies a table, so that it can be ranged over until it is given
// up.
func (c *comparison) openTable(ctx context.Context, store object.Store, info object.Info, s *table.Schema) (table.Rows, func(), error) {
	spool := ledger.NewSpool(c.r.run.Config.Scratch)
	body, err := store.Open(ctx, info, 0)
	if err == nil {
		_, err = io.Copy(spool, body)
		body.Close()
	}
	var r io.ReaderAt
	if err == nil {
		r, err = spool.ReaderAt()
	}
	if err != nil {
		spool.Close()
		return nil, nil, err
	}
	return table.Read(r, spool.Size(), info.Key, s), spool.Close, nil
}

// compareRows returns the number of rows, or what the first difference is.
func compareRows(s *table.Schema, want, got table.Rows) (rows int64, difference string, err error) {
	nextWant, stop := iter.Pull2(want)
	defer stop()
	nextGot, stop := iter.Pull2(got)
	defer stop()
	for ; ; rows++ {
		a, errA, more := nextWant()
		b, errB, moreAgain := nextGot()
		switch {
		case errA != nil:
			return rows, "", errA
		case errB != nil:
			return rows, "", errB
		case !more && !moreAgain:
			return rows, "", nil
		case !more:
			return rows, fmt.Sprintf("row %d (%s) comes out when it is computed again, and was not committed", rows, firstCells(s, b)), nil
		case !moreAgain:
			return rows, fmt.Sprintf("row %d (%s) was committed, and does not come out when it is computed again", rows, firstCells(s, a)), nil
		}
		for i := range s.Columns {
			x, y := a.AppendCell(nil, i), b.AppendCell(nil, i)
			if !bytes.Equal(x, y) {
				return rows, fmt.Sprintf("row %d, column %s: committed %q, computed again %q", rows, s.Columns[i].Name, x, y), nil
			}
		}
	}
}

// firstCells shows enough of a row to find it.
func firstCells(s *table.Schema, r *table.Row) string {
	var cells []string
	for i := range s.Columns[:3] {
		cells = append(cells, fmt.Sprintf("%s %q", s.Columns[i].Name, r.AppendCell(nil, i)))
	}
	return strings.Join(cells, ", ")
}

// compareFile compares a file that is no table. Another build may compress
// otherwise, and say other things in its summary and its reports. Nor can
// reports be compared whose pseudonyms nobody here can make.
func (c *comparison) compareFile(ctx context.Context, path string) error {
	document := strings.HasPrefix(path, "manifests/")
	exact := document || strings.HasPrefix(path, "rejects/") || path == ledger.InputsFile
	key := &c.r.run.Config.Report
	switch {
	case !exact && !c.again.sameBuild:
		return nil
	case !exact && path != report.SummaryFile && key.PseudonymKeySHA256 != "" && key.PseudonymKey == nil:
		c.v.note("interval %s: its reports were not compared, as the key of their pseudonyms is not known", c.r.chain.label)
		return nil
	case c.before[path].SHA256 != c.after[path].SHA256:
		difference, err := c.difference(ctx, path)
		if err != nil {
			return err
		}
		if difference != "" {
			c.differs(ResultLink, path, "%s", difference)
			return nil
		}
	}
	c.v.count(func(r *Report) {
		if document {
			r.Recomputed.Documents++
		} else {
			r.Recomputed.Files++
		}
	})
	return nil
}

// difference tells where the contents of a file differ first, empty for one
// that is equal but for its compression by another build.
func (c *comparison) difference(ctx context.Context, path string) (string, error) {
	limits := &c.r.run.Config.Limits
	before, after := c.r.chain.objects[c.r.folder+path], c.files[path]
	want, err := c.v.out.Store.Open(ctx, before, 0)
	if err != nil {
		return "", err
	}
	defer want.Close()
	got, err := c.again.store.Open(ctx, after, 0)
	if err != nil {
		return "", err
	}
	defer got.Close()
	text, err := firstDifference(record.Open(want, before.Size, limits), record.Open(got, after.Size, limits))
	if text == "" && c.again.sameBuild {
		text = "its content is what is computed again, but not its compression, though the build is the same"
	}
	return text, err
}

// Of a difference so many bytes are shown, and so many before it.
const (
	shownBytes  = 60
	shownBefore = 30
)

func firstDifference(want, got io.Reader) (string, error) {
	a, b := bufio.NewReader(want), bufio.NewReader(got)
	line := 1
	var before []byte
	for at := int64(0); ; at++ {
		x, errX := a.ReadByte()
		y, errY := b.ReadByte()
		switch {
		case errX == io.EOF && errY == io.EOF:
			return "", nil
		case errX != nil && errX != io.EOF:
			return "", errX
		case errY != nil && errY != io.EOF:
			return "", errY
		case errX == io.EOF || errY == io.EOF || x != y:
			return fmt.Sprintf("it differs from byte %d (line %d) on: after %q committed %q, computed again %q",
				at, line, before, following(x, errX, a), following(y, errY, b)), nil
		case x == '\n':
			line++
		}
		before = append(before[max(0, len(before)-shownBefore+1):], x)
	}
}

// following shows what stands from a byte on.
func following(first byte, err error, r *bufio.Reader) []byte {
	if err != nil {
		return nil
	}
	more, _ := r.Peek(shownBytes)
	return append([]byte{first}, more...)
}

// compareHistory makes the history of the commit again from that of the
// commit before and the findings that were computed again.
func (c *comparison) compareHistory(ctx context.Context) error {
	previous := table.Rows(table.Empty)
	if n := c.r.number; n > 1 {
		before := c.r.chain.at(n - 1)
		if before == nil || before.record == nil || len(before.record.History) == 0 || !c.r.chain.sound[before.record.History[0].Path] {
			return nil // which is reported already
		}
		rows, done, err := c.openTable(ctx, c.v.out.Store, c.r.chain.objects[before.record.History[0].Path], table.History)
		if err != nil {
			return err
		}
		defer done()
		previous = rows
	}
	findings, done, err := c.findings(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, f := range c.r.record.History {
		if !c.r.chain.sound[f.Path] {
			continue
		}
		committed, done, err := c.openTable(ctx, c.v.out.Store, c.r.chain.objects[f.Path], table.History)
		if err != nil {
			return err
		}
		_, difference, err := compareRows(table.History, committed, table.Merge(previous, findings, c.r.number))
		done()
		if err != nil {
			return err
		}
		if difference != "" {
			c.v.broken(c.r.chain, HistoryLink, c.r.chain.prefix+f.Path, "%s", difference)
		}
	}
	return nil
}

func (c *comparison) findings(ctx context.Context) (table.Rows, func(), error) {
	for _, suffix := range []string{".parquet", ".csv"} {
		if info, ok := c.files[table.Findings.Name+suffix]; ok {
			return c.openTable(ctx, c.again.store, info, table.Findings)
		}
	}
	return table.Empty, func() {}, nil
}

func (c *comparison) read(ctx context.Context, path string) ([]byte, error) {
	info, ok := c.files[path]
	if !ok {
		return nil, fmt.Errorf("%q was not written when it was computed again", path)
	}
	body, err := c.again.store.Open(ctx, info, 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
