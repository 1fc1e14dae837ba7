package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Level is one folder on the way to a partition, below which each folder whose name has
// the form of the URL's next element should be a partition, or hold some.
type Level struct {
	Parent string // prefix of keys, empty or with a slash at its end
	parts  []part // of the element
	at     time.Time
	levels map[string]bool // placeholders of the elements before
}

// Levels returns the levels of a partition, from the root downwards; none for a URL
// without placeholders of time.
func (t Template) Levels(p Partition) []Level {
	elements := t.elements()
	var all []Level
	for _, prefix := range p.Prefixes {
		names := strings.Split(strings.TrimSuffix(prefix, "/"), "/")
		if len(names) != len(elements) {
			continue // {org} holds a slash: names and elements cannot be paired
		}

		before := map[string]bool{}
		parent := ""
		for i, parts := range elements {
			if slices.ContainsFunc(parts, part.ofTime) {
				all = append(all, Level{parent, parts, p.Span.Start.Std(), before})
			}
			parent += names[i] + "/"
			longer := map[string]bool{}
			for name := range before {
				longer[name] = true
			}
			for _, p := range parts {
				longer[p.name] = true
			}
			before = longer
		}
	}
	return all
}

func (p part) ofTime() bool { return p.name != "" && p.name != "org" }

// elements splits the parts at the slashes of their literals.
func (t Template) elements() [][]part {
	all := [][]part{nil}
	add := func(p part) {
		last := len(all) - 1
		all[last] = append(all[last], p)
	}
	for _, p := range t.parts {
		if p.name != "" {
			add(p)
			continue
		}
		for i, text := range strings.Split(p.literal, "/") {
			if i > 0 {
				all = append(all, nil)
			}
			if text != "" {
				add(part{literal: text})
			}
		}
	}

	// A template ends in a slash.
	if last := len(all) - 1; len(all[last]) == 0 {
		all = all[:last]
	}
	return all
}

// Misnamed returns those of the names that have the form of the element, but stand for
// no time that there is. Where the element has no fixed text, only a name that begins
// with a digit has its form.
func (l *Level) Misnamed(names []string) []string {
	form, exact := "^", "^"
	var of []string // placeholders in their order
	fixed := false
	for i, p := range l.parts {
		switch {
		case p.name == "":
			fixed = true
			form += regexp.QuoteMeta(p.literal)
			exact += regexp.QuoteMeta(p.literal)
		case p.name == "org":
			form += ".*"
			exact += ".*"
		default:
			form += ".*"
			exact += "(" + l.digits(i) + ")"
			of = append(of, p.name)
		}
	}
	if !fixed {
		form = "^[0-9]" + strings.TrimPrefix(form, "^")
	}

	like, right := regexp.MustCompile("(?s)"+form+"$"), regexp.MustCompile(exact+"$")
	var wrong []string
	for _, name := range names {
		if !like.MatchString(name) {
			continue
		}
		if values := right.FindStringSubmatch(name); values == nil || !l.exists(of, values[1:]) {
			wrong = append(wrong, name)
		}
	}
	return wrong
}

// digits is the pattern of a placeholder's values.
func (l *Level) digits(i int) string {
	switch l.parts[i].name {
	case "date":
		return `\d{4}-\d{2}-\d{2}`
	case "year":
		return `\d{4}`
	}
	if (Template{parts: l.parts}).adjoins(i) {
		return `\d{2}`
	}
	return `\d{1,2}`
}

// exists reports whether the values of placeholders name a time, together with those of
// the levels above.
func (l *Level) exists(of, values []string) bool {
	year, month, day, hour := 2000, 1, 1, 0 // a leap year: has a February 29
	if l.levels["year"] || l.levels["date"] {
		year = l.at.Year()
	}
	if l.levels["month"] || l.levels["date"] {
		month = int(l.at.Month())
	}
	if l.levels["day"] || l.levels["date"] {
		day = l.at.Day()
	}

	for i, name := range of {
		n, _ := strconv.Atoi(values[i])
		switch name {
		case "date":
			date, err := time.Parse(time.DateOnly, values[i])
			if err != nil {
				return false
			}
			year, month, day = date.Year(), int(date.Month()), date.Day()
		case "year":
			year = n
		case "month":
			month = n
		case "day":
			day = n
		case "hour":
			hour = n
		}
	}

	// Go carries what is too much: a date that does not exist becomes another one.
	got := time.Date(year, time.Month(month), day, hour, 0, 0, 0, time.UTC)
	return got.Year() == year && int(got.Month()) == month && got.Day() == day && got.Hour() == hour
}
