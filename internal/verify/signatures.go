package verify

import (
	"maps"
	"slices"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/token"
	"cdrmend/internal/wording"
)

// checkSignatures goes from the records whose signatures verify to all records
// that these vouch for by hash: their predecessors and neighbours, and so on.
func (v recordCheck) checkSignatures() {
	var follow []*entry
	for _, c := range v.chains {
		for _, e := range c.entries {
			if e.record != nil && !e.disowned && e.seal.Check == token.Verified {
				follow = append(follow, e)
			}
		}
	}

	// By a list, as recursion would be as deep as the chains are long.
	for len(follow) > 0 {
		e := follow[len(follow)-1]
		follow = follow[:len(follow)-1]
		if e.linked {
			continue
		}
		e.linked = true
		follow = append(follow, v.seen(e)...)
	}

	keys := map[string]bool{}
	for _, c := range v.chosen {
		for _, e := range c.entries {
			if e.record != nil && !e.disowned {
				v.checkSignature(e)
			}
			if e.seal.Signed && !e.disowned {
				keys[e.seal.KeyID] = true
			}
		}
	}

	v.report.Records.Keys = append([]string{}, slices.Sorted(maps.Keys(keys))...)
	if n := v.report.Records.Signed; n > 0 && v.out.Keys == nil {
		v.note("%s %s signed and no keys were given: signatures were not checked", wording.Count(n, "record"), wording.Verb(n, "is", "are"))
	}
}

// seen returns the records that e names by their hashes.
func (v recordCheck) seen(e *entry) []*entry {
	var list []*entry
	add := func(c *chain, number int64, sum string) {
		if c == nil {
			return
		}
		// A record that was changed afterwards has another hash, and is not
		// vouched for.
		if other := c.at(number); other != nil && other.record != nil && other.sum == sum {
			list = append(list, other)
		}
	}

	if before := e.chain.before(e); before != nil {
		add(e.chain, before.number, e.record.Previous)
	}
	for _, n := range e.record.Neighbours {
		add(v.chains[n.Interval], n.Number, n.SHA256)
	}
	return list
}

func (v recordCheck) checkSignature(e *entry) {
	r := &v.report.Records
	switch {
	case e.seal.Signed:
		r.Signed++
		if e.seal.Check == token.Verified {
			r.Verified++
		} else if v.out.Keys != nil {
			v.broken(e.chain, SignatureLink, e.key, "it says that key %q signed it, but %s", e.seal.KeyID, e.seal.Check.Sentence())
		}
	case v.out.Keys != nil && v.late(e):
		v.broken(e.chain, SignatureLink, e.key, "it is unsigned, though records of the output were signed before it, and nobody adopted it")
	case e.linked:
		r.Vouched++
	case v.out.Keys != nil:
		v.broken(e.chain, SignatureLink, e.key, "it is unsigned, and no signed record vouches for it")
	}
}

// late reports whether an unsigned record came after the first signed one of the
// output, and no signed one says that it is adopted. The journal says what came first.
// A record that no entry names says only itself when it was made, which must not be
// before its interval.
func (v recordCheck) late(e *entry) bool {
	if v.journal.adopted[e.sum] != "" {
		return false
	}

	any, number, at := false, int64(0), time.Time{}
	for _, c := range v.chains {
		for _, other := range c.entries {
			if other.record == nil || other.disowned || other.seal.Check != token.Verified {
				continue
			}
			if other.entered > 0 && (number == 0 || other.entered < number) {
				number = other.entered
			}
			if !any || other.record.Time.Before(at) {
				any, at = true, other.record.Time
			}
		}
	}

	switch {
	case !any:
		return false
	case e.entered > 0:
		return number > 0 && e.entered > number
	case v.journal.id != "":
		return true
	}
	made := e.record.Time
	if start, ok := policy.ParseLabel(e.chain.label); ok && start.Std().After(made) {
		made = start.Std()
	}
	return made.After(at)
}
