package guess

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// letters returns the letters and digits of the last step of a place.
func (c *column) letters() string {
	return regexp.MustCompile(`[^a-z0-9]`).ReplaceAllString(strings.ToLower(c.lastStep()), "")
}

func (c *column) lastStep() string { return c.place[strings.LastIndex(c.place, "/")+1:] }

// spoken returns the words of the last step of a place in lower case: startTime,
// start-time and START TIME are all "start time". A last step that says nothing by
// itself has the words of the step above it, too: /call/@ref is "call ref".
func (c *column) spoken() string {
	words := splitWords(c.lastStep())
	steps := strings.Split(c.place, "/")
	if len(steps) > 2 && len(words) == 1 && slices.Contains(vague, words[0]) {
		words = append(splitWords(steps[len(steps)-2]), words...)
	}
	return strings.Join(words, " ")
}

// vague are last steps that say nothing by themselves.
var vague = []string{"id", "ref", "sid", "uuid", "guid", "value", "text", "time", "timestamp"}

// splitWords splits a name where its case changes and at what is neither letter nor
// digit.
func splitWords(name string) []string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			b.WriteByte(' ')
			continue
		}
		// The last capital of several begins a word: SIPCallID is "sip call id".
		begins := i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(runes[i-1]) || unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Fields(b.String())
}

// named reports whether a pattern matches the name of a column: its letters alone, its
// words, or all of its place. Vendors order and join words as they like, so patterns
// are about words such as answered rather than about names such as time-answered.
func named(c *column, pattern string) bool {
	re := regexp.MustCompile(pattern)
	return re.MatchString(c.letters()) || re.MatchString(c.spoken()) || re.MatchString(strings.ToLower(c.place))
}

// spans are words in the names of lengths of time, which are spelled like times of day.
var spans = []string{"duration", "length", "elapsed", "talk", "hold", "wait", "wrap", "ring", "queue", "handle", "bill", "billing", "conference", "park", "preview", "consult", "ivr", "dispose", "after", "acw", "total"}

// aboutTime are words that say that a column holds a time, and not which one.
var aboutTime = []string{"date", "time", "day", "clock", "of", "the", "at"}

// which returns the words that tell one time of a record from another, in byte order:
// none for DATE, start for START TIME.
func (c *column) which() string {
	words := slices.DeleteFunc(splitWords(c.lastStep()), func(word string) bool { return slices.Contains(aboutTime, word) })
	slices.Sort(words)
	return strings.Join(words, " ")
}

// join adds a column for each date and time of day that stand in two columns and
// belong together: their names have the same words but for those about time.
func (t *table) join() {
	isDate := func(c *column) bool { return !c.list && c.all(dateAlone.MatchString) }
	isClock := func(c *column) bool {
		return !c.list && c.all(timeOfDay.MatchString) && !slices.ContainsFunc(splitWords(c.lastStep()), func(word string) bool { return slices.Contains(spans, word) })
	}
	used := map[*column]bool{}
	for _, alike := range []bool{true, false} { // pairs of like names first, then the only date with what is left
		for _, date := range slices.Clone(t.columns) {
			if !isDate(date) || used[date] {
				continue
			}
			i := slices.IndexFunc(t.columns, func(c *column) bool {
				return !used[c] && isClock(c) && (date.which() == c.which() || !alike && inOneWordMore(date.which(), c.which()))
			})
			if i >= 0 && t.pair(date, t.columns[i]) {
				used[date], used[t.columns[i]] = true, true
			}
		}
	}
}

// inOneWordMore reports whether one of two names says nothing but date or time: DATE
// and CALL START TIME may be about one time.
func inOneWordMore(date, clock string) bool { return date == "" || clock == "" }

// pair adds the column of a date and a time of day, and reports whether they make
// times in a known layout.
func (t *table) pair(date, clock *column) bool {
	both := &column{place: date.place + " " + clock.place, parts: []*column{date, clock}}
	for i := range date.cells {
		cell := ""
		if !isNothing(date.cells[i]) && !isNothing(clock.cells[i]) {
			cell = date.cells[i] + " " + clock.cells[i]
		}
		both.cells = append(both.cells, cell)
	}
	if both.spelling() == nil {
		return false
	}
	t.columns = append(t.columns, both)
	return true
}
