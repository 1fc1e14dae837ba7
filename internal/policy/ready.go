package policy

import (
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/record"
)

// Ready says what shows that a source has delivered an interval.
type Ready struct {
	Marker string // name of an object in the last partition; empty: any document
	Hour   *int   // of the last partition that gets any, as the URL names it; nil: the last of the interval
}

// Awaited is what a source delivers last of an interval.
type Awaited struct {
	Source   string   `json:"source"`
	URL      string   `json:"url"`              // of the partition
	Marker   string   `json:"marker,omitempty"` // the object in it that shows it; empty: any document
	Prefixes []string `json:"-"`                // of the partition's keys
}

// Awaited returns what the source delivers last of an interval; false when it is closed
// all the interval long.
func (s *Source) Awaited(interval record.Span) (Awaited, bool) {
	for _, p := range slices.Backward(s.URL.Partitions(interval, s.Org)) {
		if s.Ready.Hour == nil || p.Span.Start.Std().Hour() == *s.Ready.Hour {
			return Awaited{s.Name, p.URL, s.Ready.Marker, p.Prefixes}, true
		}
	}
	return Awaited{}, false
}

// ready reads an hour or the name of a marker.
func (b *builder) ready(key, text string, url Template) Ready {
	var r Ready
	if text == "" {
		return r
	}
	if hour, err := strconv.Atoi(text); err == nil {
		switch {
		case hour < 0 || hour > 23:
			b.file.Problem(key, "is %s, want an hour from 0 to 23 or the name of an object such as _SUCCESS", text)
		case url.Granularity() != Hourly:
			b.file.Problem(key, "is the hour %s, and the url has no {hour}; name an object such as _SUCCESS, or leave it out", text)
		}
		r.Hour = &hour
		return r
	}

	switch {
	case strings.Contains(text, "/") || text == "." || text == "..":
		b.file.Problem(key, "is %q, want the name of an object in the partition, without a slash, or an hour", text)
	case url.Granularity() == Flat:
		b.file.Problem(key, "is %q, and the url names no time, so that the object of an earlier night would do; leave it out", text)
	}
	r.Marker = text
	return r
}
