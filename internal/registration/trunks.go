package registration

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
)

// lineKey is a line of one organisation.
type lineKey struct{ org, line intern.Text }

// fillTrunks gives every event that lacks a trunk and names a line the trunk
// that the configured lines have for it, else the one that other events of
// the line name as logged, if they name exactly one. An empty organisation of
// a configured line stands for org, the configuration's; ids are as written.
func (l *Log) fillTrunks(texts *intern.Table, lines []policy.Line, org string) {
	events := l.Events
	configured := configuredTrunks(texts, lines, org)
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
		if _, seen := trunks[key]; !seen && key.line != intern.None && trunk != intern.None {
			trunks[key] = trunk
		}
	}
	return trunks
}

// naming is what the events of a line say about its trunk.
type naming struct {
	trunk   intern.Text
	several bool
}

// namedTrunks collects the trunks named for those lines that some event names
// without a trunk.
func namedTrunks(events []Event) map[lineKey]naming {
	named := map[lineKey]naming{}
	for i := range events {
		if e := &events[i]; e.Trunk == intern.None {
			named[lineKey{e.Org, e.Line}] = naming{}
		}
	}
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
		case !wanted || n.several || n.trunk == e.Trunk:
		case n.trunk == intern.None:
			named[key] = naming{trunk: e.Trunk}
		default:
			named[key] = naming{several: true}
		}
	}
	return named
}
