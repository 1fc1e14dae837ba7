package profile

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/record"
)

// timeResult is the outcome of parsing a time.
type timeResult uint8

const (
	timeInvalid timeResult = iota
	timeMissing            // 0 in any spelling, and dates that stand for no date
	timeOK
	timeRepeated // a local time that occurs twice, read as the earlier one
)

const (
	dayMicros = 24 * 3600 * 1e6
	noOffset  = 1 << 30 // the offset in seconds of a time without a zone
)

// parseTime reads a time in any accepted spelling. The profile's layouts come
// before epochs: a layout of digits alone would be taken for an epoch.
func (p *Profile) parseTime(b []byte) (record.Time, timeResult) {
	if t, offset, ok := parseISO(b); ok {
		return p.instant(t, offset)
	}
	for _, layout := range p.Layouts {
		if t, ok := p.parseLayout(layout, string(b)); ok {
			return p.instant(localOf(t, layout))
		}
	}

	if d, ok := parseDecimal(b, false); ok {
		return d.epoch()
	}
	if t, offset, ok := parseMail(string(b)); ok {
		return p.instant(t, offset)
	}
	if isNoDate(b) {
		return record.NoTime, timeMissing
	}
	return record.NoTime, timeInvalid
}

// Some writers spell no time as the first day of their calendar. Such a date
// stands for no time alone, and at its midnight.
var noDates = []string{"0000-00-00", "0001-01-01", "1900-01-01", "1970-01-01"}

// isNoDate reports whether b is one of these dates, or its midnight with a space
// for the T or of the year 0, which no calendar has.
func isNoDate(b []byte) bool {
	if len(b) < 10 || !slices.Contains(noDates, string(b[:10])) {
		return false
	}
	rest := b[10:]
	if len(rest) == 0 {
		return true
	}
	if rest[0] != ' ' && rest[0] != 'T' {
		return false
	}

	// What is a time of another day is the midnight of this one.
	again := append([]byte("1970-01-01T"), rest[1:]...)
	local, _, ok := parseISO(again)
	return ok && isMidnightOfNoDate(local)
}

// isMidnightOfNoDate reports whether a local time, in microseconds, is the midnight
// of one of the dates that a calendar has.
func isMidnightOfNoDate(local int64) bool {
	return local == 0 || local == -2208988800*1e6 || local == int64(record.MinTime)
}

// localOf returns the local time that was read by a layout, and its offset.
func localOf(t time.Time, layout string) (micros int64, offset int) {
	if offset = layoutOffset(layout); offset == noOffset {
		return t.UnixMicro(), noOffset
	}
	_, offset = t.Zone()
	return t.UnixMicro() + int64(offset)*1e6, offset
}

// ParseTime parses text as a time and returns NoTime if it is not one.
// A local time that occurs twice is read as the earlier one.
func (p *Profile) ParseTime(text []byte) record.Time {
	t, _ := p.parseTime(text)
	return t
}

// parseLayout reads a time in one of the profile's layouts. Abbreviations of
// zones are those of the profile's zone, never the machine's.
func (p *Profile) parseLayout(layout, text string) (time.Time, bool) {
	zone := time.UTC
	if p.Zone != nil && layoutOffset(layout) != noOffset {
		zone = p.Zone
	}

	t, err := time.ParseInLocation(layout, text, zone)
	// Package time accepts a comma for a point and one digit for an hour.
	if err != nil || !strings.EqualFold(t.Format(layout), text) {
		return t, false
	}

	// It also invents a zone with offset 0 for an unknown abbreviation.
	name, offset := t.Zone()
	madeUp := t.Location() != zone && t.Location() != time.UTC && offset == 0
	return t, !madeUp || !strings.Contains(layout, "MST") || name == "GMT" || name == "UT"
}

// layoutOffset returns 0 for a layout with a zone, which time.Parse has applied
// already, or with a literal Z; noOffset for any other.
func layoutOffset(layout string) int {
	if strings.Contains(layout, "Z07") || strings.Contains(layout, "-07") || strings.Contains(layout, "MST") || strings.HasSuffix(layout, "Z") {
		return 0
	}
	return noOffset
}

// instant turns a local time and its offset from UTC in seconds into an instant.
func (p *Profile) instant(local int64, offset int) (record.Time, timeResult) {
	result := timeOK
	switch {
	case isMidnightOfNoDate(local):
		return record.NoTime, timeMissing
	case offset != noOffset:
		local -= int64(offset) * 1e6
	case p.Zone != nil:
		local, result = resolveLocal(local, p.Zone)
	default:
		return record.NoTime, timeInvalid
	}

	t := record.Time(local)
	if result == timeInvalid || !t.Valid() {
		return record.NoTime, timeInvalid
	}
	return t, result
}

