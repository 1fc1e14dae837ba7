package sample

import (
	"bytes"
	"encoding/csv"
	"iter"
	"strings"
	"time"
)

// gatewayColumns are the columns of a gateway's call detail records.
var gatewayColumns = []string{
	"conversation_id", "leg_id", "recording_ids", "trunk_id", "line_id", "direction", "ani", "dnis", "user_ids", "queue_ids",
	"start_time", "answer_time", "end_time", "talk", "pauses", "updated_at",
}

const gatewayStamp = "2006-01-02T15:04:05.000000Z"

// ofGateway reports whether the call detail records of a call are its gateway's.
func (c *call) ofGateway() bool { return c.kind != internal && trunks[c.trunk].gateway }

// gatewayRecords yields the daily files of a gateway. A call is in the file of
// the day in which it ended.
func (n *Night) gatewayRecords() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for day := -1; day <= 1; day++ {
			midnight := n.hour(24 * day)
			key := midnight.Format("gateway/date=2006-01-02/legs.csv")
			if !yield(Object{key, n.gatewayFile(midnight)}) {
				return
			}
		}
	}
}

func (n *Night) gatewayFile(midnight time.Time) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(gatewayColumns) // a buffer takes everything

	for i := range n.calls {
		c := &n.calls[i]
		if c.ofGateway() && c.records.feed != withheld && c.end.Truncate(24*time.Hour).Equal(midnight) {
			_ = w.WriteAll(c.gatewayRows())
		}
	}

	w.Flush()
	return b.Bytes()
}

// gatewayRows returns the rows about a call: one for each leg, before it the one
// that was written while the call lasted, if it was delivered too.
func (c *call) gatewayRows() [][]string {
	r := gatewayRow{
		leg: c.leg, ani: c.customer, dnis: c.service, direction: c.direction(),
		start: c.start, answered: c.answered, updated: c.end.Add(2 * time.Second),
	}
	if c.kind == outbound {
		r.ani, r.dnis = c.service, c.customer
	}

	var rows [][]string
	if c.records.feed == twice {
		early := r
		early.unfinished, early.updated = true, c.start.Truncate(time.Hour).Add(time.Hour)
		rows = append(rows, early.cells(c))
	}
	rows = append(rows, r.cells(c))

	if joined := c.expert.joined; !joined.IsZero() {
		r.leg, r.ani, r.dnis, r.direction = c.expert.leg, c.service, expertNumber, "outbound"
		r.start, r.answered = joined, joined
		rows = append(rows, r.cells(c))
	}
	return rows
}

// gatewayRow is what one row says that other rows of its call do not.
type gatewayRow struct {
	leg, ani, dnis, direction string
	start, answered, updated  time.Time
	unfinished                bool // the call still lasted
}

func (r gatewayRow) cells(c *call) []string {
	end, talk, pauses, users, queue := stampOf(c.end), "", "", "", ""
	if r.unfinished {
		end = ""
	}

	if !r.answered.IsZero() {
		users = c.agents[0]
		if !c.handover.IsZero() {
			users += ";" + c.agents[1]
		}
		if !r.unfinished {
			talk = joinSpans(c.talks(r.answered)...)
			pauses = joinSpans(c.pause)
		}
	}
	if c.kind != outbound {
		queue = queues[c.queue]
	}

	return []string{
		c.id, r.leg, c.records.recording, trunks[c.trunk].id, trunks[c.trunk].lines[c.line], r.direction, r.ani, r.dnis, users, queue,
		stampOf(r.start), stampOf(r.answered), end, talk, pauses, stampOf(r.updated),
	}
}

// talks returns when agents could be heard on a leg that was answered at a time.
func (c *call) talks(answered time.Time) []span {
	if c.handover.IsZero() {
		return c.spoken(answered, c.end)
	}
	return append(c.spoken(answered, c.handover), c.spoken(c.handover, c.end)...)
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(gatewayStamp)
}

// joinSpans returns spans as a cell, without those that are none.
func joinSpans(spans ...span) string {
	var texts []string
	for _, s := range spans {
		if !s.from.IsZero() {
			texts = append(texts, stampOf(s.from)+"/"+stampOf(s.until))
		}
	}
	return strings.Join(texts, ";")
}
