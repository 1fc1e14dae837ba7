package synth

import (
	"io"
	"strconv"
)

const csvHeader = "conversation_id,leg_id,recording_ids,trunk_id,line_id,direction,ani,dnis,user_ids,queue_ids," +
	"start_time,answer_time,end_time,talk_ms,talk,pauses,recorded,updated_at,sip_status\n"

// writeCSV writes legs in the layout of profile cdrmend. A row that a later one
// supersedes has no end time.
func (p part) writeCSV(w io.Writer) error {
	o := newOut(w)
	o.b = append(o.b, csvHeader...)

	err := p.rows(func(c *call, n int) error {
		l := &c.legs[n]

		// A row of a few bytes cannot be read as a leg. It breaks nothing after it,
		// because rows are lines.
		if l.rejected {
			o.b = append(append(o.b, c.id[:20]...), '\n')
		}
		if c.twice {
			o.b = p.appendRow(o.b, c, l, false)
		}
		o.b = p.appendRow(o.b, c, l, true)

		return o.flush(false)
	})
	if err != nil {
		return err
	}
	return o.flush(true)
}

// appendRow appends a leg's final row, or the one that it supersedes.
func (d day) appendRow(b []byte, c *call, l *leg, final bool) []byte {
	b = append(append(b, c.id[:]...), ',')
	b = append(append(b, l.id[:]...), ',')
	if c.fate != Internal && c.fate != Unrecorded {
		b = append(b, l.recording[:]...)
	}

	b = append(append(append(b, ','), d.trunk(c.line)...), ',')
	b = append(append(append(b, d.lines[c.line][:]...), ','), c.direction()...)
	b = append(append(c.numbers(b, ",", ","), ','), l.agent[:]...)
	b = append(b, ',')
	if c.queued() {
		b = append(b, d.queues[c.queue][:]...)
	}

	b = d.appendMicros(append(b, ','), l.start)
	b = d.appendMicros(append(b, ','), l.answered)
	b = append(b, ',')
	if final {
		b = d.appendTalk(append(d.appendMicros(b, l.end), ','), l)
	} else {
		b = append(b, ",,,"...)
	}

	if c.fate == Unrecorded {
		b = append(b, ",false,"...)
	} else {
		b = append(b, ",true,"...)
	}

	// The row that was updated last counts.
	if c.twice && final {
		b = d.appendMicros(b, l.end+1000)
	} else if c.twice {
		b = d.appendMicros(b, l.answered)
	}

	return append(b, ",200\n"...)
}

// appendTalk appends the cells talk_ms, talk and pauses.
func (d day) appendTalk(b []byte, l *leg) []byte {
	span := func(b []byte, from, until clock) []byte {
		return d.appendMicros(append(d.appendMicros(b, from), '/'), until)
	}

	if l.saysHowLong() {
		b = strconv.AppendInt(b, int64(l.end-l.answered-hold), 10)
	}
	b = append(b, ',')
	if l.saysWhen() {
		b = span(b, l.answered, l.middle())
		b = span(append(b, ';'), l.middle()+hold, l.end)
	}
	b = append(b, ',')
	if l.paused() {
		b = span(b, l.middle(), l.middle()+pause)
	}
	return b
}