// SecondReading returns the other instant at which the clock of the source showed a
// local time that occurs twice and was read as t, the earlier one. A time that occurs
// once is returned as it is.
func (p *Profile) SecondReading(t record.Time) record.Time {
	if p.Zone == nil {
		return t
	}
	at := t.Add(-p.ClockOffset).Std()
	_, before := at.In(p.Zone).Zone()
	_, after := at.Add(24 * time.Hour).In(p.Zone).Zone()

	later := at.Add(time.Duration(before-after) * time.Second)
	if _, offset := later.In(p.Zone).Zone(); before <= after || offset != after {
		return t // clocks are not put back within a day, or were put back before
	}
	return record.TimeOf(later).Add(p.ClockOffset)
}

// resolveLocal finds the earliest instant at which clocks in loc show local.
func resolveLocal(local int64, loc *time.Location) (int64, timeResult) {
	// The offsets a day before and a day after are those on either side of a clock
	// change nearby. An offset counts only if it is in force at the instant that it
	// gives: none is in a gap, both are in an overlap.
	var found []int64
	for _, near := range []int64{local - dayMicros, local + dayMicros} {
		_, offset := time.UnixMicro(near).In(loc).Zone()
		t := local - int64(offset)*1e6
		if _, at := time.UnixMicro(t).In(loc).Zone(); at == offset && (len(found) == 0 || found[0] != t) {
			found = append(found, t)
		}
	}

	switch len(found) {
	case 0:
		return 0, timeInvalid
	case 1:
		return found[0], timeOK
	default:
		return min(found[0], found[1]), timeRepeated
	}
}

// parseISO reads YYYY-MM-DDThh:mm:ss[.f…] with Z, ±hh:mm, ±hhmm or nothing.
func parseISO(b []byte) (micros int64, offset int, ok bool) {
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0, 0, false
	}

	var n [7]int
	for i, at := range [7]int{0, 2, 5, 8, 11, 14, 17} {
		if n[i], ok = pair(b[at], b[at+1]); !ok {
			return 0, 0, false
		}
	}

	micros, ok = civil(n[0]*100+n[1], n[2], n[3], n[4], n[5], n[6])
	if !ok {
		return 0, 0, false
	}

	rest := b[19:]
	if len(rest) > 0 && rest[0] == '.' {
		end := 1
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		if end == 1 {
			return 0, 0, false // a point without digits
		}
		micros += fraction(rest[1:end])
		rest = rest[end:]
	}

	offset, ok = parseOffset(rest)
	return micros, offset, ok
}

// fraction returns the microseconds of the digits after a decimal point. Digits
// beyond the sixth are cut off.
func fraction(digits []byte) int64 {
	var micros int64
	for i := range 6 {
		micros *= 10
		if i < len(digits) {
			micros += int64(digits[i] - '0')
		}
	}
	return micros
}

// parseOffset reads Z, ±hh:mm, ±hhmm or nothing, in seconds.
func parseOffset(b []byte) (int, bool) {
	switch {
	case len(b) == 0:
		return noOffset, true
	case len(b) == 1 && b[0] == 'Z':
		return 0, true
	case len(b) == 6 && b[3] == ':':
		return signedOffset(b[0], b[1:3], b[4:6])
	case len(b) == 5:
		return signedOffset(b[0], b[1:3], b[3:5])
	}
	return 0, false
}

// signedOffset returns an offset from UTC in seconds.
func signedOffset(sign byte, hours, minutes []byte) (int, bool) {
	h, ok1 := digits(hours)
	m, ok2 := digits(minutes)
	if !ok1 || !ok2 || h > 23 || m > 59 || sign != '+' && sign != '-' {
		return 0, false
	}

	if sign == '-' {
		return -(h*3600 + m*60), true
	}
	return h*3600 + m*60, true
}

