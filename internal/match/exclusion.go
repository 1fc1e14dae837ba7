package match

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// exclusion is one reason why a leg need not be recorded. All its conditions must
// hold; they are in normal form, and a nil condition holds for every leg.
type exclusion struct {
	reason           intern.Text
	org, trunk, line []intern.Text
	queue, user      []string
	direction        []string
	ani, dnis        []party
	shorterThan      time.Duration
	forbid           bool
	elsewhere        bool // it is about other sources
}

// party is a condition on a telephone number, or on the text that stands for
// one.
type party struct {
	text   string // a number in normal form, or a text in lower case
	worded bool   // it is compared with the text as delivered
	star   bool   // what begins like it fits, too
}

// compileExclusions returns the exclusions for each source: how a number is
// written depends on the prefixes of its profile.
func compileExclusions(ev *evidence.Evidence) [][]exclusion {
	compiled := make([][]exclusion, len(ev.Sources))
	for i := range ev.Sources {
		s := &ev.Sources[i]
		if s.Kind != policy.CDRs {
			continue
		}
		n := &profile.Normalizer{Profile: s.Profile, Texts: ev.Texts}
		for _, x := range ev.Policy.Exclusions {
			compiled[i] = append(compiled[i], compileExclusion(&x, s.Name, n))
		}
	}
	return compiled
}

// compileExclusion brings the conditions of one exclusion into the forms that legs of
// a source have.
func compileExclusion(x *policy.Exclusion, source string, n *profile.Normalizer) exclusion {
	ids := func(list []string) []intern.Text {
		var out []intern.Text
		for _, v := range list {
			id, _ := n.ID(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(v)})
			out = append(out, id)
		}

		slices.Sort(out) // legs are searched in it
		return out
	}
	names := func(list []string) []string {
		var out []string
		for _, id := range ids(list) {
			out = append(out, n.Texts.String(id))
		}

		slices.Sort(out)
		return out
	}
	parties := func(list []string) []party {
		var out []party
		for _, v := range list {
			out = append(out, compileParty(v, n))
		}
		return out
	}
	return exclusion{
		reason: n.Texts.OfString(x.Reason), forbid: x.Forbid, shorterThan: x.ShorterThan,
		elsewhere: x.Source != nil && !slices.Contains(x.Source, source),
		org:       ids(x.Org), trunk: ids(x.Trunk), line: ids(x.Line), queue: names(x.Queue), user: names(x.User),
		direction: x.Direction, ani: parties(x.ANI), dnis: parties(x.DNIS),
	}
}

// compileParty brings a condition into the form that legs are compared in. A
// star at the end is no part of it.
func compileParty(condition string, n *profile.Normalizer) party {
	condition, star := strings.CutSuffix(strings.TrimSpace(condition), "*")
	condition = strings.TrimSpace(condition)
	if text := n.Profile.WithoutPrefix(condition); strings.ContainsFunc(text, unicode.IsLetter) {
		return party{text: strings.ToLower(text), worded: true, star: star}
	}
	number, _ := n.PhoneBytes(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(condition)})
	return party{text: string(number), star: star}
}

// firstExclusion returns the number of the first exclusion that applies to a leg,
// -1 for none, and whether one applies that does not ask for the length of the
// call.
func firstExclusion(exclusions []exclusion, ev *evidence.Evidence, leg uint32) (first int, certain bool) {
	first = -1
	texts := spoken{ev: ev, leg: leg}
	for i := range exclusions {
		if !exclusions[i].applies(ev, leg, &texts) {
			continue
		}
		if first < 0 {
			first = i
		}
		// The length rests on times, which may be in doubt; the other conditions do not.
		if exclusions[i].shorterThan == 0 {
			return first, true
		}
	}
	return first, false
}

// applies reports whether all conditions hold for a leg. The length comes last, as
// it costs most.
func (x *exclusion) applies(ev *evidence.Evidence, leg uint32, said *spoken) bool {
	l := &ev.Legs[leg]
	return !x.elsewhere && isOneOf(x.org, l.Org) && isOneOf(x.trunk, l.Trunk) && isOneOf(x.line, l.Line) &&
		holdsOne(x.queue, l.Queues, ev.Texts) && holdsOne(x.user, l.Users, ev.Texts) &&
		isDirection(x.direction, l.Direction, ev.Texts) &&
		(x.ani == nil || isParty(x.ani, said.caller())) &&
		(x.dnis == nil || isParty(x.dnis, said.called())) &&
		isShorter(x.shorterThan, ev, leg)
}

// isOneOf reports whether an id is one of the wanted ones, which are in order.
func isOneOf(wanted []intern.Text, id intern.Text) bool {
	if wanted == nil || id == intern.None {
		return wanted == nil
	}
	_, found := slices.BinarySearch(wanted, id)
	return found
}

// holdsOne reports whether a list of ids holds one of the wanted ones, which are in order.
func holdsOne(wanted []string, list intern.Text, texts *intern.Table) bool {
	if wanted == nil {
		return true
	}
	if list == intern.None {
		return false
	}
	for id := range strings.SplitSeq(texts.String(list), string(intern.ListSeparator)) {
		if _, found := slices.BinarySearch(wanted, id); found {
			return true
		}
	}
	return false
}

// isDirection compares directions in any case.
func isDirection(wanted []string, direction intern.Text, texts *intern.Table) bool {
	if wanted == nil {
		return true
	}

	v := texts.String(direction)
	return v != "" && slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), v) })
}

// spoken are the texts of a leg's parties. They are made when the first of many
// exclusions asks for them.
type spoken struct {
	ev        *evidence.Evidence
	leg       uint32
	ani, dnis *side
}

// side is one party of a leg: its number, empty when it is worded, and the text as it
// was delivered, in lower case.
type side struct{ digits, text string }

func (s *spoken) caller() *side {
	if s.ani == nil {
		s.ani = sideOf(s.ev, s.ev.Legs[s.leg].ANI, s.ev.ExtraOf(s.leg).SaidANI, s.ev.Particulars[s.leg].Flags.Has(cdr.WordedANI))
	}
	return s.ani
}

func (s *spoken) called() *side {
	if s.dnis == nil {
		s.dnis = sideOf(s.ev, s.ev.Legs[s.leg].DNIS, s.ev.ExtraOf(s.leg).SaidDNIS, s.ev.Particulars[s.leg].Flags.Has(cdr.WordedDNIS))
	}
	return s.dnis
}

func sideOf(ev *evidence.Evidence, number intern.Number, said intern.Text, worded bool) *side {
	p := &side{text: strings.ToLower(ev.Texts.String(said))}
	if !worded {
		p.digits = string(ev.Texts.AppendNumber(nil, number))
	}
	return p
}

// isParty reports whether a number, or the text as it was delivered, is one of the
// wanted ones, or begins like one that ends in a star. A worded text is no number.
func isParty(wanted []party, p *side) bool {
	return slices.ContainsFunc(wanted, func(w party) bool {
		v := p.digits
		if w.worded {
			v = p.text
		}
		return v != "" && (v == w.text || w.star && strings.HasPrefix(v, w.text))
	})
}

// isShorter reports whether the talk time of a leg is known and below a limit.
func isShorter(limit time.Duration, ev *evidence.Evidence, leg uint32) bool {
	if limit == 0 {
		return true
	}

	talk, known := AppendTalkTime(nil, ev, leg)
	return known && record.Length(talk) < limit.Microseconds()
}
