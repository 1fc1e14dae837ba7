package verify

import (
	"cmp"
	"slices"

	"cdrmend/internal/ledger"
	"cdrmend/internal/token"
)

// Key is what one of the given public keys signed.
type Key struct {
	ID         string       `json:"id"`
	Thumbprint string       `json:"thumbprint"`
	Records    int64        `json:"records"` // whose signatures verify, of all intervals
	Entries    int64        `json:"entries"` // of the journal, likewise
	First      int64        `json:"first"`   // number of the first of these entries, 0 for none
	Last       int64        `json:"last"`
	Until      *ledger.Mark `json:"until,omitempty"` // the entry with which the key ends in this output
	Late       int64        `json:"late"`            // records and entries that it signed after its end, which do not count
}

// checkKeys counts what each key signed, and holds the ends of keys against the
// journal.
func (v journalCheck) checkKeys() {
	keys := map[string]*Key{}
	for _, k := range v.out.Keys.List() {
		key := &Key{ID: k.ID, Thumbprint: k.Thumbprint}
		keys[k.Thumbprint] = key
		if until := v.out.Keys.Until(k.Thumbprint, v.id); until != nil {
			key.Until = &ledger.Mark{Number: until.Number, SHA256: until.SHA256}
			v.checkEnd(key)
		} else if len(k.Until) > 0 {
			v.note("the key %q ends in other outputs, and has no end in this one", k.ID)
		}
	}

	count := func(seal ledger.Seal) *Key {
		key := keys[seal.Key]
		switch {
		case key == nil:
		case seal.Check == token.Verified:
			return key
		case seal.Check == token.Ended:
			key.Late++
		}
		return nil
	}
	for _, c := range v.chains {
		for _, e := range c.entries {
			if key := count(e.seal); key != nil && !e.disowned {
				key.Records++
			}
		}
	}
	for _, p := range v.pages {
		if key := count(p.seal); key != nil && !p.disowned {
			key.Entries++
			key.First, key.Last = cmp.Or(key.First, p.number), p.number
		}
	}

	for _, k := range v.out.Keys.List() {
		v.report.Keys = append(v.report.Keys, *keys[k.Thumbprint])
	}
	v.noteOpenKeys()
}

// checkEnd looks for the entry with which a key ends.
func (v journalCheck) checkEnd(key *Key) {
	file := v.out.Root + ledger.JournalFolder + ledger.EntryName(key.Until.Number)
	switch p := v.at(key.Until.Number); {
	case p == nil:
		v.broken(v.root, JournalLink, file, "it is missing, though the key %q ends with it", key.ID)
	case p.sum != "" && p.sum != key.Until.SHA256:
		v.broken(v.root, JournalLink, file, "its SHA-256 is %s, and the key %q ends with the entry of SHA-256 %s: it was replaced", p.sum, key.ID, key.Until.SHA256)
	}
}

// noteOpenKeys names keys that could still sign although another one signed after them.
func (v journalCheck) noteOpenKeys() {
	used := slices.DeleteFunc(slices.Clone(v.report.Keys), func(k Key) bool { return k.Entries == 0 })
	slices.SortFunc(used, func(a, b Key) int { return cmp.Compare(a.Last, b.Last) })
	for i, k := range used {
		if k.Until == nil && i < len(used)-1 {
			v.note("the key %q signed up to journal entry %d, others signed after it, and it has no end: whoever has it can still sign; cdrmend keys end gives it one", k.ID, k.Last)
		}
	}
}
