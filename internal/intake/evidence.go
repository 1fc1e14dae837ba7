package intake

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
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

	ev.Media = c.in.findMedia(ev.Texts)
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

// findMedia returns how to look up a media object, nil when media is not checked.
func (in *Inputs) findMedia(texts *intern.Table) *evidence.Media {
	if in.config.Media.Check == policy.MediaNone {
		return nil
	}

	type place struct {
		source int
		key    intern.Text
	}
	const anywhere = -1
	listed := map[place]evidence.ListedMedia{}
	for i := range in.Objects {
		if o := &in.Objects[i]; !o.Virtual {
			listed[place{int(o.Source), texts.OfString(in.nameOfMedia(o))}] = evidence.ListedMedia{N: uint32(i), Size: o.Size}
		}
	}

	for i := range in.Media {
		listed[place{anywhere, texts.OfString(in.Media[i].Path())}] = evidence.ListedMedia{N: uint32(len(in.Objects) + i), Size: in.Media[i].Size}
	}

	check := in.config.Media.Check
	return &evidence.Media{
		CheckSize: check >= policy.MediaSize, Headers: check >= policy.MediaHeader,
		Find: func(source uint32, key intern.Text) (evidence.ListedMedia, bool) {
			// An object in the document's own source counts before one below
			// media.url.
			if found, ok := listed[place{int(source), key}]; ok {
				return found, true
			}
			found, ok := listed[place{anywhere, key}]
			return found, ok
		},
	}
}

// FindMedia returns the number of a media object as [evidence.Media] counts them.
func (in *Inputs) FindMedia(source, key string) (uint32, bool) {
	if n, found := in.Find(source, key); found && !in.Objects[n].Virtual {
		return n, true
	}
	if source != ledger.MediaSource {
		return 0, false
	}
	i, found := slices.BinarySearchFunc(in.Media, key, func(o object.Info, key string) int { return strings.Compare(o.Key, key) })
	return uint32(len(in.Objects) + i), found
}

// ListedMedia returns an object as [evidence.Media] numbers them, with the name of its
// source and its store.
func (in *Inputs) ListedMedia(n uint32) (source string, info *object.Info, store object.Store) {
	if i := int(n) - len(in.Objects); i >= 0 {
		return ledger.MediaSource, &in.Media[i], in.media
	}
	o := &in.Objects[n]
	return in.Sources[o.Source].Name, &o.Info, in.stores[o.Source]
}
