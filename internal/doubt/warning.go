package doubt

import (
	"fmt"
	"time"

	"cdrmend/internal/evidence"
)

// Warnings says what speaks against sources, and what to do.
func (d *Sources) Warnings(ev *evidence.Evidence) (list []string) {
	for i, e := range d.estranged {
		if !e.holds {
			continue
		}
		text := fmt.Sprintf("the CDRs of source %s and the manifests do not speak of the same calls: hardly one of %d legs that are to be recorded shares a recording id or a conversation id with a recording", ev.Sources[i].Name, e.legs)
		if e.orgs {
			text += "; most would if their organisations were the same: check org of the sources, then run again"
		} else {
			text += ": check that the sources deliver the same system and the same days, and which ids they share; until then nobody can tell which recordings are missing"
		}
		list = append(list, text)
	}
	for _, c := range d.clocks {
		list = append(list, c.warning(ev))
	}
	return list
}

// warning says how clocks differ, and what to do.
func (c *clockOffset) warning(ev *evidence.Evidence) string {
	cdrs, manifests := ev.Sources[c.cdrs].Name, ev.Sources[c.manifests].Name
	offset := time.Duration(c.offset) * time.Microsecond
	if c.part {
		return fmt.Sprintf("the clocks of sources %s and %s differ by %s for a part of the night or of the recorders: %d pairs of a leg and its recording show it, from %s to %s; find out which recorder or server had the wrong time, and have clocks synchronised",
			cdrs, manifests, offset, c.pairs, c.first.Start, c.last.End)
	}
	return fmt.Sprintf("the clocks of sources %s and %s differ by %s: %d pairs of a leg and its recording show it; if the recordings are right, set clock_offset: %s for source %s",
		cdrs, manifests, offset, c.pairs, offset, cdrs)
}
