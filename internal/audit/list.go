package audit

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"io"

	"cdrmend/internal/committed"
	"cdrmend/internal/policy"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// List counts the calls that should have been recorded and were not, or of which nobody
// can tell, and holds the first of each. [WriteList] writes all of them.
type List struct {
	NotRecorded  int64         `json:"not_recorded"`   // missing, or recorded in part
	CannotBeTold int64         `json:"cannot_be_told"` // indeterminate
	Excluded     int64         `json:"excluded"`       // not to be recorded, so not in the list
	First        []table.Cells `json:"first"`          // of those that are not recorded
	FirstUntold  []table.Cells `json:"first_untold"`
}

// The parts of the list.
const (
	NotRecorded  = "not_recorded"
	CannotBeTold = "cannot_be_told"
)

// How many calls a report names itself.
const (
	mostNamed       = 300
	mostNamedUntold = 100
)

var (
	callOrg       = table.Calls.Index("org_id")
	callVerdict   = table.Calls.Index("verdict")
	callReason    = table.Calls.Index("reason")
	callUncovered = table.Calls.Index("uncovered_ms")
	callOutage    = table.Calls.Index("outage_id")
	callCause     = table.Calls.Index("outage_cause")
	callRelation  = table.Calls.Index("outage_relation")
	callSource    = table.Calls.Index("source")
	callObject    = table.Calls.Index("object_key")
	callRow       = table.Calls.Index("row")

	// The columns of a call that the list has as they are, in its order.
	callCopied = func() (list []int) {
		for _, name := range []string{
			"org_id", "conversation_id", "leg_id", "trunk_id", "line_id", "user_ids", "queue_ids", "direction", "ani", "dnis", "start_time", "end_time", "verdict",
		} {
			list = append(list, table.Calls.Index(name))
		}
		return list
	}()
)

// lister makes rows of the list.
type lister struct {
	show        *redact.Redactor
	into, shown table.Row
}

// row returns the row of a call of a commit, with what is known of its reason. It is
// valid until the next call.
func (l *lister) row(part string, c *committed.Commit, call *table.Row, reason string) *table.Row {
	r := &l.into
	r.Reset(table.Unrecorded)
	r.AddText(part)
	r.AddText(c.Record.Interval)
	shown := l.show.Row(&l.shown, call)
	for _, i := range callCopied {
		if table.Calls.Columns[i].Kind == table.Time {
			r.AddTime(shown.Time(i))
		} else {
			r.AddText(shown.Text(i))
		}
	}
	r.AddText(reason)
	for _, i := range []int{callOutage, callCause, callRelation} {
		r.AddText(shown.Text(i))
	}
	r.AddInt(c.Number())
	r.AddText(c.SHA256)
	return r
}

// partOfCall returns the part of the list that a call with a verdict stands in, empty for
// none.
func partOfCall(verdict string) string {
	switch verdict {
	case "missing", "partial":
		return NotRecorded
	case "indeterminate":
		return CannotBeTold
	}
	return ""
}

// reasons are what findings tell of calls that lack a recording, by the place of the
// call. They are few sentences, so each stands there once.
type reasons struct {
	seed      maphash.Seed
	sentences []string
	numbers   map[string]uint32
	places    map[uint64]uint32
	key       []byte
}

func newReasons() *reasons {
	return &reasons{seed: maphash.MakeSeed(), numbers: map[string]uint32{}, places: map[uint64]uint32{}}
}

// place returns a number for the place of a call. It serves for looking up alone.
func (r *reasons) place(row *table.Row, source, object, number int) uint64 {
	r.key = append(append(r.key[:0], row.Bytes(source)...), 0)
	r.key = append(append(r.key, row.Bytes(object)...), 0)
	r.key = fmt.Append(r.key, row.Count(number))
	return maphash.Bytes(r.seed, r.key)
}

var (
	historySource = table.History.Index("source")
	historyObject = table.History.Index("object_key")
	historyEntry  = table.History.Index("entry")
	historyClass  = table.History.Index("class")
	historyDetail = table.History.Index("detail")
	historyState  = table.History.Index("state")
)

// add notes what a finding tells, if it is one of a call that lacks a recording.
func (r *reasons) add(row *table.Row) {
	if string(row.Bytes(historyClass)) != "missing_recording" || string(row.Bytes(historyState)) == table.Closed {
		return
	}
	text := wording.Unlisted(row.Text(historyDetail))
	if text == "" {
		text = nothingFound
	}
	n, known := r.numbers[text]
	if !known {
		n = uint32(len(r.sentences))
		r.numbers[text], r.sentences = n, append(r.sentences, text)
	}
	r.places[r.place(row, historySource, historyObject, historyEntry)] = n
}

const nothingFound = "no manifest that was read has a recording of it; nothing tells why"

// of returns the reason for which a call stands in the list, as far as it is known.
func (r *reasons) of(call *table.Row) string {
	switch string(call.Bytes(callVerdict)) {
	case "indeterminate":
		words, _ := wording.Reason(call.Text(callReason))
		return cmp.Or(words.Sentence, call.Text(callReason))
	case "missing":
		if n, known := r.places[r.place(call, callSource, callObject, callRow)]; known {
			return r.sentences[n]
		}
		return nothingFound
	}

	text := ""
	if ms := call.Count(callUncovered); ms > 0 {
		text = wanting(ms) + " of the talk time is in no recording that was found"
	}
	if n, known := r.places[r.place(call, callSource, callObject, callRow)]; known {
		if text != "" {
			text += "; "
		}
		text += "of a recording that it lists: " + r.sentences[n]
	}
	return cmp.Or(text, "a part of it was not found")
}

// wanting writes a length of time in milliseconds. The table of calls has it exactly.
func wanting(ms int64) string {
	if ms < 1000 {
		return "less than a second"
	}
	return report.Duration(ms * 1000)
}

// reasonsIn reads what the findings of a commit tell of calls without a recording.
func reasonsIn(ctx context.Context, c *committed.Commit) (*reasons, error) {
	r := newReasons()
	for row, err := range c.Find(ctx, table.History, &table.Search{Any: []table.Match{table.Having("class", "missing_recording")}}) {
		if err != nil {
			return nil, err
		}
		r.add(row)
	}
	return r, nil
}

// WriteList writes every call of some commits, the newest of their intervals, that should
// have been recorded and was not, and then every call of which nobody can tell, as CSV
// in the columns of [table.Unrecorded].
func WriteList(ctx context.Context, w io.Writer, commits []*committed.Commit, show policy.Report) error {
	l := &lister{show: redact.New(show)}
	out := table.NewWriter(table.Unrecorded, w, nil)
	for _, part := range []struct {
		name     string
		verdicts []string
	}{{NotRecorded, []string{"missing", "partial"}}, {CannotBeTold, []string{"indeterminate"}}} {
		for _, c := range commits {
			if err := l.write(ctx, out, c, part.name, part.verdicts); err != nil {
				return fmt.Errorf("listing calls of interval %s: %w", c.Record.Interval, err)
			}
		}
	}
	return out.Close()
}

func (l *lister) write(ctx context.Context, out *table.Writer, c *committed.Commit, part string, verdicts []string) error {
	defer c.Close()
	why := newReasons()
	if part == NotRecorded {
		var err error
		if why, err = reasonsIn(ctx, c); err != nil {
			return err
		}
	}
	for row, err := range c.Find(ctx, table.Calls, &table.Search{Any: []table.Match{table.Having("verdict", verdicts...)}}) {
		if err == nil {
			err = out.Write(l.row(part, c, row, why.of(row)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
