package intake

import (
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// newEvidence returns the evidence that is known before anything is read. It
// copies the sources and partitions, as reading finds out more about them.
func newEvidence(in *Inputs) *reconcile.Evidence {
	texts := intern.NewTable()
	ev := &reconcile.Evidence{
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
func (c *collector) finish(release func()) (*reconcile.Evidence, error) {
	c.assemble(release)
	ev, rules := c.ev, &c.in.config.Policy
	var err error
	if ev.Rests, err = c.account.spill.reader(); err != nil {
		return nil, err
	}

	// Outages depend on when tokens were issued and on trunks, so both are filled
	// in first.
	events := c.account.Events
	c.dateTokens(events)
	registration.FillTrunks(events, ev.Texts, rules.Lines, c.in.config.Org)
	ev.Outages = registration.Outages(events, ev.Texts, rules)
	ev.Index, ev.Lines = registration.NewIndex(ev.Outages), registration.NewLines(events, ev.Texts)

	ev.Media = c.in.media(ev.Texts)
	for i := range c.in.Objects {
		o := &c.in.Objects[i]
		ev.Objects = append(ev.Objects, reconcile.Object{
			Source: o.Source, Partition: o.Partition, Key: o.Key, Modified: record.TimeOf(o.Modified),
		})
	}

	for i := range ev.Sources {
		ev.Sources[i].NoUse = !c.usable[uint32(i)]
	}
	for i := range ev.Partitions {
		count := c.account.Rows[uint32(i)]
		ev.Partitions[i].Damaged = c.damaged[uint32(i)] || count != nil && count.TooMany(rules.MaxRejects)
	}

	return ev, nil
}

// dateTokens gives an event that does not say when its token was issued the
// last refresh of its source and organisation.
func (c *collector) dateTokens(events []registration.Event) {
	for _, times := range c.refreshes {
		slices.Sort(times)
	}

	for i := range events {
		e := &events[i]
		if e.Issued.Known() {
			continue
		}

		// A refresh at the time of the event itself counts.
		times := c.refreshes[refreshKey{c.in.Objects[e.Ref.Object].Source, e.Org}]
		after, _ := slices.BinarySearch(times, e.Time+1)
		if after > 0 {
			e.Issued = times[after-1]
		}
	}
}

// media returns how to look up a media object, nil when media is not checked.
func (in *Inputs) media(texts *intern.Table) *reconcile.Media {
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
			sizes[place{int(o.Source), texts.OfString(o.Key)}] = o.Size
		}
	}

	for i := range in.Media {
		sizes[place{anywhere, texts.OfString(in.Media[i].Key)}] = in.Media[i].Size
	}

	return &reconcile.Media{
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
