package guess

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/record"
)

// decode replaces percent-encoded values by what they mean.
func (c *column) decode() {
	encoded := regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	if !slices.ContainsFunc(c.cells, encoded.MatchString) {
		return
	}
	decoded := make([]string, len(c.cells))
	for i, cell := range c.cells {
		text, err := url.PathUnescape(cell)
		if err != nil {
			return
		}
		decoded[i] = text
	}
	c.cells, c.encoded = decoded, true
}

// values returns the values that are there.
func (c *column) values() []string { return slices.DeleteFunc(slices.Clone(c.cells), isNothing) }

// isNothing reports whether a text stands for no value in many exports.
func isNothing(text string) bool {
	return text == "" || text == "-" || text == "-1" || text == `\N` || strings.EqualFold(text, "null") || strings.EqualFold(text, "n/a")
}

// all reports whether there are values, and all of them are of a kind.
func (c *column) all(is func(string) bool) bool {
	values := c.values()
	return len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return !is(v) })
}

// elements reports whether all values, or elements of lists, are such texts.
func (c *column) elements(is func(string) bool) bool {
	return c.all(func(v string) bool {
		return !slices.ContainsFunc(strings.Split(v, ";"), func(v string) bool { return !is(v) })
	})
}

// namesUUID matches the path of a file that is named after a UUID, with the UUID as
// its group.
var namesUUID = regexp.MustCompile(`([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})[^/]*$`)

// distinct returns how many different values there are.
func (c *column) distinct() int {
	values := c.values()
	slices.Sort(values)
	return len(slices.Compact(values))
}

// unique reports whether every row has a value of its own.
func (c *column) unique() bool { return c.distinct() == len(c.cells) }

// spelling is how a column writes times.
type spelling struct {
	layout   string // of package time, empty for an epoch or a usual spelling
	since    string // the date of an epoch other than 1970
	unit     string // of an epoch that needs a step
	local    bool   // it has no zone
	yearless bool
	either   bool // another order of day and month would fit as well
	what     string
}

// layouts are the spellings that are tried, the commonest first. Each must give the
// text back that it has read.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05.000000Z07:00", "2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05-0700",
	"2006-01-02T15:04:05", "2006-01-02T15:04:05.000", "2006-01-02T15:04:05.000000",
	"2006-01-02 15:04:05", "2006-01-02 15:04:05.000", "2006-01-02 15:04:05.000000", "2006-01-02 15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05-07", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST",
	"Mon, 02 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 -0700", "02/Jan/2006:15:04:05 -0700", "02 Jan 2006 15:04:05", "Mon Jan _2 15:04:05 2006",
	"2006/01/02 15:04:05", "02.01.2006 15:04:05", "02.01.2006 15:04", "02/01/2006 15:04:05", "01/02/2006 15:04:05", "02/01/2006 15:04", "01/02/2006 15:04", "1/2/2006 15:04", "02-01-2006 15:04:05",
	"1/2/2006 15:04:05", "2006/01/02 15:04", "01/02/2006 03:04:05 PM", "1/2/2006 3:04:05 PM", "01/02/2006 03:04 PM", "1/2/2006 3:04 PM", "2006-01-02 03:04:05 PM", "20060102150405", "20060102T150405Z", "Jan _2 15:04:05", "Jan 02 15:04:05",
}

// otherOrder has the layouts that differ in the order of day and month only.
var otherOrder = map[string]string{"02/01/2006 15:04:05": "01/02/2006 15:04:05", "02/01/2006 15:04": "01/02/2006 15:04"}

// usual are the layouts that need no mention in a profile.
func usual(layout string) bool {
	return strings.HasPrefix(layout, "2006-01-02T") || strings.HasPrefix(layout, "Mon, ")
}

// noTime are texts that stand for no time.
func noTime(text string) bool {
	return isNothing(text) || text == "0" || strings.HasPrefix(text, "0000-00-00") || strings.HasPrefix(text, "0001-01-01")
}

func isTime(text string) bool {
	return slices.ContainsFunc(layouts, func(layout string) bool { return fits(layout, text) })
}

func fits(layout, text string) bool {
	t, err := time.Parse(layout, text)
	return err == nil && strings.EqualFold(t.Format(layout), text)
}

// The first and the last second that may be a time of a call.
const (
	firstSecond = 946684800  // 2000-01-01
	lastSecond  = 2524607999 // 2049-12-31
	yearZero    = 62167219200
)

