package reconcile

import (
	"slices"
	"strings"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
)

// exclusion is one reason for which a leg is not to be recorded, with its
// conditions in normal form. A nil condition holds for every leg.
type exclusion struct {
	reason           intern.Text
	org, trunk, line []intern.Text
	direction        []string
	ani, dnis        []string
	shorterThan      time.Duration
	forbid           bool
}

func compileExclusions(ev *Evidence) []exclusion {
	n := profile.Normalizer{Profile: &profile.Profile{Prefixes: []string{"tel:", "sip:"}}, Texts: ev.Texts}
	ids := func(list []string) []intern.Text {
		var out []intern.Text
		for _, v := range list {
			id, _ := n.ID(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(v)})
			out = append(out, id)
		}
		return out
	}
	// A star stands for any digits; it is no part of the number.
	numbers := func(list []string) []string {
		var out []string
		for _, v := range list {
			prefix, star := strings.CutSuffix(strings.TrimSpace(v), "*")
			number, _ := n.Phone(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(prefix)})
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

// excludedBy returns the first exclusion that applies to a leg, nil for none.
func excludedBy(exclusions []exclusion, ev *Evidence, leg uint32) *exclusion {
	for i := range exclusions {
		if exclusions[i].applies(ev, leg) {
			return &exclusions[i]
		}
	}
	return nil
}

func (x *exclusion) applies(ev *Evidence, leg uint32) bool {
	l := &ev.Legs[leg]
	return isOneOf(x.org, l.Org) && isOneOf(x.trunk, l.Trunk) && isOneOf(x.line, l.Line) &&
		isDirection(x.direction, l.Direction, ev.Texts) &&
		isNumber(x.ani, l.ANI, ev.Texts) && isNumber(x.dnis, l.DNIS, ev.Texts) &&
		isShorter(x.shorterThan, ev, leg)
}

func isOneOf(wanted []intern.Text, id intern.Text) bool {
	return wanted == nil || id != intern.None && slices.Contains(wanted, id)
}

func isDirection(wanted []string, direction intern.Text, texts *intern.Table) bool {
	if wanted == nil {
		return true
	}
	v := texts.String(direction)
	return v != "" && slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), v) })
}

// isNumber reports whether a phone number is one of the wanted ones, or begins
// like one that ends in a star.
func isNumber(wanted []string, number intern.Number, texts *intern.Table) bool {
	if wanted == nil {
		return true
	}
	v := string(texts.AppendNumber(nil, number))
	return v != "" && slices.ContainsFunc(wanted, func(w string) bool {
		prefix, star := strings.CutSuffix(w, "*")
		return star && strings.HasPrefix(v, prefix) || !star && v == prefix
	})
}

// isShorter does not hold for a leg whose talk time is unknown.
func isShorter(limit time.Duration, ev *Evidence, leg uint32) bool {
	if limit == 0 {
		return true
	}
	talk, known := appendTalkTime(nil, ev, leg)
	return known && length(talk) < limit.Microseconds()
}
