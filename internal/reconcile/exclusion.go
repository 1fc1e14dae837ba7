package reconcile

import (
	"slices"
	"strings"
	"time"

	"cdrmend/internal/record"
)

// exclusion is one reason for which a leg is not to be recorded, with its
// conditions in normal form. A nil condition holds for every leg.
type exclusion struct {
	reason           record.Text
	org, trunk, line []record.Text
	direction        []string
	ani, dnis        []string
	shorterThan      time.Duration
	forbid           bool
}

func compileExclusions(ev *Evidence) []exclusion {
	n := record.Normalizer{Profile: &record.Profile{Prefixes: []string{"tel:", "sip:"}}, Texts: ev.Texts}
	ids := func(list []string) []record.Text {
		var out []record.Text
		for _, v := range list {
			id, _ := n.ID(record.Value{Kind: record.Cell, Raw: []byte(v)})
			out = append(out, id)
		}
		return out
	}
	numbers := func(list []string) []string {
		var out []string
		for _, v := range list {
			prefix, star := strings.CutSuffix(strings.TrimSpace(v), "*")
			number, _ := n.Phone(record.Value{Kind: record.Cell, Raw: []byte(prefix)})
			prefix = ev.Texts.String(number)
			if star {
				prefix += "*"
			}
			out = append(out, prefix)
		}
		return out
	}
	var compiled []exclusion
	for _, x := range ev.Policy.Exclusions {
		compiled = append(compiled, exclusion{
			reason: ev.Texts.OfString(x.Reason), forbid: x.Forbid, shorterThan: x.ShorterThan,
			org: ids(x.Org), trunk: ids(x.Trunk), line: ids(x.Line),
			direction: x.Direction, ani: numbers(x.ANI), dnis: numbers(x.DNIS),
		})
	}
	return compiled
}

// excluded returns the first exclusion that applies to a leg, nil for none.
func (d *decider) excluded(n uint32) *exclusion {
	for i := range d.rules {
		if d.applies(&d.rules[i], n) {
			return &d.rules[i]
		}
	}
	return nil
}

func (d *decider) applies(x *exclusion, n uint32) bool {
	l, p := &d.Legs[n], &d.Particulars[n]
	return oneOf(x.org, l.Org) && oneOf(x.trunk, l.Trunk) && oneOf(x.line, l.Line) &&
		d.sameDirection(x.direction, l.Direction) && d.number(x.ani, p.ANI) && d.number(x.dnis, p.DNIS) &&
		d.shorter(x.shorterThan, n)
}

func oneOf(wanted []record.Text, id record.Text) bool {
	return wanted == nil || id != record.None && slices.Contains(wanted, id)
}

func (d *decider) sameDirection(wanted []string, direction record.Text) bool {
	if wanted == nil {
		return true
	}
	if direction == record.None {
		return false
	}
	v := d.Texts.String(direction)
	return slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), v) })
}

// number reports whether a phone number is one of the wanted ones, or begins
// like one that ends in a star.
func (d *decider) number(wanted []string, number record.Text) bool {
	if wanted == nil {
		return true
	}
	if number == record.None {
		return false
	}
	v := d.Texts.String(number)
	return slices.ContainsFunc(wanted, func(w string) bool {
		prefix, star := strings.CutSuffix(w, "*")
		return star && strings.HasPrefix(v, prefix) || !star && v == prefix
	})
}

func (d *decider) shorter(limit time.Duration, n uint32) bool {
	if limit == 0 {
		return true
	}
	talk, known := d.talkTime(nil, n)
	return known && length(talk) < limit.Microseconds()
}
