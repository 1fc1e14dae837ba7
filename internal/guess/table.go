package guess

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/parquetfile"
	"cdrmend/internal/profile"
	"cdrmend/internal/stream"
	"cdrmend/internal/xmlscan"
)

// most is the most rows of all samples that are looked at.
const most = 2000

// table holds the values of the samples by place.
type table struct {
	format    profile.Format
	entries   string   // the place of the list of records; empty without one
	pages     []page   // where a document tells that its list goes on
	oddTotals []string // places of totals that are less than what is there
	listed    int      // elements of the lists of all documents
	csv       layout
	lenient   bool // rows of CSV may have another number of cells than the header
	joined    bool // values of JSON follow each other without a newline
	rows      int
	columns   []*column
}

// layout is what is special about a CSV file.
type layout struct {
	delimiter byte
	header    []string // of a file without one: names that were made up, or are those of a built-in profile
	borrowed  string   // the built-in profile whose names these are
	more      int      // columns behind them
	types     bool     // the row after the header holds types
	comment   bool     // there are lines that begin with #
	before    int      // lines before the header
	uneven    int      // rows with another number of cells than the header
}

// column is what stands at one place.
type column struct {
	place   string
	cells   []string  // one for each row, empty when missing
	list    bool      // the values are lists
	truths  bool      // all values are truth values of JSON
	encoded bool      // the values are percent-encoded
	parts   []*column // the columns that it joins; nil for what stands at one place
}

// column returns the column of a place, which it adds if it is new.
func (t *table) column(place string) *column {
	for _, c := range t.columns {
		if c.place == place {
			return c
		}
	}
	c := &column{place: place, truths: true}
	t.columns = append(t.columns, c)
	return c
}

// set sets the value of the last row at a place.
func (t *table) set(place, text string, truth bool) *column {
	c := t.column(place)
	for len(c.cells) < t.rows {
		c.cells = append(c.cells, "")
	}
	text = strings.TrimSpace(text)
	if before := c.cells[t.rows-1]; before != "" && text != "" {
		text, c.list = before+";"+text, true
	}
	c.cells[t.rows-1] = text
	c.truths = c.truths && (truth || text == "")
	return c
}

// finish makes all columns as long as the table.
func (t *table) finish() {
	for _, c := range t.columns {
		for len(c.cells) < t.rows {
			c.cells = append(c.cells, "")
		}
		c.decode()
	}
	t.join()
}

