package synth

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// vendor is a vendor in whose own files a night can be written: its calls, its
// recordings and the log of its trunks. Times in such files are whole seconds.
//
// A vendor knows one kind of conversation of two legs, and some of the defects. What
// a run has to say follows from the conversation alone.
type vendor struct {
	manifests, cdrs string   // the formats
	settle          string   // of the recordings in a night without late ones, empty for that of the profile
	sources         string   // of the configuration: %s for the place of each source, and when recordings settle
	defects         []Defect // that occur

	lay  func(*call) // puts the legs of a conversation where the vendor has them
	part func(part) vendorPart
	log  bool // there is a log of trunks

	failuresOnly bool // the log says nothing of attempts that succeed
}

// vendorPart writes a part of a day.
type vendorPart interface {
	recordings() iter.Seq[Object] // or what the vendor says of them
	records() iter.Seq[Object]    // of calls
	outcome(*call) outcome
	line(b []byte, a trunkEvent) []byte // appends what the log of trunks says of an event
}

// Vendors returns the profiles in whose files a night can be written.
func Vendors() []string { return []string{AmazonConnect, Asterisk, FreePBX, FreeSWITCH, Twilio} }

// FormatsOf returns the formats of the manifests and CDRs of a vendor.
func FormatsOf(profile string) [2]string {
	v := vendorOf(profile)
	return [2]string{v.manifests, v.cdrs}
}

// vendorOf returns a vendor, nil when the profile is of none.
func vendorOf(profile string) *vendor {
	switch profile {
	case AmazonConnect:
		return connectFiles()
	case Asterisk:
		return asteriskFiles()
	case FreePBX:
		return freepbxFiles()
	case FreeSWITCH:
		return freeswitchFiles()
	case Twilio:
		return twilioFiles()
	}
	return nil
}

// Verdict is what a run has to say of one leg of a night in a vendor's files.
type Verdict struct{ Conversation, Leg, Trunk, Verdict, Reason string }

// outcome is what runs have to find of one conversation: the run over the day in which
// it starts, and the run over the next.
type outcome [2]dayOutcome

// dayOutcome is what one run has to find of one conversation.
type dayOutcome struct {
	legs       []Verdict
	entries    int
	superseded int // rows
	findings   []Finding
}

// supersede adds a superseded row of each leg.
func (o *outcome) supersede(c *call) {
	for _, l := range c.legs[:c.count] {
		o[over(l.start)].superseded++
	}
}

// judge adds a leg of the call, whose verdict is another one when the call has a defect,
// and the finding about it.
func (o *outcome) judge(c *call, n int, v Verdict) {
	day := &o[over(c.legs[n].start)]
	switch c.fate {
	case Unanswered:
		v.Verdict, v.Reason = "excluded", "not expected"
	case Lost, Withdrawn, MediaEmpty, MediaHTML:
		v.Verdict = "missing"
		day.find(1, "missing_recording", "")
	case Short:
		v.Verdict = "partial"
		day.find(1, "short_recording", "")
	}
	day.legs = append(day.legs, v)
}

// find adds findings of a class.
func (o *dayOutcome) find(n int, class, field string) {
	for range n {
		o.findings = append(o.findings, Finding{class, field})
	}
}

// Verdicts returns what a run has to say of each leg of the first night, in an order of
// no meaning. It is empty when the night is not in a vendor's files.
func (n *Night) Verdicts() []Verdict { return n.VerdictsIn(0) }

// VerdictsIn returns the verdicts of one of the nights, which are counted from 0.
func (n *Night) VerdictsIn(night int) []Verdict {
	v := vendorOf(n.Profile)
	if v == nil {
		return nil
	}

	var all []Verdict
	n.outcomes(v, night, func(o dayOutcome) { all = append(all, o.legs...) })
	return all
}

// outcomes calls f for each conversation in which the run over a night finds something.
func (n *Night) outcomes(v *vendor, night int, f func(dayOutcome)) {
	for _, d := range n.daysFrom(night-1, night) {
		part := v.part(d.whole())
		_ = d.whole().calls(func(c *call) error {
			f(part.outcome(c)[night-d.number])
			return nil
		})
	}
}

// vendor counts what was planted in a vendor's files.
func (p *Planted) vendor(n *Night, v *vendor, night int) {
	n.outcomes(v, night, func(o dayOutcome) {
		p.Legs += len(o.legs)
		p.Entries += o.entries
		p.Superseded += o.superseded
		for _, l := range o.legs {
			if l.Verdict == "excluded" {
				p.Excluded++
			}
		}
		for _, f := range o.findings {
			p.add(f.Class, f.Field)
		}
	})

	p.channels()

	d := n.day(&site{}, night)
	for line := range n.Lines {
		if cause, _ := (trunks{d}).failure(line); v.log && cause != "" {
			p.Outages[cause]++
		}
	}
	if v.failuresOnly && !n.fails(night-1, night+1) {
		p.add("input_missing", "") // nothing shows that the log would have had a failure
	}
}

