package doubt

import (
	"fmt"
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
)

// Night is what speaks against sources in a whole night, for a decision about a part of
// its rows. Sources and objects are numbers, in the order in which a run lists them. It
// holds what verdicts rest on, and not what warnings say.
type Night struct {
	UnfitSources []uint32 `json:"unfit_sources"`
	UnfitObjects []uint32 `json:"unfit_objects"`
	Strangers    []uint32 `json:"strangers"` // sources of CDRs
	Clocks       []Clock  `json:"clocks"`
}

// Clock is that the clocks of two sources differ.
type Clock struct {
	CDRs      uint32 `json:"cdrs"`
	Manifests uint32 `json:"manifests"`
	OffsetUS  int64  `json:"offset_us"` // microseconds by which entries are later
	Part      bool   `json:"part"`      // only some of them
}

// Night returns what was found about the sources.
func (d *Sources) Night() Night {
	n := Night{UnfitSources: []uint32{}, UnfitObjects: []uint32{}, Strangers: []uint32{}, Clocks: []Clock{}}
	for i := range d.unfitSources {
		if d.unfitSources[i] {
			n.UnfitSources = append(n.UnfitSources, uint32(i))
		}
		if d.estranged[i].holds {
			n.Strangers = append(n.Strangers, uint32(i))
		}
	}
	for object := range d.unfitObjects {
		n.UnfitObjects = append(n.UnfitObjects, object)
	}
	slices.Sort(n.UnfitObjects)
	for _, c := range d.clocks {
		n.Clocks = append(n.Clocks, Clock{c.cdrs, c.manifests, c.offset, c.part})
	}
	return n
}

// Check fails when the evidence is not that of the night.
func (n *Night) Check(ev *evidence.Evidence) error {
	sources := slices.Concat(n.UnfitSources, n.Strangers)
	for _, c := range n.Clocks {
		sources = append(sources, c.CDRs, c.Manifests)
	}
	for _, source := range sources {
		if int(source) >= len(ev.Sources) {
			return fmt.Errorf("the facts of the night name source %d of %d", source, len(ev.Sources))
		}
	}
	for _, object := range n.UnfitObjects {
		if int(object) >= len(ev.Objects) {
			return fmt.Errorf("the facts of the night name object %d of %d", object, len(ev.Objects))
		}
	}
	return nil
}

// AboutSources returns what was found in the whole night, and marks partitions in the
// facts as the package's function AboutSources does.
func (n *Night) AboutSources(legs *match.LegGroups) *Sources {
	d := newSources(len(legs.Sources))
	for _, source := range n.UnfitSources {
		d.unfitSources[source] = true
	}
	for _, object := range n.UnfitObjects {
		d.unfitObjects[object] = true
	}
	for _, source := range n.Strangers {
		d.estranged[source].holds = true
	}
	for _, c := range n.Clocks {
		d.clocks = append(d.clocks, clockOffset{cdrs: c.CDRs, manifests: c.Manifests, offset: c.OffsetUS, part: c.Part})
	}
	d.markDamaged(legs.Evidence, legs.Facts)
	return d
}