// read reads samples that have one format.
func read(samples []Sample) (*table, error) {
	t := &table{format: formatOf(samples[0].Content), lenient: true}
	if t.format == profile.XML {
		t.entries = recordsOfAll(samples)
	}
	for _, s := range samples {
		if f := formatOf(s.Content); f != t.format {
			return nil, fmt.Errorf("%s is %s, and %s is %s: give samples of one format", samples[0].Name, t.format, s.Name, f)
		}

		var err error
		switch t.format {
		case profile.JSON:
			err = t.json(s.Content)
		case profile.JSONLines:
			err = t.jsonLines(s.Content)
		case profile.XML:
			err = t.xml(s.Content)
		case profile.CSV:
			err = t.commas(s.Content)
		default:
			err = t.parquet(s.Content)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	t.finish()
	if t.rows == 0 {
		return nil, fmt.Errorf("%s has no rows: give a sample with some", samples[0].Name)
	}
	return t, nil
}

// formatOf guesses the format of a sample from its beginning.
func formatOf(content []byte) profile.Format {
	all := profile.Profile{Formats: []profile.Format{profile.CSV, profile.JSON, profile.JSONLines, profile.XML, profile.Parquet}}
	return all.FormatOf("", content)
}

// json reads a document: a list of records, an object that holds one, or a record.
func (t *table) json(content []byte) error {
	v, err := jsonscan.Parse(bytes.TrimSpace(content), &stream.Limits{})
	if err != nil && t.values(content) {
		return nil
	}
	if err != nil {
		return err
	}
	if v.Kind == jsonscan.Object {
		if name := listIn(v); name != "" {
			t.entries = "/" + escape(name)
			t.around(v, name)
			v = v.Member(name)
		}
	}
	if v.Kind == jsonscan.Object {
		t.record(v)
		return nil
	}
	for element := range v.Elements {
		t.listed++
		t.record(element)
	}
	return nil
}

// values reads objects that follow each other without a newline. It reports false, and
// leaves the table as it was, when the content is something else.
func (t *table) values(content []byte) bool {
	var all []jsonscan.Value
	d := json.NewDecoder(bytes.NewReader(content))
	for len(all) < most {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if err == io.EOF {
			break
		}
		v, scanned := jsonscan.Parse(raw, &stream.Limits{})
		if err != nil || scanned != nil || v.Kind != jsonscan.Object {
			return false
		}
		all = append(all, v)
	}

	t.joined = true
	for _, v := range all {
		t.record(v)
	}
	return true
}

// listIn returns the name of the longest list of objects in an object. An object that
// has a time of its own is a record itself, so it has no such list.
func listIn(v jsonscan.Value) (name string) {
	longest := 0
	for member, value := range v.Members {
		if value.Kind == jsonscan.String && isTime(string(value.Text())) {
			return ""
		}
		n := 0
		for element := range value.Elements {
			if element.Kind == jsonscan.Object {
				n++
			}
		}
		if value.Kind == jsonscan.List && n > longest {
			name, longest = string(member), n
		}
	}
	return name
}

// parquet reads the rows of Parquet, whose schema names the columns.
func (t *table) parquet(content []byte) error {
	limits := stream.DefaultLimits()
	return parquetfile.Head(bytes.NewReader(content), int64(len(content)), most-t.rows, &limits, func(places []string, values []jsonscan.Value) {
		t.rows++
		for i, v := range values {
			if v.Kind == jsonscan.Object { // a map; the columns inside groups are places of their own
				continue
			}
			t.value(v, places[i])
		}
	})
}

func (t *table) jsonLines(content []byte) error {
	for line := range bytes.Lines(content) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		v, err := jsonscan.Parse(line, &stream.Limits{})
		if err != nil {
			return fmt.Errorf("row %d: %w", t.rows, err)
		}
		t.record(v)
	}
	return nil
}

// record adds an object as a row.
func (t *table) record(v jsonscan.Value) {
	if v.Kind == jsonscan.Object && hasMembers(v) && t.rows < most {
		t.rows++
		t.members(v, "")
	}
}

// hasMembers reports whether an object has members. An empty one tells nothing.
func hasMembers(v jsonscan.Value) bool {
	for range v.Members {
		return true
	}
	return false
}

// members adds the values of an object below a place.
func (t *table) members(v jsonscan.Value, place string) {
	for name, value := range v.Members {
		t.value(value, place+"/"+escape(string(name)))
	}
}

func (t *table) value(v jsonscan.Value, place string) {
	switch v.Kind {
	case jsonscan.Object:
		t.members(v, place)
	case jsonscan.List:
		// Of a list of scalars the place itself is the list.
		for element := range v.Elements {
			switch {
			case element.Kind == jsonscan.Object && t.format == profile.Parquet: // no place leads there
			case element.Kind == jsonscan.Object:
				t.members(element, place+"/*")
				t.markLists(place + "/*/")
			default:
				t.set(place, string(element.Text()), false).list = true
			}
		}
	case jsonscan.Null:
		t.set(place, "", false)
	default:
		t.set(place, string(v.Text()), v.Kind == jsonscan.Bool)
	}
}

// markLists marks the columns below a place as lists.
func (t *table) markLists(prefix string) {
	for _, c := range t.columns {
		c.list = c.list || strings.HasPrefix(c.place, prefix)
	}
}

// escape writes a name as a step of a JSON pointer.
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// xml reads the elements that repeat below the root, or else the root.
func (t *table) xml(content []byte) error {
	if _, err := recordsOf(content); err != nil {
		return err
	}
	limits := stream.DefaultLimits()
	r := xmlscan.NewReader(bytes.NewReader(content), profile.Tokens(t.entries), &limits)
	for {
		record, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if record.Place != xmlscan.Listed {
			continue
		}
		v, err := jsonscan.Parse(record.JSON, &limits)
		if err != nil {
			return err
		}
		t.record(v)
	}
}

// recordsOfAll returns the path of the records of all samples: a document with one
// record does not show whether its root is the record, others do.
func recordsOfAll(samples []Sample) (deepest string) {
	for _, s := range samples {
		if path, err := recordsOf(s.Content); err == nil && strings.Count(path, "/") > strings.Count(deepest, "/") {
			deepest = path
		}
	}
	return deepest
}

// recordsOf returns the path of the records of an XML document: most elements below
// the root have one name, which occurs at least twice, or the root is the only record.
func recordsOf(content []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(content))
	root, names, depth := "", []string{}, 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				root = token.Name.Local
			} else if depth == 2 {
				names = append(names, token.Name.Local)
			}
		case xml.EndElement:
			depth--
		}
	}
	slices.Sort(names)
	if len(names) > 1 { // a name of more than half of them is in the middle
		name := names[len(names)/2]
		if n := len(slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other != name })); n > 1 && 2*n > len(names) {
			return "/" + root + "/" + name, nil
		}
	}
	return "/" + root, nil
}

