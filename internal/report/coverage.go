package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/wording"
)

// Expected writes how many calls should be recorded: 1,958, or at least 1,958 when
// call detail records may hide more.
func (c *Coverage) Expected() string {
	if c.Total == AtLeast {
		return string(AtLeast) + " " + Grouped(c.Of)
	}
	return Grouped(c.Of)
}

// Share writes a part of the calls that should be recorded: 1,912 of at least
// 1,958.
func (c *Coverage) Share(n int64) string { return Grouped(n) + " of " + c.Expected() }

// Calls writes a part of the calls that should be recorded with what all of them are:
// 1,912 of 1,958 calls.
func (c *Coverage) Calls(n int64) string { return c.Share(n) + " " + wording.Noun(c.Of, "call") }

// Are is the end of a sentence about a part of these calls that are recorded. Where
// nobody can tell of others, they may be, too.
func (c *Coverage) Are(n, untold int64) string {
	if untold > 0 {
		return c.Verb(n, "is", "are") + " known to be"
	}
	return c.Verb(n, "is", "are")
}

// Verb returns the verb for a part of these calls: the first for one call, as in 1 of 3
// calls is, and 0 of 1 call is.
func (c *Coverage) Verb(n int64, one, many string) string { return wording.VerbOf(n, c.Of, one, many) }

// Percent writes a percentage of these calls, which never stands without the words
// that limit it: 97.65 % of at least 1,958. It is empty when no call should be
// recorded.
func (c *Coverage) Percent(p *string) string {
	switch {
	case p == nil:
		return ""
	case c.Total == AtLeast:
		return *p + " % of " + c.Expected()
	}
	return *p + " %"
}

// Remarks says what the percentages leave out, and what a part of them rests on.
// No percentage may be shown without these remarks.
func (c *Coverage) Remarks() []string {
	var list []string
	if c.Total == AtLeast {
		list = append(list, "call detail records may hide further calls, so the number of calls is the least that there can be")
	}
	if n := c.excluded(); n > 0 {
		list = append(list, fmt.Sprintf("%s %s not to be recorded and not counted: %s", wording.Count(n, "call"), wording.Verb(n, "was", "were"), c.reasons()))
	}
	if c.Proof.Shared > 0 {
		list = append(list, sharedOnly(c.Proof.Shared))
	}
	if n := c.WithoutCDR; n > 0 {
		list = append(list, fmt.Sprintf("%s %s to no call detail record, so calls may be missing from the count", wording.Count(n, "recording"), wording.Verb(n, "belongs", "belong")))
	}
	return list
}

func (c *Coverage) excluded() (n int64) {
	for _, of := range c.Excluded {
		n += of
	}
	return n
}

// mostReasons is how many reasons to exclude calls are named; a configuration may
// have hundreds.
const mostReasons = 8

// reasons lists the reasons for which calls are excluded, the most frequent first.
func (c *Coverage) reasons() string {
	names := slices.SortedFunc(maps.Keys(c.Excluded), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.Excluded[b], c.Excluded[a]), cmp.Compare(a, b))
	})

	var words []string
	for i, name := range names {
		if i == mostReasons {
			words = append(words, wording.Count(len(names)-i, "other reason"))
			break
		}
		words = append(words, Grouped(c.Excluded[name])+" "+name)
	}
	return strings.Join(words, ", ")
}

// sharedOnly says what calls prove of which every recording is one of another call, too.
func sharedOnly(n int64) string {
	return Grouped(n) + " of the recorded calls " + wording.Verb(n, "has no recording of its own: what it has", "have no recording of their own: what each has") +
		" is also taken for another call, and proves only that one of these calls was recorded"
}

// Each yields the proofs that there are, the surest first.
func (p *Proofs) Each(yield func(name string, n int64) bool) {
	for _, proof := range []struct {
		name string
		n    int64
	}{{"id", p.ID}, {"leg", p.Leg}, {"conversation", p.Conversation}, {"shared", p.Shared}} {
		if proof.n > 0 && !yield(proof.name, proof.n) {
			return
		}
	}
}

// Text lists the proofs of the recorded calls: 1,800 by recording id, 112 by
// conversation. It is empty when there are none.
func (p *Proofs) Text() string {
	var words []string
	for name, n := range p.Each {
		words = append(words, Grouped(n)+" "+proofNames[name])
	}
	return strings.Join(words, ", ")
}

var proofNames = map[string]string{
	"id": "by recording id", "leg": "by leg id", "conversation": "by conversation and time", "shared": "by a recording that is also taken for another call",
}

// Add adds the coverage of another interval. The sum is known only if both are.
func (c *Coverage) Add(o *Coverage) {
	c.Recorded, c.Intact, c.Of = c.Recorded+o.Recorded, c.Intact+o.Intact, c.Of+o.Of
	c.WithoutCDR += o.WithoutCDR
	c.Proof.ID, c.Proof.Leg = c.Proof.ID+o.Proof.ID, c.Proof.Leg+o.Proof.Leg
	c.Proof.Conversation, c.Proof.Shared = c.Proof.Conversation+o.Proof.Conversation, c.Proof.Shared+o.Proof.Shared
	if o.Total == AtLeast {
		c.Total = AtLeast
	}

	for reason, n := range o.Excluded {
		if c.Excluded == nil {
			c.Excluded = map[string]int64{}
		}
		c.Excluded[reason] += n
	}
	c.RecordedPercent, c.IntactPercent = PercentOf(c.Recorded, c.Of), PercentOf(c.Intact, c.Of)
}

// PercentOf rounds down to two decimals, so that 100.00 means all; nil when there
// is nothing to divide by.
func PercentOf(n, of int64) *string {
	if of == 0 {
		return nil
	}
	hundredths := n * 10000 / of
	text := fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
	return &text
}
