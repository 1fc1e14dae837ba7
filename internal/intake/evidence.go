package intake

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// newEvidence returns the evidence that is known before anything is read. It
// copies the sources and partitions, as reading finds out more about them.
func newEvidence(in *Inputs) *evidence.Evidence {
	texts := intern.NewTable()
	ev := &evidence.Evidence{
		Interval: in.Interval.Span, Org: policy.ID(texts, in.config.Org), Texts: texts, Policy: &in.config.Policy,
		Sources: slices.Clone(in.Sources), Partitions: slices.Clone(in.Partitions),
	}
	for i := range ev.Sources {
		ev.Sources[i].Org = policy.ID(texts, in.sources[i].Org)
	}
	return ev
}

// finish completes the evidence when all objects are read. It puts the lists in
// order and adds the facts that need all of them: outages, incomplete inputs and
// the media objects that were listed.
func (c *collector) finish(release func()) (*evidence.Evidence, error) {
	c.assemble(release)
	ev, rules := c.ev, &c.in.config.Policy
	var err error
	if ev.Rests, err = c.account.spill.reader(); err != nil {
		return nil, err
	}

	log := c.registrationLog()
	states := registration.StatesOf(log, ev.Texts, rules)
	ev.Outages, ev.Index, ev.Silent = states.Outages, registration.NewIndex(states), states.Silent
	ev.Lines = registration.NewLines(log.Events, ev.Texts)

	ev.Media = c.in.media(ev.Texts)
	for i := range c.in.Objects {
		o := &c.in.Objects[i]
		columns, tabular := c.columns[uint32(i)]
		object := evidence.Object{
			Source: o.Source, Partition: o.Partition, Key: o.Key, Modified: record.TimeOf(o.Modified), Tabular: tabular,
		}
		if tabular {
			object.Lacks = lacking(c.in.Sources[o.Source].Profile, columns)
		}
		ev.Objects = append(ev.Objects, object)
	}

	for i := range ev.Sources {
		ev.Sources[i].NoUse = !c.usable[uint32(i)]
	}
	for i := range ev.Partitions {
		p, count, details := &ev.Partitions[i], c.account.Rows[uint32(i)], c.details[uint32(i)]
		p.Blank = c.blank[uint32(i)]
		p.Damaged = c.damaged[uint32(i)] || count != nil && count.TooMany(rules.MaxRejects)
		if ev.Sources[p.Source].Kind == policy.CDRs {
			p.Empty = count == nil || count.None()
		}
		p.Elements, p.Speaking = details.elements, details.speaking
		if lacks := c.lacks(uint32(i)); lacks != "" {
			p.Damaged, c.account.Unfinished[uint32(i)] = true, lacks
		}
	}

	return ev, nil
}

// lacks says what nobody can read of a partition although its objects are sound, empty
// when there is nothing.
func (c *collector) lacks(partition uint32) string {
	var all []string
	if paging := c.paging[partition]; paging != nil {
		if lacks := paging.Lacks(c.ev.Partitions[partition].Span); lacks != "" {
			all = append(all, lacks)
		}
	}
	if n := c.unplaceable[partition]; n > 0 {
		all = append(all, fmt.Sprintf("the conversation of %d of its entries cannot be read, so that they may be the recordings of any call: see the findings of class invalid_field", n))
	}
	return strings.Join(all, "; ")
}

// needs has the need that a field stands for, see [profile.Profile.Needs]. Events of
// registrations have none: an attempt without its fields is a reject.
var needs = map[record.Field]evidence.Needs{
	record.StartTime: evidence.NeedStart, record.EndTime: evidence.NeedEnd,
	record.AnswerTime: evidence.NeedAnswer, record.ConversationID: evidence.NeedConversation,
}

// lacking returns the needs for which an object with columns for some fields has
// none.
func lacking(p *profile.Profile, columns record.Fields) (lacks evidence.Needs) {
	for _, alternatives := range p.Needs() {
		if p.Kind != policy.Registrations.String() && !slices.ContainsFunc(alternatives, columns.Has) {
			lacks |= needs[alternatives[0]]
		}
	}
	for id, join := range joins {
		if p.Joins(id) && !columns.Has(id) {
			lacks |= join
		}
	}
	return lacks
}

// joins has the needs of the ids by which legs find their entries.
var joins = map[record.Field]evidence.Needs{
	record.ConversationID: evidence.JoinConversation, record.RecordingID: evidence.JoinRecording,
}

// registrationLog completes the log of registrations.
func (c *collector) registrationLog() *registration.Log {
	log := &c.account.Log
	log.End = c.in.Interval.End
	for i := range c.in.Objects {
		log.Objects = append(log.Objects, c.in.Objects[i].Source)
	}
	for i := range c.in.sources {
		s := c.in.sources[i]
		log.Sources = append(log.Sources, registration.Source{Lookahead: s.Lookahead, Successes: s.Successes, Profile: c.in.Sources[i].Profile})
	}
	log.Complete(c.ev.Texts, c.in.config.Policy.Lines, c.in.config.Org)
	return log
}

// media returns how to look up a media object, nil when media is not checked.
func (in *Inputs) media(texts *intern.Table) *evidence.Media {
	if in.config.Media.Check == policy.MediaNone {
		return nil
	}

	type place struct {
		source int
		key    intern.Text
	}
	const anywhere = -1
	sizes := map[place]int64{}
	for i := range in.Objects {
		if o := &in.Objects[i]; !o.Virtual {
			sizes[place{int(o.Source), texts.OfString(in.nameOfMedia(o))}] = o.Size
		}
	}

	for i := range in.Media {
		sizes[place{anywhere, texts.OfString(in.Media[i].Path())}] = in.Media[i].Size
	}

	return &evidence.Media{
		CheckSize: in.config.Media.Check == policy.MediaSize,
		Size: func(source uint32, key intern.Text) (int64, bool) {
			// An object in the document's own source counts before one below
			// media.url.
			if size, ok := sizes[place{int(source), key}]; ok {
				return size, true
			}
			size, ok := sizes[place{anywhere, key}]
			return size, ok
		},
	}
}
