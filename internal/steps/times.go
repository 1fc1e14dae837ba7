package steps

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/record"
)

// layouts reads a time in the first layout that fits, and writes it as RFC 3339
// does: without an offset when the layout has none, so that the zone of the source
// applies.
type layouts struct{ list []layout }

// layout is one layout of package time.
type layout struct {
	text         string
	offset       bool // it has an offset, or the name of a zone
	abbreviation bool // it has the name of a zone
	year, day    bool // it has a year; it has a day and a month
}

const localLayout = "2006-01-02T15:04:05.999999999"

func (l layouts) apply(r *Run, text []byte) value {
	for _, layout := range l.list {
		if t, ok := layout.parse(r.Context, string(text)); ok {
			return textOf(r.own(func(b []byte) []byte {
				if layout.offset {
					return t.UTC().AppendFormat(b, time.RFC3339Nano)
				}
				return t.AppendFormat(b, localLayout)
			}))
		}
	}
	return value{state: unusable}
}

// parse reads a time. What the layout lacks comes from the object.
func (l layout) parse(c *Context, text string) (time.Time, bool) {
	t, err := time.ParseInLocation(l.text, text, c.zone())
	if err != nil {
		return t, false
	}

	// Package time invents a zone with offset 0 for a name that it does not know.
	if name, offset := t.Zone(); l.abbreviation && offset == 0 && name != "UTC" && name != "GMT" && name != "UT" && t.Location() != c.zone() {
		return t, false
	}

	switch {
	case !l.day:
		return c.dated(t)
	case !l.year:
		return c.inYear(t)
	}
	return t, true
}

// zone returns the zone of times without an offset.
func (c *Context) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// inYear returns a time without a year in the year in which it lies at most a day
// after the object's last modification: the last of such years, unless the time lies
// by the object's partition in another one of them. Then somebody copied or restored
// the object long after it was written.
func (c *Context) inYear(t time.Time) (time.Time, bool) {
	latest := c.Modified.Std().Add(24 * time.Hour)
	last, ok := lastYear(t, latest)
	const nearly = 180 * 24 * time.Hour // no other year is nearer
	if !ok || !c.Partition.Start.Known() || c.fromPartition(last) < nearly {
		return last, ok // a partition of all time has no date
	}

	near, ok := c.nearestYear(t)
	if ok && near.Equal(last) {
		return last, true
	}
	if c.YearTorn != nil {
		c.YearTorn.Store(true)
	}
	const by = 31 * 24 * time.Hour // what a log of a month may be away from its partition
	if ok && !near.After(latest) && c.fromPartition(near) <= by {
		return near, true
	}
	return last, true
}

// lastYear returns a time in the last year in which it is not after another one.
func lastYear(t, latest time.Time) (time.Time, bool) {
	const leapYears = 8 // at most so many years lie between two of them
	for year := latest.In(t.Location()).Year(); year > latest.Year()-leapYears-1; year-- {
		if dated, ok := withYear(t, year); ok && !dated.After(latest) {
			return dated, true
		}
	}
	return t, false
}

// nearestYear returns a time in the year in which it lies nearest the partition.
func (c *Context) nearestYear(t time.Time) (nearest time.Time, ok bool) {
	least := time.Duration(-1)
	for year := c.Partition.Start.Std().Year() - 1; year <= c.Partition.End.Std().Year()+1; year++ {
		dated, exists := withYear(t, year)
		if away := c.fromPartition(dated); exists && (least < 0 || away < least) {
			nearest, least, ok = dated, away, true
		}
	}
	return nearest, ok
}

// withYear returns a time in another year, false for 29 February when that year has
// none.
func withYear(t time.Time, year int) (time.Time, bool) {
	dated := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	return dated, dated.Month() == t.Month() && dated.Day() == t.Day()
}

// fromPartition returns how far a time lies from the partition.
func (c *Context) fromPartition(t time.Time) time.Duration {
	return max(c.Partition.Start.Std().Sub(t), t.Sub(c.Partition.End.Std()), 0)
}