// fails reports whether a trunk fails in one of some days.
func (n *Night) fails(first, last int) bool {
	for _, d := range n.daysFrom(first, last) {
		for line := range n.Lines {
			if cause, _ := (trunks{d}).failure(line); cause != "" {
				return true
			}
		}
	}
	return false
}

// inSeconds cuts the times of a call to whole seconds.
func (c *call) inSeconds() {
	for i := range c.legs {
		l := &c.legs[i]
		for _, t := range []*clock{&l.start, &l.answered, &l.end, &l.until} {
			*t -= *t % oneSecond
		}
		l.from = l.answered // without the part of a second that it took to start
	}
}

const oneSecond = clock(1000)

// bridge puts the second leg into the first: it is the way from the vendor's system
// to the agent who answered.
func (c *call) bridge() {
	if c.count < 2 {
		return
	}

	first, second := &c.legs[0], &c.legs[1]
	second.start, second.answered, second.end = first.start+2*oneSecond, first.answered, first.end
}

// trunkName returns what trunks are called where they have names.
func trunkName(line int) string { return fmt.Sprintf("carrier%d", line+1) }

// phrases are what the logs of trunks say of refusals, by cause. Other causes do not
// show in them.
var phrases = map[string]string{"timeout": "Request Timeout", "server_error": "Service Unavailable", "unknown": "Forbidden"}

// Shows reports whether a failed registration with a cause shows in the night's log.
func (n *Night) Shows(cause string) bool {
	v := vendorOf(n.Profile)
	return v == nil || v.log && phrases[cause] != ""
}

// status returns the SIP status of an event.
func (a trunkEvent) status() int {
	for _, f := range failures {
		if f.cause == a.cause {
			return f.status
		}
	}
	return 200
}

// filed reports whether there is a recording of a call in a vendor's files, one that
// the vendor does not list once it is gone.
func (c *call) filed() bool {
	return c.fate != Lost && c.fate != Unanswered && c.fate != Withdrawn && c.fate != NoVoice
}

// eachCall calls f for each conversation of the part until it returns false.
func (p part) eachCall(f func(*call) bool) {
	stopped := errors.New("stopped")
	_ = p.calls(func(c *call) error {
		if !f(c) {
			return stopped
		}
		return nil
	})
}

// parties returns the numbers of caller and callee.
func (c *call) parties() (from, to string) {
	from, to, _ = strings.Cut(string(c.numbers(nil, "", " ")), " ")
	return from, to
}

// trunkEvent is what happens to the registration of a trunk.
type trunkEvent struct {
	at    clock
	line  int
	cause string // of a failure, empty when it registered
}

// trunks are the trunks of a day. Each has a registration.
type trunks struct{ day }

// failure returns why a trunk fails to register during the day, empty when it
// does not, and when. It fails once, so that each failure is an outage.
func (d trunks) failure(line int) (cause string, at clock) {
	r := d.drawing(ofRegistration, d.number, line)
	at = clock(2*3600+r.below(18*3600)) * oneSecond
	unit := r.unit()
	for _, f := range failures {
		if phrases[f.cause] == "" {
			continue
		}
		if unit -= d.Failures[f.cause]; unit < 0 {
			return f.cause, at
		}
	}
	return "", at
}

// events returns what happens of the day in order of time. A trunk that fails
// tries again after a minute and succeeds after ten; it renews its registration each
// half an hour otherwise.
func (d trunks) events() []trunkEvent {
	var all []trunkEvent
	for line := range d.Lines {
		cause, at := d.failure(line)
		if cause == "" {
			at = 24 * 3600 * oneSecond
		} else {
			all = append(all, trunkEvent{at, line, cause}, trunkEvent{at + 60*oneSecond, line, cause}, trunkEvent{at + 600*oneSecond, line, ""})
		}

		for t := clock(line%60) * oneSecond; t < 24*3600*oneSecond; t += 1800 * oneSecond {
			if t < at || t > at+600*oneSecond {
				all = append(all, trunkEvent{t, line, ""})
			}
		}
	}

	slices.SortStableFunc(all, func(a, b trunkEvent) int { return int(a.at - b.at) })
	return all
}

// log yields the log of the trunks in a vendor's files.
func (d trunks) log(v *vendor) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		if !v.log {
			return
		}
		yield(Object{fmt.Sprintf("registrations/date=%s/full.log", d.date), d.sent(oneDay), func(w io.Writer) error {
			o, part := newOut(w), v.part(d.whole())
			for _, a := range d.events() {
				o.b = part.line(o.b, a)
				if err := o.flush(false); err != nil {
					return err
				}
			}
			return o.flush(true)
		}})
	}
}

// vendorConfig returns the configuration that runs a night in a vendor's files.
func (n *Night) vendorConfig(v *vendor, below func(string) string) []byte {
	places := []any{n.Profile, n.settles(), below("recordings/date={date}/"), n.settle(v.settle), below("cdr/date={date}/")}
	if v.log {
		places = append(places, below("registrations/date={date}/"))
	}
	text := fmt.Appendf(nil, "# A synthetic night in the files of %s. %s\nname: synth\n"+v.sources, append(places, below("out/"))...)
	if n.Media {
		text = append(text, "media: {check: header}\n"...)
	}
	return text
}