// typeRow matches the cells of a row of types, as databases spell them.
var typeRow = regexp.MustCompile(`(?i)^(?:(?:small|big|tiny)?int(?:eger)?|n?varchar|char|text|string|uniqueidentifier|uuid|date|time|timestamp|datetime|bool(?:ean)?|bit|float|double|real|decimal|numeric)(?: ?\([\d, ]+\))?$`)

// commas reads CSV with the delimiter that gives the most cells in all rows alike.
func (t *table) commas(content []byte) error {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	var rows [][]string
	for _, delimiter := range []byte(",;\t|") {
		got, err := cells(content, delimiter)
		if err == nil && len(got) > 0 && len(got[0]) > max(1, width(rows)) {
			rows, t.csv.delimiter = got, delimiter
		}
	}
	if rows == nil && t.lenient {
		rows = t.uneven(content)
	}
	if rows == nil {
		return errors.New("is neither JSON nor XML, and no delimiter (comma, semicolon, tab, bar) gives all of its rows the same number of cells")
	}
	t.csv.comment = bytes.HasPrefix(content, []byte("#")) || t.lenient && bytes.Contains(content, []byte("\n#"))

	header := rows[0]
	if isHeader(header) {
		rows = rows[1:]
	} else {
		if t.csv.header == nil {
			t.csv.header, t.csv.borrowed, t.csv.more = nameColumns(rows)
		}
		header = t.csv.header
	}
	if len(rows) > 0 && !slices.ContainsFunc(rows[0], func(cell string) bool { return !typeRow.MatchString(cell) }) {
		t.csv.types, rows = true, rows[1:]
	}
	for _, row := range rows {
		if t.rows == most {
			break
		}
		t.rows++
		for i, cell := range row {
			t.set(strings.TrimSpace(header[i]), cell, false)
		}
	}
	return nil
}

// preamble is how many lines before the header are looked for.
const preamble = 5

// uneven reads CSV of which some rows have another number of cells than the header, as
// a title before it has, or a row that broke off. It returns the rows that are alike,
// which must be most of them; nil without such a layout.
func (t *table) uneven(content []byte) (rows [][]string) {
	for before := range preamble + 1 {
		for _, delimiter := range []byte(",;\t|") {
			all, err := csvReader(content, delimiter, -1).ReadAll()
			if err != nil || len(all) == 0 || len(all[0]) <= max(1, width(rows)) {
				continue
			}
			alike := slices.DeleteFunc(slices.Clone(all), func(row []string) bool { return len(row) != len(all[0]) })
			if len(alike) >= 2 && 2*len(alike) > len(all) {
				rows, t.csv.delimiter, t.csv.before, t.csv.uneven = alike, delimiter, before, len(all)-len(alike)
			}
		}
		if rows != nil {
			return rows
		}
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return nil
}

func width(rows [][]string) int {
	if len(rows) == 0 {
		return 0
	}
	return len(rows[0])
}

// cells splits CSV; it fails when rows differ in the number of cells.
func cells(content []byte, delimiter byte) ([][]string, error) {
	return csvReader(content, delimiter, 0).ReadAll()
}

// csvReader reads rows of a number of cells; -1: any, 0: that of the first one.
func csvReader(content []byte, delimiter byte, width int) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(content))
	r.Comma, r.LazyQuotes, r.Comment, r.FieldsPerRecord = rune(delimiter), true, '#', width
	return r
}

// dataLike matches what is a value rather than the name of a column.
var dataLike = regexp.MustCompile(`^[-+]?\d[\d.,:/ +T-]*Z?$|^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-|^\w+/\S+-[0-9a-f]{8}$|^sips?:|@`)

// isHeader reports whether a row names columns: no cell looks like a value, none is
// empty, and none stands there twice.
func isHeader(row []string) bool {
	for i, cell := range row {
		cell = strings.TrimSpace(cell)
		if cell == "" || dataLike.MatchString(cell) || slices.Contains(row[:i], cell) {
			return false
		}
	}
	return true
}
