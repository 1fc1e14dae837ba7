package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/record"
)

// Granularity is the span of time that one partition of a source covers.
type Granularity uint8

// The granularities, from the coarsest to the finest. A flat source is one
// partition that covers all time.
const (
	Flat Granularity = iota
	Yearly
	Monthly
	Daily
	Hourly
)

// Partition is one expansion of a URL, and the span of time that it covers.
type Partition struct {
	Span     record.Span
	URL      string   // as configured, with placeholders filled and numbers padded
	Prefixes []string // of the keys, in every spelling of the numbers; ends in a slash or is empty
}

// Granularity returns the finest placeholder of time.
func (t Template) Granularity() Granularity {
	switch {
	case t.has("hour"):
		return Hourly
	case t.has("day"), t.has("date"):
		return Daily
	case t.has("month"):
		return Monthly
	case t.has("year"):
		return Yearly
	default:
		return Flat
	}
}

// Partitions returns the partitions that overlap the span, in the order of
// time. The span must be bounded unless the URL is flat.
func (t Template) Partitions(span record.Span, org string) []Partition {
	g := t.Granularity()
	if g == Flat {
		return []Partition{t.partition(time.Time{}, record.Forever, org)}
	}
	var all []Partition
	for at := g.floor(span.Start.Std()); record.TimeOf(at) < span.End; at = g.next(at) {
		all = append(all, t.partition(at, record.Span{Start: record.TimeOf(at), End: record.TimeOf(g.next(at))}, org))
	}

	return all
}

// Partitions returns the partitions of a URL, its own or that of media, which the
// source reads for an interval.
func (s *Source) Partitions(url Template, interval record.Span) []Partition {
	return url.Partitions(record.Span{Start: interval.Start.Add(-s.Lookback), End: interval.End.Add(s.Lookahead)}, s.Org)
}

func (t Template) partition(at time.Time, span record.Span, org string) Partition {
	return Partition{Span: span, URL: fillText(t.text, at, org), Prefixes: t.prefixes(at, org)}
}

// fillText fills the placeholders of the URL as it was written.
func fillText(text string, at time.Time, org string) string {
	return bracePattern.ReplaceAllStringFunc(text, func(brace string) string {
		return fill(strings.Trim(brace, "{}"), at, org)[0]
	})
}

// prefixes returns every spelling of the prefix, without repetitions.
func (t Template) prefixes(at time.Time, org string) []string {
	all := []string{""}
	for i, p := range t.parts {
		spellings := []string{p.literal}
		if p.name != "" {
			spellings = fill(p.name, at, org)
		}
		if t.adjoins(i) { // only the padded one
			spellings = spellings[:1]
		}

		// Each prefix so far goes on with each spelling.
		var longer []string
		for _, prefix := range all {
			for _, s := range spellings {
				longer = append(longer, prefix+s)
			}
		}
		all = longer
	}

	return all
}

// adjoins reports whether part i is a number directly before or after another
// one. Such numbers are padded, as 2026111 could be either of two days.
func (t Template) adjoins(i int) bool {
	number := func(i int) bool {
		return i >= 0 && i < len(t.parts) && slices.Contains(numbers, t.parts[i].name)
	}
	return number(i) && (number(i-1) || number(i+1))
}

// fill returns the spellings of a placeholder, the padded one first.
func fill(name string, at time.Time, org string) []string {
	switch name {
	case "org":
		return []string{org}
	case "date":
		return []string{at.Format(time.DateOnly)}
	case "year":
		return []string{fmt.Sprintf("%04d", at.Year())}
	case "month":
		return padded(int(at.Month()))
	case "day":
		return padded(at.Day())
	default:
		return padded(at.Hour())
	}
}

func padded(n int) []string {
	if n >= 10 {
		return []string{strconv.Itoa(n)}
	}
	return []string{fmt.Sprintf("%02d", n), strconv.Itoa(n)}
}

// floor returns the start of the partition that holds t.
func (g Granularity) floor(t time.Time) time.Time {
	month, day, hour := time.January, 1, 0
	if g >= Monthly {
		month = t.Month()
	}
	if g >= Daily {
		day = t.Day()
	}
	if g >= Hourly {
		hour = t.Hour()
	}

	return time.Date(t.Year(), month, day, hour, 0, 0, 0, time.UTC)
}

// next returns the start of the partition after the one that starts at t.
func (g Granularity) next(t time.Time) time.Time {
	switch g {
	case Hourly:
		return t.Add(time.Hour)
	case Daily:
		return t.AddDate(0, 0, 1)
	case Monthly:
		return t.AddDate(0, 1, 0)
	default:
		return t.AddDate(1, 0, 0)
	}
}

// longest returns an upper bound of the partitions' length; 0 for a flat
// source, which has no partitions in time.
func (g Granularity) longest() time.Duration {
	const day = 24 * time.Hour
	return [...]time.Duration{Flat: 0, Yearly: 366 * day, Monthly: 31 * day, Daily: day, Hourly: time.Hour}[g]
}
