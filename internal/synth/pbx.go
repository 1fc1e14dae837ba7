package synth

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// The profiles of Asterisk and of FreePBX, which is built on it.
const (
	Asterisk = "asterisk"
	FreePBX  = "freepbx"
)

// Names is the format of recordings that have no metadata but their names.
const Names = "names"

// Headerless is the format of CSV without a header.
const Headerless = "headerless"

// asteriskFiles writes rows of cdr_csv, which name no recordings: these are named after
// the unique id of the channel.
func asteriskFiles() *vendor {
	return &vendor{
		manifests: Names, cdrs: Headerless,
		defects: []Defect{Lost, NoCDR, Unanswered, MediaEmpty, MediaHTML, MediaCut, MediaMono},
		lay:     func(*call) {},
		part:    func(p part) vendorPart { return asterisk{pbx{p}} },
		log:     true,
		sources: `sources:
  manifests:
    - {name: recordings, url: %s, profile: asterisk%s}
  cdrs:
    - {name: master, url: %s, profile: asterisk}
  registrations:
    - {name: full-log, url: %s, profile: asterisk}
output: {url: %s}
`,
	}
}

// freepbxFiles writes the table cdr as CSV with a header. A transfer is a row of its own
// with its own recording.
func freepbxFiles() *vendor {
	return &vendor{
		manifests: Names, cdrs: CSV,
		defects: []Defect{Lost, NoCDR, Unanswered, MediaEmpty, MediaHTML, MediaCut, MediaMono},
		lay:     func(*call) {},
		part:    func(p part) vendorPart { return freepbx{pbx{p}} },
		log:     true,
		sources: `sources:
  manifests:
    - {name: recordings, url: %s, profile: freepbx%s}
  cdrs:
    - {name: cdr, url: %s, profile: freepbx}
  registrations:
    - {name: full-log, url: %s, profile: asterisk}
output: {url: %s}
`,
	}
}

// pbx writes a part of a day as both have in common, asterisk and freepbx what differs.
type (
	pbx      struct{ part }
	asterisk struct{ pbx }
	freepbx  struct{ pbx }
)

func (d asterisk) recordings() iter.Seq[Object] { return d.named(d.uniqueid) }
func (d freepbx) recordings() iter.Seq[Object]  { return d.named(d.name) }

func (d asterisk) records() iter.Seq[Object] {
	return d.partsByEnd(d.CDRFiles, "cdr/date=%s/Master-%04d.csv", part.hasRows, func(p part, w io.Writer) error {
		d := asterisk{pbx{p}}
		return d.writeRows(w, nil, d.row)
	})
}

func (d freepbx) records() iter.Seq[Object] {
	return d.partsByEnd(d.CDRFiles, "cdr/date=%s/cdr-%04d.csv", part.hasRows, func(p part, w io.Writer) error {
		d := freepbx{pbx{p}}
		return d.writeRows(w, freepbxHeader, d.row)
	})
}

// channel returns the number of the channel of a leg. No two legs of a day share one.
func (c *call) channel(n int) int { return c.number*4 + n*2 }

// uniqueid returns the id of a channel: when it began, and its number.
func (d pbx) uniqueid(c *call, n int) string {
	return fmt.Sprintf("%d.%d", d.midnight().Unix()+int64(c.legs[n].start)/1000, c.channel(n))
}

// local returns a time of the day as a PBX writes it.
func (d date) local(t clock) string {
	return strings.Replace(string(d.appendTime(nil, t))[:len("2006-01-02T15:04:05")], "T", " ", 1)
}

// extension returns the telephone of an agent.
func extension(c *call) string { return strconv.Itoa(200 + c.service) }

// channels returns the channels of a leg: the trunk's and the telephone's, in the
// direction of the call.
func (c *call) channels(n int) (from, to string) {
	from = fmt.Sprintf("PJSIP/%s-%08x", trunkName(c.line), c.channel(n))
	to = fmt.Sprintf("PJSIP/%s-%08x", extension(c), c.channel(n)+1)
	if !c.inbound {
		from, to = to, from
	}
	return from, to
}

// seconds returns how long a leg lasts, and how long it was talked.
func (c *call) seconds(n int) (duration, talk string) {
	l := &c.legs[n]
	if c.fate == Unanswered {
		return *inSeconds(l.start, l.end), "0"
	}
	return *inSeconds(l.start, l.end), *inSeconds(l.answered, l.end)
}

func (c *call) disposition() string {
	if c.fate == Unanswered {
		return []string{"NO ANSWER", "BUSY", "FAILED"}[c.legs[0].way%3]
	}
	return "ANSWERED"
}

