package match

import (
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// Claims holds the results of [Claim]. An id is unclaimed if legs list
// it and no entry has it.
type Claims struct {
	cited      map[uint32]record.Section // by entry that claimed an id: the legs that list it, as a section of refs
	refs       []record.Ref
	possible   map[uint64]bool // ids that an entry without one may have
	candidates Candidates
}

// Candidates are the values of ambiguous fields, joined by semicolons.
type Candidates map[candidacy]intern.Text

type candidacy struct {
	entry uint32
	field record.Field
}

// contest is a conversation in which entries lack their recording id.
type contest struct {
	entries   int
	unclaimed []intern.Text // ids that legs list and no entry has
	hidden    bool          // entries or legs may be
}

// Contests are the contests of a night, by conversation, for who explains it.
type Contests map[uint64]contest

// keep keeps a contest in the conversation of an entry; without a map nobody asks.
func (c Contests) keep(e *manifest.Entry, one contest, legs *LegGroups) {
	if c != nil {
		one.hidden = legs.HidesMatchesOf(e.Org, legs.OfConversation(e))
		c[evidence.KeyOf(e.Org, e.Conversation)] = one
	}
}

// Claim gives a voice entry without a recording id the unclaimed id of
// its conversation. The id must be the only unclaimed one, the entry the only
// voice entry without an id, and no entry or leg of the conversation may be
// hidden. Otherwise each unclaimed id is possible for each of these entries. It
// keeps the contests if there is a map for them.
func Claim(legs *LegGroups, states []EntryState, contests Contests) Claims {
	ev := legs.Evidence
	claims := Claims{cited: map[uint32]record.Section{}, possible: map[uint64]bool{}, candidates: Candidates{}}
	if !slices.ContainsFunc(ev.Entries, func(e manifest.Entry) bool { return e.Recording == intern.None }) {
		return claims // without making the indexes
	}

	lacking := ev.IndexEntries(func(n uint32) intern.Text {
		if e := &ev.Entries[n]; e.Recording == intern.None && states[n].Voice {
			return e.Conversation
		}
		return intern.None
	})

	// having is made before the first claim, and claims do not change it: otherwise
	// the result would depend on the order of the conversations.
	having := ev.IndexEntries(func(n uint32) intern.Text { return ev.Entries[n].Recording })

	for entries := range lacking.Groups {
		e := &ev.Entries[entries[0]]
		group := legs.OfConversation(e)
		unclaimed := unclaimedIDs(legs, e.Org, group, having)
		contests.keep(e, contest{len(entries), unclaimed, false}, legs)
		switch {
		case len(unclaimed) == 0:
		case len(unclaimed) == 1 && len(entries) == 1 && !legs.HidesMatchesOf(e.Org, group):
			e.Recording = unclaimed[0]
			states[entries[0]].fill(record.RecordingID, RuleSoleUnclaimed, true)
			claims.cited[entries[0]] = cite(&claims.refs, legs.listing(group, unclaimed[0]))
		default:
			// Several ids or entries, or some may be hidden: the ids are candidates.
			// A verdict must not say that such an id is missing for certain.
			for _, id := range unclaimed {
				claims.possible[evidence.KeyOf(e.Org, id)] = true
			}
			for _, n := range entries {
				states[n].ambiguous |= 1 << repairBit(record.RecordingID)
				claims.candidates.add(ev.Texts, n, record.RecordingID, unclaimed)
			}
		}
	}

	return claims
}

// unclaimedIDs returns the unclaimed ids of some legs, in byte order.
func unclaimedIDs(legs *LegGroups, org intern.Text, group []uint32, having *evidence.Index) []intern.Text {
	var ids []intern.Text
	for _, leg := range group {
		for _, id := range legs.Listed(leg) {
			if !slices.Contains(ids, id) && len(having.Find(org, id)) == 0 {
				ids = append(ids, id)
			}
		}
	}

	slices.SortFunc(ids, legs.Texts.Compare)
	return ids
}

// Of returns the values of an ambiguous field.
func (c Candidates) Of(entry uint32, f record.Field) intern.Text { return c[candidacy{entry, f}] }

// add stores the values that a rule named for a field, in byte order.
func (c Candidates) add(texts *intern.Table, entry uint32, f record.Field, values []intern.Text) {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = texts.String(v)
	}

	// Tables must not depend on the order in which rows named the values.
	c[candidacy{entry, f}] = texts.OfString(JoinSome(names))
}

// maxNamed is how many rows or values a cell names before it only counts them.
const maxNamed = 8

// JoinSome joins names in byte order, at most maxNamed of them.
func JoinSome(names []string) string {
	slices.Sort(names)
	if more := len(names) - maxNamed; more > 0 {
		names = append(names[:maxNamed], "+"+strconv.Itoa(more))
	}
	return strings.Join(names, ";")
}

// cite appends the rows that a repair names as evidence.
func cite(all *[]record.Ref, refs []record.Ref) record.Section {
	run := record.Section{At: uint32(len(*all)), N: uint32(len(refs))}
	*all = append(*all, refs...)
	return run
}

// WithPromised returns the possible ids with those of entries whose media is
// promised.
func (c *Claims) WithPromised(ev *evidence.Evidence, states []EntryState) map[uint64]bool {
	for n := range states {
		if e := &ev.Entries[n]; states[n].Pending && e.Recording != intern.None {
			c.possible[evidence.KeyOf(e.Org, e.Recording)] = true
		}
	}
	return c.possible
}