// pair returns the number of two digits.
func pair(tens, ones byte) (int, bool) {
	// A byte below '0' wraps around, so one comparison checks both ends.
	tens, ones = tens-'0', ones-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

// digits returns the number of a few digits; it does not guard against overflow.
func digits(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// civil returns the microseconds from 1970 to a date and time of day. It reports
// false for dates that no calendar has, and for hour 24 and second 60.
func civil(year, month, day, hour, minute, second int) (int64, bool) {
	if year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	if day > monthDays[month] && !(leap && month == 2 && day == 29) {
		return 0, false
	}

	// Years are counted from March, so that the leap day is the last one. There are
	// 719468 days from 1 March of year 0 to 1970.
	y := year
	if month <= 2 {
		y--
	}
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	days := 365*y + y/4 - y/100 + y/400 + dayOfYear - 719468
	return (int64(days)*86400 + int64(hour*3600+minute*60+second)) * 1e6, true
}

// parseMail reads the date of an RFC 2822 message: day name and seconds are
// optional, the zone is numeric, GMT, UT or UTC.
func parseMail(v string) (micros int64, offset int, ok bool) {
	if name, rest, ok := strings.Cut(v, ","); ok {
		if !isDayName(name) {
			return 0, 0, false
		}
		v = rest
	}

	// The lengths keep numbers small: digits would accept any number of them.
	f := strings.Fields(v)
	if len(f) != 5 || len(f[0]) > 2 || len(f[2]) != 4 {
		return 0, 0, false
	}

	day, ok1 := digits([]byte(f[0]))
	month, ok2 := monthNumber(f[1])
	year, ok3 := digits([]byte(f[2]))
	hour, minute, second, ok4 := timeOfDay(f[3])
	offset, ok5 := mailZone(f[4])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return 0, 0, false
	}

	micros, ok = civil(year, month, day, hour, minute, second)
	return micros, offset, ok
}

func isDayName(v string) bool {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(v, d.String()[:3]) {
			return true
		}
	}
	return false
}

// monthNumber returns the number of a month by its first three letters.
func monthNumber(v string) (int, bool) {
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(v, m.String()[:3]) {
			return int(m), true
		}
	}
	return 0, false
}

// timeOfDay reads hh:mm or hh:mm:ss; civil checks the ranges.
func timeOfDay(v string) (hour, minute, second int, ok bool) {
	if len(v) == 5 {
		v += ":00"
	}
	if len(v) != 8 || v[2] != ':' || v[5] != ':' {
		return 0, 0, 0, false
	}

	hour, ok1 := digits([]byte(v[:2]))
	minute, ok2 := digits([]byte(v[3:5]))
	second, ok3 := digits([]byte(v[6:]))
	return hour, minute, second, ok1 && ok2 && ok3
}

// mailZone reads the zone of a mail date as an offset from UTC in seconds.
func mailZone(v string) (int, bool) {
	switch strings.ToUpper(v) {
	case "GMT", "UT", "UTC":
		return 0, true
	}

	if len(v) != 5 {
		return 0, false
	}
	return signedOffset(v[0], []byte(v[1:3]), []byte(v[3:]))
}

// Written returns the instant that a reader of the text of [Profile.FormatTime]
// will see, false when that is another one for more than the precision of the
// layout: a local time that occurs twice is read as the earlier one. Local says that
// the time goes to a column of local times, which cannot be without a zone.
func (p *Profile) Written(t record.Time, local bool) (record.Time, bool) {
	_, cut := p.FormatTime(t)
	switch {
	case local && p.Zone == nil:
		return cut, false
	case local:
		at := t.Add(-p.ClockOffset)
		_, offset := at.Std().In(p.Zone).Zone()
		back, _ := resolveLocal(int64(at)+int64(offset)*1e6, p.Zone)
		return cut, back == int64(at)
	case p.Zone == nil || layoutOffset(p.writtenLayout()) != noOffset:
		return cut, true
	}
	_, offset := t.Add(-p.ClockOffset).Std().In(p.Zone).Zone()
	_, seen := cut.Add(-p.ClockOffset).Std().In(p.Zone).Zone()
	return cut, offset == seen
}

// FormatTime writes t in the profile's first layout: in UTC when the layout has a
// zone, otherwise in the profile's zone, as the clock of the source shows it. It also
// returns the instant that a reader of the text will see, t cut to the precision of
// the layout.
func (p *Profile) FormatTime(t record.Time) (string, record.Time) {
	layout := p.writtenLayout()
	at := t.Add(-p.ClockOffset).Std()
	if layoutOffset(layout) == noOffset && p.Zone != nil {
		at = at.In(p.Zone)
	}

	// Parsing the text again shows what a reader sees of it.
	text := at.Format(layout)
	if cut, result := p.parseTime(bytes.TrimSpace([]byte(text))); result == timeOK || result == timeRepeated {
		return text, cut.Add(p.ClockOffset)
	}
	return text, t
}

// writtenLayout returns the layout in which times are written. Documents that are
// written anew have the canonical one.
func (p *Profile) writtenLayout() string {
	if len(p.Layouts) == 0 || p.WritesAnew() {
		return record.TimeLayout
	}
	return p.Layouts[0]
}
