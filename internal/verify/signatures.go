package verify

import (
	"maps"
	"slices"

	"cdrmend/internal/token"
)

// checkSignatures goes from the records whose signatures verify to all records
// that these vouch for by hash: their predecessors and neighbours, and so on.
func (v recordCheck) checkSignatures() {
	var follow []*entry
	for _, c := range v.chains {
		for _, e := range c.entries {
			if e.record != nil && e.seal.Check == token.Verified {
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
			if e.record != nil {
				v.checkSignature(e)
			}
			if e.seal.Signed {
				keys[e.seal.KeyID] = true
			}
		}
	}

	v.report.Records.Keys = append([]string{}, slices.Sorted(maps.Keys(keys))...)
	if n := v.report.Records.Signed; n > 0 && v.out.Keys == nil {
		v.note("%d records are signed and no keys were given: signatures were not checked", n)
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

	add(e.chain, e.number-1, e.record.Previous)
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
	case e.linked:
		r.Vouched++
	case v.out.Keys != nil:
		v.broken(e.chain, SignatureLink, e.key, "it is unsigned, and no signed record vouches for it")
	}
}
