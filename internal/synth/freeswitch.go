package synth

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
)

// FreeSWITCH is the profile of FreeSWITCH.
const FreeSWITCH = "freeswitch"

// EachChannel is the format of CDRs in a file for each channel.
const EachChannel = "channels"

// freeswitchFiles writes a file of mod_json_cdr for each channel, recordings without
// metadata, and the log of the gateways, which shows failures only. The channel to the
// agent is the B leg of the caller's, whose id the recording has.
func freeswitchFiles() *vendor {
	return &vendor{
		manifests: Names, cdrs: EachChannel,
		defects: []Defect{Lost, NoCDR, Unanswered, MediaEmpty, MediaHTML, MediaCut, MediaMono},
		lay:     (*call).bridge,
		part:    func(p part) vendorPart { return freeswitch{p} },
		log:     true,

		failuresOnly: true,
		sources: `sources:
  manifests:
    - {name: recordings, url: %s, profile: freeswitch%s}
  cdrs:
    - {name: channels, url: %s, profile: freeswitch}
  registrations:
    - {name: log, url: %s, profile: freeswitch}
output: {url: %s}
`,
	}
}

// freeswitch writes a part of a day as FreeSWITCH does.
type freeswitch struct{ part }

// recordings yields the recording of each call, which has the id of the A leg.
func (d freeswitch) recordings() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		d.eachCall(func(c *call) bool {
			l := &c.legs[0]
			return !c.filed() || yield(d.mediaObject(fmt.Sprintf("recordings/date=%s/%s.wav", d.date, l.id[:]), c, l))
		})
	}
}

// records yields a file for each channel, in the partition of its end. That of a
// caller begins with a_.
func (d freeswitch) records() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		d.eachCall(func(c *call) bool {
			if c.fate == NoCDR {
				return true
			}
			for i := range c.count {
				body, err := json.Marshal(d.channel(c, i))
				key := fmt.Sprintf("cdr/date=%s/%s%s.cdr.json", d.at(c.legs[i].end), []string{"a_", ""}[i], c.legs[i].id[:])
				write := func(w io.Writer) error {
					if err != nil {
						return err
					}
					_, err := w.Write(body)
					return err
				}
				if !yield(Object{key, d.sent(c.legs[i].end), write}) {
					return false
				}
			}
			return true
		})
	}
}

type freeswitchChannel struct {
	Core      string            `json:"core-uuid"`
	Switch    string            `json:"switchname"`
	Variables map[string]string `json:"variables"`
	Callflow  []any             `json:"callflow"`
}

// channel returns what mod_json_cdr says of a channel. Its values are
// URL-encoded, and 0 is no time.
func (d freeswitch) channel(c *call, n int) freeswitchChannel {
	l := &c.legs[n]
	epoch := func(t clock) string { return strconv.FormatInt(d.midnight().Unix()+int64(t)/1000, 10) }
	from, to := c.parties()
	v := map[string]string{
		"uuid": string(l.id[:]), "call_uuid": string(c.legs[0].id[:]), "direction": c.direction(), "sip_from_user": from, "sip_to_user": to,
		"start_epoch": epoch(l.start), "answer_epoch": epoch(l.answered), "end_epoch": epoch(l.end),
		"sip_gateway_name": trunkName(c.line), "hangup_cause": "NORMAL_CLEARING",
		"record_path": "/var/lib/freeswitch/recordings/" + string(c.legs[0].id[:]) + ".wav",
	}
	if n > 0 {
		v["originating_leg_uuid"], v["direction"] = string(c.legs[0].id[:]), "outbound"
		delete(v, "sip_gateway_name")
	}
	if c.fate == Unanswered {
		v["answer_epoch"], v["hangup_cause"] = "0", "NO_ANSWER"
	}
	for name, value := range v {
		v[name] = url.PathEscape(value)
	}
	return freeswitchChannel{"0a7e5a50-31c0-4a35-9b58-0d0f9c1b2f01", "fs1", v, []any{}}
}

// outcome says what a run has to find of a conversation.
func (d freeswitch) outcome(c *call) (o outcome) {
	if c.filed() {
		o[0].entries = 1
		o[0].hear(c)
	}
	if c.fate == NoCDR {
		o[0].find(1, "no_cdr", "")
		return o
	}

	for i := range c.count {
		v := Verdict{Conversation: string(c.legs[0].id[:]), Leg: string(c.legs[i].id[:]), Verdict: "complete"}
		if i == 0 {
			v.Trunk = trunkName(c.line)
		}
		o.judge(c, i, v)
	}
	return o
}

// line appends the lines of an attempt to register. Nothing is said of one
// that succeeds.
func (d freeswitch) line(b []byte, a trunkEvent) []byte {
	at := func(b []byte) []byte {
		i := len(b)
		b = append(d.appendTime(b, a.at), "909"...)
		b[i+len("2006-01-02")] = ' '
		return b
	}

	b = fmt.Appendf(at(b), " 98.50%% [NOTICE] sofia_reg.c:463 Registering %s\n", trunkName(a.line))
	switch a.cause {
	case "":
		return b
	case "timeout":
		return fmt.Appendf(at(b), " 98.50%% [WARNING] sofia_reg.c:499 Timeout Registering %s\n", trunkName(a.line))
	}
	return fmt.Appendf(at(b), " 98.50%% [ERR] sofia_reg.c:2661 %s Failed Registration with status %s [%d]. failure #1\n", trunkName(a.line), phrases[a.cause], a.status())
}
