package match

import (
	"math"
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
			claims.cited[entries[0]] = cite(ev, &claims.refs, legs.listing(group, unclaimed[0]))
		default:
			// Several ids or entries, or some may be hidden: the ids are candidates.
			// A verdict must not say that such an id is missing for certain.
			for _, id := range unclaimed {
				claims.possible[evidence.KeyOf(e.Org, id)] = true
			}
			named := nameSome(ev.Texts, unclaimed) // one text for all of them
			for _, n := range entries {
				states[n].ambiguous |= 1 << repairBit(record.RecordingID)
				claims.candidates[candidacy{n, record.RecordingID}] = named
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
			if len(having.Find(org, id)) == 0 {
				ids = append(ids, id)
			}
		}
	}

	slices.Sort(ids) // equal ones together, which is faster than to compare texts
	ids = slices.Compact(ids)
	slices.SortFunc(ids, legs.Texts.Compare)
	return ids
}

// Of returns the values of an ambiguous field.
func (c Candidates) Of(entry uint32, f record.Field) intern.Text { return c[candidacy{entry, f}] }

// nameSome returns the first values in byte order as one text. Tables must not depend
// on the order in which rows named them.
func nameSome(texts *intern.Table, values []intern.Text) intern.Text {
	some := slices.Clone(values)
	first := smallest(some, maxNamed, texts.Compare)
	names := make([]string, len(first), maxNamed+1)
	for i, v := range first {
		names[i] = texts.String(v)
	}
	return texts.OfString(joinNamed(names, len(values)-len(first)))
}

// maxNamed is how many rows or values a cell names before it only counts them.
const maxNamed = 8

// joinNamed joins the names that come first, and says how many more there are.
func joinNamed(names []string, more int) string {
	if more > 0 {
		names = append(names, "+"+strconv.Itoa(more))
	}
	return strings.Join(names, ";")
}

// smallest moves the k smallest elements of a list to its start, in order, and returns
// them. Of a long list that is faster than to sort all of it.
func smallest[T any](list []T, k int, compare func(a, b T) int) []T {
	k = min(k, len(list))
	slices.SortFunc(list[:k], compare)
	for i := k; i < len(list); i++ {
		if compare(list[i], list[k-1]) < 0 {
			list[i], list[k-1] = list[k-1], list[i]
			for n := k - 1; n > 0 && compare(list[n], list[n-1]) < 0; n-- {
				list[n], list[n-1] = list[n-1], list[n]
			}
		}
	}
	return list[:k]
}

// moreRows is the object of a reference that stands for as many more rows as its row
// says. A conversation may have thousands of legs that name a value, and each of
// thousands of entries would refer to all of them.
const moreRows = math.MaxUint32

// cite appends the rows that a repair names as evidence: those that come first by their
// names, and how many more there are.
func cite(ev *evidence.Evidence, all *[]record.Ref, refs []record.Ref) record.Section {
	run := record.Section{At: uint32(len(*all))}
	if len(refs) > maxNamed {
		first := smallest(slices.Clone(refs), maxNamed, func(a, b record.Ref) int { return compareNames(ev, a, b) })
		*all = append(append(*all, first...), record.Ref{Object: moreRows, Row: uint32(len(refs) - maxNamed)})
	} else {
		*all = append(*all, refs...)
	}
	run.N = uint32(len(*all)) - run.At
	return run
}

// compareNames orders rows as tables name them, by bytes.
func compareNames(ev *evidence.Evidence, a, b record.Ref) int {
	if a.Object == b.Object {
		return strings.Compare(strconv.FormatUint(uint64(a.Row), 10), strconv.FormatUint(uint64(b.Row), 10))
	}
	return strings.Compare(nameOfRow(ev, a), nameOfRow(ev, b))
}

// nameOfRow names a row of a table.
func nameOfRow(ev *evidence.Evidence, ref record.Ref) string {
	o := &ev.Objects[ref.Object]
	return ev.Sources[o.Source].Name + ":" + o.Key + "#" + strconv.FormatUint(uint64(ref.Row), 10)
}

// NameRows names the rows that a repair cites, in byte order, at most eight of them.
func NameRows(ev *evidence.Evidence, refs []record.Ref) string {
	more := 0
	if last := len(refs) - 1; last >= 0 && refs[last].Object == moreRows {
		more, refs = int(refs[last].Row), refs[:last]
	}
	names := make([]string, len(refs), len(refs)+1)
	for i, ref := range refs {
		names[i] = nameOfRow(ev, ref)
	}
	slices.Sort(names)
	return joinNamed(names, more)
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
