package rows

import (
	"bytes"
	"regexp"
)

// Joined counts the records of a text log that have several lines. A line that is not
// a first line as the profile knows it joins the record before it, so a log with lines
// of another layout would lose them silently.
type Joined struct {
	Records int64  // of several lines
	Longest int64  // how many lines the longest record has
	Odd     int64  // lines inside records that look like the first line of another one
	First   uint32 // the record with the first odd line; without one it means nothing
}

// add adds what another part of the object, or another object, has.
func (j *Joined) add(next Joined) {
	if j.Odd == 0 {
		j.First = next.First
	}
	j.Records, j.Longest, j.Odd = j.Records+next.Records, max(j.Longest, next.Longest), j.Odd+next.Odd
}

// joined counts a record. The function matches tells whether a pattern of the profile
// matches a line by itself.
func (r *reader) joined(record Line, matches func(line []byte) bool) {
	first, rest, several := bytes.Cut(record.Text, []byte("\n"))
	if !several {
		return
	}

	// A pattern finds one event in a record. Of several lines that each hold one, all
	// but the first are lost.
	lines, odd, events := int64(1), int64(0), matches(first)
	for line := range bytes.Lines(rest) {
		line = bytes.TrimRight(line, "\r\n")
		lines++
		event := matches(line)
		if beginsWithDate(line) || event && events {
			odd++
		}
		events = events || event
	}
	r.reading.Joined.add(Joined{Records: 1, Longest: lines, Odd: odd, First: record.Index})
}

// datePattern is how lines of logs begin that have a date and a time: a priority of
// syslog or a bracket may stand before it.
var datePattern = regexp.MustCompile(`^(?:<\d{1,3}>)?(?:1 )?[\[("]?(?:` +
	`\d{4}[-/.]\d\d[-/.]\d\d[T ]+\d\d:\d\d|` + // 2026-11-20 10:00, as ISO 8601 has it
	`\d\d?[-/.]\d\d?[-/.]\d{2,4},? +\d\d?:\d\d|` + // 20.11.2026 10:00, 11/20/2026 10:00
	`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d\d?,? +(?:\d{4},? +)?\d\d?:\d\d|` + // Nov 20 10:00
	`\d\d?[-/ ](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[-/ ]\d{4}[: ]\d\d:\d\d)`) // 20/Nov/2026:10:00

// beginsWithDate reports whether a line looks like the first one of a record.
func beginsWithDate(line []byte) bool {
	const shortest = len("1/1/26 1:00")
	return len(line) >= shortest && datePattern.Match(line)
}
