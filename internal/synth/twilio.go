package synth

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Twilio is the profile of Twilio's lists of calls and recordings.
const Twilio = "twilio"

// twilioFiles writes pages of the lists. A call that came in over a trunk is the parent of
// the call to the agent; the recording has the parent's id and no end.
func twilioFiles() *vendor {
	return &vendor{
		manifests: JSON, cdrs: JSON, settle: "0s",
		defects: []Defect{Lost, Short, Duplicate, NoCDR, Unanswered, Withdrawn, Superseded},
		lay:     (*call).bridge,
		part:    func(p part) vendorPart { return twilio{p} },
		sources: `sources:
  manifests:
    - {name: recordings, url: %s, profile: twilio%s}
  cdrs:
    - {name: calls, url: %s, profile: twilio}
output: {url: %s}
policy:
  required_fields: [recording_id, conversation_id, start_time, end_time] # a recording names no trunk
`,
	}
}

// twilio writes a part of a day as Twilio does.
type twilio struct{ part }

func (d twilio) recordings() iter.Seq[Object] {
	return d.parts(d.ManifestFiles, "recordings/date=%s/recordings-%04d.json", func(p part, w io.Writer) error {
		return twilio{p}.writePage(w, "recordings", twilio{p}.recordingsOf)
	})
}

func (d twilio) records() iter.Seq[Object] {
	return d.parts(d.CDRFiles, "cdr/date=%s/calls-%04d.json", func(p part, w io.Writer) error {
		return twilio{p}.writePage(w, "calls", twilio{p}.callsOf)
	})
}

// line returns nothing: Twilio has no log of trunks.
func (d twilio) line(b []byte, _ trunkEvent) []byte { return b }

// sid returns an id with its two letters.
func sid(kind string, id uuid) string { return kind + strings.ReplaceAll(string(id[:]), "-", "") }

type twilioCall struct {
	SID       string  `json:"sid"`
	Parent    *string `json:"parent_call_sid"`
	Trunk     string  `json:"trunk_sid"`
	Direction string  `json:"direction"`
	From      string  `json:"from"`
	To        string  `json:"to"`
	Status    string  `json:"status"`
	Start     string  `json:"start_time"`
	End       *string `json:"end_time"`
	Duration  *string `json:"duration"`
	Updated   string  `json:"date_updated"`
}

type twilioRecording struct {
	SID      string  `json:"sid"`
	Call     string  `json:"call_sid"`
	Channels int     `json:"channels"`
	Source   string  `json:"source"`
	Status   string  `json:"status"`
	Start    string  `json:"start_time"`
	Created  string  `json:"date_created"`
	Duration string  `json:"duration"`
	Error    *int    `json:"error_code"`
	Price    *string `json:"price"`
}

// rfc2822 returns a time of the day as Twilio writes it.
func (d twilio) rfc2822(c clock) string {
	return d.midnight().Add(time.Duration(c) * time.Millisecond).Format("Mon, 02 Jan 2006 15:04:05 -0700")
}

func inSeconds(from, until clock) *string {
	text := strconv.Itoa(int(until-from) / 1000)
	return &text
}

// callsOf returns the calls of a conversation, some of them twice.
func (d twilio) callsOf(c *call) (list []any) {
	if c.fate == NoCDR {
		return nil
	}
	for i := range c.count {
		if c.twice {
			list = append(list, d.callOf(c, i, false))
		}
		list = append(list, d.callOf(c, i, true))
	}
	return list
}

// callOf returns a call, or what was said of it while it went on.
func (d twilio) callOf(c *call, n int, final bool) twilioCall {
	l := &c.legs[n]
	from, to := c.parties()
	t := twilioCall{
		SID: sid("CA", l.id), Trunk: sid("TK", d.lines[c.line]), Direction: "inbound", From: from, To: to,
		Status: "completed", Start: d.rfc2822(l.start), Updated: d.rfc2822(l.end + oneSecond),
	}
	if !c.inbound {
		t.Direction = "outbound-api"
	}
	if n > 0 {
		parent := sid("CA", c.legs[0].id)
		t.Parent, t.Trunk, t.Direction = &parent, "", "outbound-dial"
	}

	if !final {
		t.Status, t.Updated = "in-progress", d.rfc2822(l.answered)
		return t
	}
	end := d.rfc2822(l.end)
	t.End = &end
	if c.fate == Unanswered {
		t.Status = []string{"no-answer", "busy", "canceled", "failed"}[l.way%4]
		return t
	}
	t.Duration = inSeconds(l.start, l.end)
	return t
}

// recordingsOf returns the recording of a conversation as often as the list has it.
func (d twilio) recordingsOf(c *call) (list []any) {
	for range d.copies(c) {
		list = append(list, d.recordingOf(c))
	}
	return list
}

// copies returns how often the list has the recording of a conversation.
func (d twilio) copies(c *call) int {
	switch c.fate {
	case Lost, Unanswered:
		return 0
	case Duplicate:
		return 2
	}
	return 1
}

// recordingOf returns the recording of a conversation. It starts while the
// agent's telephone rings.
func (d twilio) recordingOf(c *call) twilioRecording {
	l := &c.legs[0]
	from := l.start + 2*oneSecond
	until := l.end
	if c.fate == Short {
		until = from + (l.end-from)/3
	}

	r := twilioRecording{
		SID: sid("RE", l.recording), Call: sid("CA", l.id), Channels: 2, Source: "DialVerb", Status: "completed",
		Start: d.rfc2822(from), Created: d.rfc2822(from), Duration: *inSeconds(from, until),
	}
	switch {
	case c.fate == Withdrawn && l.way%2 == 0:
		code := 31920
		r.Status, r.Duration, r.Error = "absent", "-1", &code
	case c.fate == Withdrawn:
		r.Status = "deleted"
	}
	return r
}

// outcome says what a run has to find of a conversation.
func (d twilio) outcome(c *call) (o outcome) {
	day := &o[0] // recordings are listed by their start
	day.entries = d.copies(c)
	if !(c.fate == Withdrawn && c.legs[0].way%2 == 0) { // what is absent has no length
		day.find(day.entries, "repaired_field", "end_time")
	}
	if c.fate == NoCDR {
		day.find(1, "no_cdr", "")
		return o
	}
	switch c.fate {
	case Duplicate:
		day.find(1, "duplicate", "")
	case Withdrawn:
		day.find(1, "media_missing", "")
	}
	if c.twice {
		o.supersede(c)
	}

	for i := range c.count {
		v := Verdict{Conversation: sid("CA", c.legs[0].id), Leg: sid("CA", c.legs[i].id), Verdict: "repaired"}
		if i == 0 {
			v.Trunk = sid("TK", d.lines[c.line])
		}
		o.judge(c, i, v)
	}
	return o
}

// writePage writes a page of a list: what of returns for each conversation.
func (d twilio) writePage(w io.Writer, list string, of func(*call) []any) error {
	o := newOut(w)
	o.b = append(o.b, `{"`+list+`":[`...)
	separator := ""
	err := d.calls(func(c *call) error {
		for _, v := range of(c) {
			b, err := json.Marshal(v)
			if err != nil {
				return err
			}
			o.b = append(append(o.b, separator...), b...)
			separator = ","
		}
		return o.flush(false)
	})
	if err != nil {
		return err
	}

	next := "null"
	if d.to < d.Legs {
		next = fmt.Sprintf(`"/2010-04-01/Accounts/%s/%s.json?Page=%d"`, sid("AC", d.org), list, d.to)
	}
	o.b = append(o.b, `],"next_page_uri":`+next+"}\n"...)
	return o.flush(true)
}
