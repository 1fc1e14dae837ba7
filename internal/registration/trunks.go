package registration

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
)

// lineKey is a line of one organisation.
type lineKey struct{ org, line intern.Text }

// FillTrunks fills in the trunk of every event that names only a line. It takes
// the trunk of the configured line, else the one that other events of the line
// name, if they name exactly one. A configured line without an organisation
// belongs to org, that of the configuration; ids are as written there.
func FillTrunks(events []Event, texts *intern.Table, lines []policy.Line, org string) {
	configured := configuredTrunks(texts, lines, org)
	// Collected before the first trunk is filled in, so that only logged names count.
	named := namedTrunks(events)
	for i := range events {
		e := &events[i]
		if e.Trunk != intern.None || e.Line == intern.None {
			continue
		}

		key := lineKey{e.Org, e.Line}
		if trunk, ok := configured[key]; ok {
			e.Trunk = trunk
		} else if n := named[key]; !n.several {
			e.Trunk = n.trunk
		}
	}
}

// configuredTrunks indexes the configured lines; the first row of a line counts.
func configuredTrunks(texts *intern.Table, lines []policy.Line, org string) map[lineKey]intern.Text {
	id := func(written string) intern.Text { return policy.ID(texts, written) }
	trunks := make(map[lineKey]intern.Text, len(lines))

	own := id(org)
	for _, l := range lines {
		key := lineKey{id(l.Org), id(l.Line)}
		if key.org == intern.None {
			key.org = own
		}

		trunk := id(l.Trunk)

		// A row that lacks its line or trunk must not claim the key.
		if _, seen := trunks[key]; !seen && key.line != intern.None && trunk != intern.None {
			trunks[key] = trunk
		}
	}
	return trunks
}

// naming is the trunk that the events of a line name, if they agree.
type naming struct {
	trunk   intern.Text
	several bool
}

// namedTrunks collects the trunks that events name, for those lines that some
// event names without a trunk.
func namedTrunks(events []Event) map[lineKey]naming {
	named := map[lineKey]naming{}
	for i := range events {
		if e := &events[i]; e.Trunk == intern.None {
			named[lineKey{e.Org, e.Line}] = naming{}
		}
	}

	// When every event names its trunk, a second pass would find nothing to do.
	if len(named) == 0 {
		return named
	}

	for i := range events {
		e := &events[i]
		if e.Trunk == intern.None || e.Line == intern.None {
			continue
		}

		key := lineKey{e.Org, e.Line}
		n, wanted := named[key]
		switch {
		// The line needs no trunk, or this event says nothing new about it.
		case !wanted || n.several || n.trunk == e.Trunk:
		case n.trunk == intern.None:
			named[key] = naming{trunk: e.Trunk}
		default:
			named[key] = naming{several: true}
		}
	}

	return named
}
