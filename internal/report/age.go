package report

import (
	"time"

	"cdrmend/internal/record"
)

// ages are the spans of time by which open findings are counted.
var ages = [...]struct {
	label  string
	within time.Duration
}{
	{"up to 1 day", 24 * time.Hour}, {"2 to 7 days", 7 * 24 * time.Hour}, {"8 to 30 days", 30 * 24 * time.Hour}, {"more than 30 days", 1<<63 - 1},
}

// AgeLabels returns what the ages of findings are called, the youngest first.
func AgeLabels() (list []string) {
	for _, a := range ages {
		list = append(list, a.label)
	}
	return list
}

// AgeOf returns the number of the age of a finding that has been open for so long, in
// microseconds.
func AgeOf(open record.Time) int {
	for i, a := range ages[:len(ages)-1] {
		if open <= record.Time(a.within.Microseconds()) {
			return i
		}
	}
	return len(ages) - 1
}
