package evidence

import (
	"maps"
	"slices"
)

// Clone returns a copy that a decision may take over while the original stays as it was.
// Both have the same texts.
func (ev *Evidence) Clone() *Evidence {
	c := *ev
	c.Sources, c.Partitions, c.Objects = slices.Clone(ev.Sources), slices.Clone(ev.Partitions), slices.Clone(ev.Objects)
	c.Documents, c.Entries, c.OfEntries = slices.Clone(ev.Documents), slices.Clone(ev.Entries), slices.Clone(ev.OfEntries)
	c.CDRs = CDRs{
		Legs: slices.Clone(ev.Legs), Particulars: slices.Clone(ev.Particulars), Updated: slices.Clone(ev.Updated),
		Recordings: slices.Clone(ev.Recordings), Talk: slices.Clone(ev.Talk), Extras: slices.Clone(ev.Extras),
		LegInvalid: slices.Clone(ev.LegInvalid), Begun: maps.Clone(ev.Begun), Stops: slices.Clone(ev.Stops),
	}
	if ev.Media != nil {
		media := *ev.Media
		c.Media = &media
	}
	return &c
}