// dated returns a time of day on the date on which it lies in the object's
// partition.
func (c *Context) dated(t time.Time) (time.Time, bool) {
	if !c.Partition.Start.Known() {
		return t, false // a partition of all time has no date
	}

	start := c.Partition.Start.Std().In(t.Location())
	for days := -1; days <= 1; days++ {
		dated := time.Date(start.Year(), start.Month(), start.Day()+days, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
		if at := record.TimeOf(dated); at >= c.Partition.Start && at < c.Partition.End {
			return dated, true
		}
	}
	return t, false
}

// layoutOf reads a layout of package time, or of strftime, which has percent
// signs.
func layoutOf(text string) (layout, string) {
	if strings.Contains(text, "%") {
		var problem string
		if text, problem = fromStrftime(text); problem != "" {
			return layout{}, problem
		}
	}

	// Which parts a layout has shows in what it writes of two different times.
	writes := func(a, b time.Time) bool { return a.Format(text) != b.Format(text) }
	sample := time.Date(2007, time.November, 22, 13, 48, 27, 0, time.UTC)
	l := layout{
		text:         text,
		year:         writes(sample, sample.AddDate(-1, 0, 0)),
		day:          writes(sample, sample.AddDate(0, 0, 1)) && writes(sample, sample.AddDate(0, 1, 0)),
		abbreviation: strings.Contains(text, "MST"),
		offset:       writes(sample, sample.In(time.FixedZone("", 3600)).Add(-time.Hour)),
	}
	switch {
	case !writes(sample, sample.Add(-5*time.Hour)) || !writes(sample, sample.Add(-time.Minute)):
		return layout{}, "has no hour or no minute"
	case l.year && !l.day:
		return layout{}, "has a year, but no month or no day"
	case strings.HasSuffix(text, "Z") && !l.offset:
		l.text, l.offset = strings.TrimSuffix(text, "Z")+"Z07:00", true
	}
	return l, ""
}

// strftime has the layouts of package time for the directives of strftime.
var strftime = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'b': "Jan", 'h': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'j': "002", 'z': "-0700", 'Z': "MST",
	'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'f': "999999999", '%': "%", 'n': "\n", 't': "\t",
}

// fromStrftime returns the layout of package time, or what is wrong.
func fromStrftime(text string) (string, string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}

		i++
		if i == len(text) {
			return "", "ends with a percent sign"
		}
		part, ok := strftime[text[i]]
		if !ok {
			return "", "has the directive %" + text[i:i+1] + ", which is not known"
		}
		b.WriteString(part)
	}
	return b.String(), ""
}

// epoch reads a number of units since an instant.
type epoch struct {
	since time.Time
	unit  Unit
}

// farthest bounds the seconds since an epoch, so that sums cannot overflow. It is
// far beyond the years that records may have.
const farthest = 1 << 40

func (e epoch) apply(r *Run, text []byte) value {
	if zero(text) {
		return value{}
	}

	whole, fraction, _ := bytes.Cut(text, []byte("."))
	n, ok := digits(whole)
	perSecond := int64(Second / e.unit)
	if !ok || n/perSecond > farthest {
		return value{state: unusable}
	}

	// The fraction of a unit is read as one of a unit alone.
	nanos := n % perSecond * int64(e.unit)
	if len(fraction) > 0 {
		part, ok := decimalNanos(append([]byte("0."), fraction...), e.unit)
		if !ok {
			return value{state: unusable}
		}
		nanos += part
	}

	t := time.Unix(e.since.Unix()+n/perSecond, nanos).UTC()
	if t.Year() > 9999 {
		return value{state: unusable}
	}
	return textOf(r.own(func(b []byte) []byte { return t.AppendFormat(b, time.RFC3339Nano) }))
}

// zero reports whether a number is 0, which stands for no time in any epoch.
func zero(text []byte) bool {
	n, err := strconv.ParseFloat(string(text), 64)
	return err == nil && n == 0
}