// spelling finds how a column writes times, nil when it has none.
func (c *column) spelling() *spelling {
	values := slices.DeleteFunc(c.values(), noTime)
	if len(values) == 0 || c.list {
		return nil
	}
	every := func(is func(string) bool) bool {
		return !slices.ContainsFunc(values, func(v string) bool { return !is(v) })
	}

	if s := epochOf(values); s != nil {
		return s
	}
	for _, layout := range layouts {
		if !every(func(v string) bool { return fits(layout, v) }) {
			continue
		}
		s := &spelling{layout: layout, what: "all of its values fit " + layout}
		s.local = !strings.Contains(layout, "07") && !strings.HasSuffix(layout, "Z") && !strings.Contains(layout, "MST")
		s.yearless = !strings.Contains(layout, "2006")
		if other := otherOrder[layout]; other != "" {
			s.either = every(func(v string) bool { return fits(other, v) })
		}
		return s
	}
	return nil
}

// epochOf recognises counts of seconds and parts of them.
func epochOf(values []string) *spelling {
	for _, e := range []struct {
		divisor, offset int64
		s               spelling
	}{
		{1, 0, spelling{what: "its values are seconds since 1970 of this century"}},
		{1000, 0, spelling{what: "its values are milliseconds since 1970 of this century"}},
		{1_000_000, 0, spelling{what: "its values are microseconds since 1970 of this century"}},
		{1_000_000_000, 0, spelling{since: "1970-01-01", unit: "ns", what: "its values are nanoseconds since 1970 of this century"}},
		{1, yearZero, spelling{since: "0000-01-01", unit: "s", what: "its values are seconds of this century when counted from the year 0"}},
	} {
		if !slices.ContainsFunc(values, func(v string) bool {
			n, err := strconv.ParseInt(v, 10, 64)
			return err != nil || n/e.divisor-e.offset < firstSecond || n/e.divisor-e.offset > lastSecond
		}) {
			return &e.s
		}
	}
	if !slices.ContainsFunc(values, func(v string) bool {
		n, err := strconv.ParseFloat(v, 64)
		return err != nil || !isDecimal(v) || n < firstSecond || n > lastSecond
	}) {
		return &spelling{since: "1970-01-01", unit: "s", what: "its values are seconds since 1970 of this century, with a fraction"}
	}
	return nil
}

// at returns the time of a row in seconds; ok is false without one.
func (s *spelling) at(text string) (seconds float64, ok bool) {
	if noTime(text) {
		return 0, false
	}
	if s.layout != "" {
		t, err := time.Parse(s.layout, text)
		return float64(t.UnixMicro()) / 1e6, err == nil
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case s.since == "0000-01-01":
		n -= yearZero
	default:
		for n > lastSecond {
			n /= 1000
		}
	}
	return n, err == nil
}

var (
	wholeNumber = regexp.MustCompile(`^\d+$`)
	decimal     = regexp.MustCompile(`^\d+(\.\d+)?$`)
	clock       = regexp.MustCompile(`^\d+:\d\d(:\d\d)?(\.\d+)?$`)
	phone       = regexp.MustCompile(`^(?:(?:tel|sips?):)?\+?[\d ()./-]{2,20}(?:@.*)?$`)
	extension   = regexp.MustCompile(`^(?:[A-Za-z]{1,10}[.: -]?)?\+?\d[\d.-]{0,20}$`)
	dateAlone   = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d|\d\d[.-]\d\d[.-]\d{4}|\d\d?/\d\d?/\d{4}|\d{4}/\d\d/\d\d)$`)
	timeOfDay   = regexp.MustCompile(`^(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?: [AaPp][Mm])?$`)
	status      = regexp.MustCompile(`^[1-6]\d\d(?:\s.*)?$|^0$`)
	channel     = regexp.MustCompile(`^(?:PJSIP|SIP|IAX2|DAHDI)/.*[A-Za-z].*-[0-9a-f]{8}$`)
)

func isTruth(text string) bool {
	return slices.Contains([]string{"true", "false", "yes", "no", "y", "n"}, strings.ToLower(text))
}

func isDecimal(text string) bool { return decimal.MatchString(text) }

// nameColumns names the columns of a file without a header: as a built-in profile
// does whose times stand where this file has times, or else c1, c2 and so on. A file
// may have more columns at the end, which are counted.
func nameColumns(rows [][]string) (header []string, from string, more int) {
	for _, p := range builtIns("cdrs") {
		if len(p.CSV.Header) > len(rows[0]) || len(p.CSV.Header) <= len(header) || len(p.Fields[record.StartTime]) == 0 {
			continue
		}
		at := -1
		for _, place := range p.Fields[record.StartTime] { // those of other formats are no columns
			at = max(at, slices.Index(p.CSV.Header, strings.TrimPrefix(place.Name, "/")))
		}
		if at >= 0 && !slices.ContainsFunc(rows, func(row []string) bool { return !isTime(row[at]) }) {
			header, from = slices.Clone(p.CSV.Header), p.Name
		}
	}
	if from != "" {
		more = len(rows[0]) - len(header)
	}
	for i := len(header); i < len(rows[0]); i++ {
		header = append(header, "c"+strconv.Itoa(i+1))
	}
	return header, from, more
}
