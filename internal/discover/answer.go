package discover

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Format is the format of an answer as JSON.
const Format = "cdrmend.discovery/1"

// Answer says what a request covers, and how much of it cannot be produced.
type Answer struct {
	Format    string     `json:"format"`
	Output    string     `json:"output"` // its id
	Request   *Request   `json:"request"`
	Intervals []Interval `json:"intervals"`

	Calls      Calls                       `json:"calls"`
	Recordings Recordings                  `json:"recordings"`
	Exceptions map[string]map[string]int64 `json:"exceptions"` // by what they are about, and by reason
	Unfound    []Unfound                   `json:"unfound"`    // values of the request that nothing covered has
	Production *Production                 `json:"production,omitempty"`
}

// Interval is one interval that was searched.
type Interval struct {
	Interval   string       `json:"interval"`
	Commit     int64        `json:"commit"` // 0: nothing is committed
	Record     string       `json:"record_sha256,omitempty"`
	RunID      string       `json:"run_id,omitempty"`
	Total      report.Total `json:"total,omitempty"` // whether all calls of the interval are known
	Calls      int64        `json:"calls"`           // that are covered
	Recordings int64        `json:"recordings"`
}

// Calls counts covered calls.
type Calls struct {
	Covered  int64            `json:"covered"`
	Verdicts map[string]int64 `json:"verdicts"`
}

// Recordings counts covered recordings.
type Recordings struct {
	Covered int64            `json:"covered"`
	Status  map[string]int64 `json:"status"`
}

// Production says what was written.
type Production struct {
	First  string `json:"first_control,omitempty"` // empty without recordings
	Last   string `json:"last_control,omitempty"`
	SHA256 string `json:"tagmanifest_sha256"` // which stands for every file of it
}

func newAnswer(r *Request, output string) *Answer {
	return &Answer{
		Format: Format, Output: output, Request: r, Intervals: []Interval{}, Unfound: []Unfound{},
		Calls: Calls{Verdicts: map[string]int64{}}, Recordings: Recordings{Status: map[string]int64{}}, Exceptions: map[string]map[string]int64{},
	}
}

// add counts what is covered of a night.
func (a *Answer) add(n *Night, label string, total report.Total) {
	a.Intervals = append(a.Intervals, Interval{
		Interval: label, Commit: n.Commit.Number(), Record: n.Commit.SHA256, RunID: n.Commit.Record.RunID, Total: total,
		Calls: int64(len(n.Calls)), Recordings: int64(len(n.Recordings)),
	})
	a.Calls.Covered += int64(len(n.Calls))
	for _, c := range n.Calls {
		a.Calls.Verdicts[c.Get("verdict")]++
	}
	a.Recordings.Covered += int64(len(n.Recordings))
	for _, r := range n.Recordings {
		a.Recordings.Status[r.Get("status")]++
	}
}

// addAbsent adds intervals that have no commit.
func (a *Answer) addAbsent(labels []string) {
	for _, label := range labels {
		a.Intervals = append(a.Intervals, Interval{Interval: label})
	}
	slices.SortStableFunc(a.Intervals, func(x, y Interval) int { return strings.Compare(x.Interval, y.Interval) })
}

// except counts an exception.
func (a *Answer) except(e *Exception) {
	if a.Exceptions[e.About] == nil {
		a.Exceptions[e.About] = map[string]int64{}
	}
	a.Exceptions[e.About][e.Reason]++
}

// fewNamed is how many intervals a sentence names.
const fewNamed = 8

// Limits says in clauses why the answer may not be all there is; none when it is.
func (a *Answer) Limits() (list []string) {
	var without, least []string
	for _, i := range a.Intervals {
		switch {
		case i.Commit == 0:
			without = append(without, i.Interval)
		case i.Total != report.Known:
			least = append(least, i.Interval)
		}
	}
	if n := len(without); n > 0 {
		list = append(list, fmt.Sprintf("%s of the span %s no commit, and nothing is known of the calls of that time: %s", wording.Count(n, "interval"), wording.Verb(n, "has", "have"), Named(without)))
	}
	if n := len(least); n > 0 {
		list = append(list, fmt.Sprintf("in %s there may be more calls than the call detail records show: %s", wording.Count(n, "interval"), Named(least)))
	}
	return list
}

// Named names the first of some intervals.
func Named(labels []string) string {
	text := strings.Join(labels[:min(len(labels), fewNamed)], ", ")
	if more := len(labels) - fewNamed; more > 0 {
		text += fmt.Sprintf(" and %s more", wording.Grouped(int64(more)))
	}
	return text
}