// writeRows writes the rows of the legs that a CDR tells of.
func (d pbx) writeRows(w io.Writer, header []string, row func(*call, int) []string) error {
	out := csv.NewWriter(w)
	if header != nil {
		_ = out.Write(header) // Error reports it
	}
	err := d.rows(func(c *call, n int) error { return out.Write(row(c, n)) })
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// row returns the row of a leg.
func (d asterisk) row(c *call, n int) []string {
	l := &c.legs[n]
	from, to := c.parties()
	channel, dstchannel := c.channels(n)
	duration, talk := c.seconds(n)
	answer := d.local(l.answered)
	if c.fate == Unanswered {
		answer = ""
	}
	return []string{
		"", from, to, "from-trunk", `"` + from + `" <` + from + ">", channel, dstchannel, "Dial", "PJSIP/" + extension(c) + ",30",
		d.local(l.start), answer, d.local(l.end), duration, talk, c.disposition(), "DOCUMENTATION", d.uniqueid(c, n), "",
	}
}

func (d asterisk) outcome(c *call) (o outcome) {
	return c.recordedEach(func(n int) Verdict {
		_, dstchannel := c.channels(n)
		id := d.uniqueid(c, n)
		return Verdict{Conversation: id, Leg: id + "/" + dstchannel, Trunk: trunkName(c.line), Verdict: "complete"}
	})
}

var freepbxHeader = strings.Split("calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,"+
	"uniqueid,userfield,did,recordingfile,cnum,cnam,outbound_cnum,outbound_cnam,dst_cnam,linkedid,peeraccount,sequence", ",")

// row returns the row of a leg. It may name a file that is not there, and name none that
// is lost.
func (d freepbx) row(c *call, n int) []string {
	from, to := c.parties()
	channel, dstchannel := c.channels(n)
	duration, talk := c.seconds(n)
	file := d.name(c, n) + ".wav"
	if c.fate == Unanswered || c.fate == Lost && c.legs[n].way%2 == 0 {
		file = ""
	}
	return []string{
		d.local(c.legs[n].start), `"` + from + `" <` + from + ">", from, to, "from-trunk", channel, dstchannel, "Dial", "PJSIP/" + extension(c) + ",30",
		duration, talk, c.disposition(), "3", "", d.uniqueid(c, n), "", "", file, from, "", "", "", "", d.uniqueid(c, 0), "",
		strconv.Itoa(c.channel(n)),
	}
}

// name returns what FreePBX names a recording: who called whom, when and on
// which channel.
func (d freepbx) name(c *call, n int) string {
	from, to := c.parties()
	kind, other := "in-"+extension(c), from
	if !c.inbound {
		kind, other = "out-"+to, extension(c)
	}
	when := strings.NewReplacer("-", "", ":", "", " ", "-").Replace(d.local(c.legs[n].start))
	return kind + "-" + other + "-" + when + "-" + d.uniqueid(c, n)
}

func (d freepbx) outcome(c *call) (o outcome) {
	return c.recordedEach(func(n int) Verdict {
		leg := d.uniqueid(c, n) + "/" + strconv.Itoa(c.channel(n))
		return Verdict{Conversation: d.uniqueid(c, 0), Leg: leg, Trunk: trunkName(c.line), Verdict: "complete"}
	})
}

// recordedEach says what a run has to find of a conversation each of whose legs has a
// recording.
func (c *call) recordedEach(leg func(n int) Verdict) (o outcome) {
	for i := range c.count {
		day := &o[over(c.legs[i].start)]
		if c.filed() {
			day.entries++
			day.hear(c)
		}
		if c.fate == NoCDR {
			day.find(1, "no_cdr", "")
		} else {
			o.judge(c, i, leg(i))
		}
	}
	return o
}

// named yields the recordings of the part, one for each leg, in the partition of its
// start. They have no metadata but their names.
func (p part) named(name func(*call, int) string) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		p.eachCall(func(c *call) bool {
			for i := range c.count {
				key := fmt.Sprintf("recordings/date=%s/%s.wav", p.at(c.legs[i].start), name(c, i))
				if c.filed() && !yield(p.mediaObject(key, c, &c.legs[i])) {
					return false
				}
			}
			return true
		})
	}
}

// line appends the line of the full log about an attempt of
// res_pjsip_outbound_registration.
func (d pbx) line(b []byte, a trunkEvent) []byte {
	client := "sip:" + trunkName(a.line) + "@sbc.example"
	b = append(append(b, '['), d.local(a.at)...)
	switch a.cause {
	case "":
		return fmt.Appendf(b, "] DEBUG[44] res_pjsip_outbound_registration.c: Outbound registration to 'sip:sbc.example' with client '%s' successful\n", client)
	case "timeout":
		return fmt.Appendf(b, "] WARNING[44] res_pjsip_outbound_registration.c: No response received from 'sip:sbc.example' on registration attempt to '%s', retrying in '60'\n", client)
	}
	return fmt.Appendf(b, "] WARNING[44] res_pjsip_outbound_registration.c: Temporal response '%d' received from 'sip:sbc.example' on registration attempt to '%s', retrying in '60'\n", a.status(), client)
}
