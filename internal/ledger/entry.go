package ledger

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/token"
)

// EntryFormat is the format of a journal entry.
const EntryFormat = "cdrmend.journal/1"

// The kinds of entries that this build writes. Readers take an entry of another kind
// as a link of the chain.
const (
	RecordEntry   = "record" // names a commit record
	IdentityEntry = "output" // states the identity of an output whose output.json is disowned
	PruneEntry    = "prune"  // names packs of inputs that are forgotten on purpose
	HoldEntry     = "hold"   // names a record of legal holds
)

// Entry is one journal entry: journal/<number>.json.
type Entry struct {
	Format   string `json:"format"`
	Number   int64  `json:"number"`
	Output   string `json:"output"` // id
	Kind     string `json:"kind"`
	Previous string `json:"previous"` // SHA-256 of the entry before, empty for the first

	// Of a record, also of one of holds.
	Path   string     `json:"path,omitempty"`   // below the root of the output
	SHA256 string     `json:"sha256,omitempty"` // of the file
	Time   *time.Time `json:"time,omitempty"`   // that the record says

	// Of an identity.
	Name    string `json:"name,omitempty"`
	Earlier int64  `json:"earlier_records,omitempty"` // as in output.json

	// Of a prune.
	Forgotten []Forgotten `json:"forgotten,omitempty"`
	Reason    string      `json:"reason,omitempty"`
	By        string      `json:"by,omitempty"`

	// SHA-256 of untrusted entries, or of output.json, that a person decided about.
	Adopted  []string `json:"adopted,omitempty"`
	Disowned []string `json:"disowned,omitempty"`
}

// names is the path and the SHA-256 of what an entry names.
func (e *Entry) names() string { return e.Path + " " + e.SHA256 }

// Forgotten is a pack that is deleted on purpose, with its index.
type Forgotten struct {
	Path    string `json:"path"` // below the root of the output
	SHA256  string `json:"sha256"`
	Instead *Pack  `json:"instead,omitempty"` // what holds its other inputs; nil: all of them are forgotten
}

// Remains returns the pack that has to be there for one that was named, when some were
// forgotten: what was written instead, or instead of that; nil when nothing was.
func Remains(p Pack, forgotten map[string]Forgotten) *Pack {
	for range len(forgotten) + 1 {
		f, ok := forgotten[p.Path]
		if !ok || f.SHA256 != p.SHA256 {
			break
		}
		if f.Instead == nil {
			return nil
		}
		p = *f.Instead
	}
	return &p
}

// Mark is a place in the journal: everything up to it is fixed by its hash.
type Mark struct {
	Number int64  `json:"number"`
	SHA256 string `json:"sha256"` // of the entry's file
}

// JournalFolder is the folder of the journal below the root of an output.
const JournalFolder = "journal/"

// EntryName is the name of a journal entry below journal/.
func EntryName(number int64) string { return RecordName(number) }

// EntryNumber returns the number of the journal entry of a name.
func EntryNumber(name string) (int64, bool) { return RecordNumber(name) }

// ReservedName reports whether a name below journal/ is that of something that belongs
// to an entry: 00000001.tsr.
func ReservedName(name string) bool {
	number, found := strings.CutSuffix(name, ".tsr")
	n, err := strconv.ParseInt(number, 10, 64)
	return found && err == nil && n > 0 && RecordName(n) == number+".json"
}

func (o *Output) entryKey(number int64) string { return o.Root + JournalFolder + EntryName(number) }

// RecordPath returns the path of a record below the root of an output.
func RecordPath(label string, number int64) string {
	return "interval=" + label + "/log/" + RecordName(number)
}

// OpenEntry reads the file of an entry. An entry of an unknown kind may have members
// that this build does not know; all others equal, byte for byte, what Seal writes.
func OpenEntry(file []byte, keys *token.Keys) (*Entry, Seal, error) {
	raw, seal, err := unseal(file, entryType, keys)
	if err != nil {
		return nil, seal, err
	}

	e := new(Entry)
	if err := json.Unmarshal(raw, e); err != nil {
		return nil, seal, err
	}
	switch e.Kind {
	case "":
		return nil, seal, fmt.Errorf("it has no kind")
	case RecordEntry, IdentityEntry, PruneEntry, HoldEntry:
		*e = Entry{}
		if err := exactly(raw, e); err != nil {
			return nil, seal, err
		}
	}

	// The entry with which a key ends is known by its hash.
	until := seal.until(keys, e.Output)
	if until != nil && (e.Number > until.Number || e.Number == until.Number && hexSum(file) != until.SHA256) {
		seal.Check = token.Ended
	}
	return e, seal, nil
}

// Misplaced says why an entry does not belong where it is; empty when it does. An
// empty output is not compared.
func (e *Entry) Misplaced(number int64, output string) string {
	switch {
	case e.Format != EntryFormat || e.Number != number:
		return fmt.Sprintf("it does not describe itself: it says number %d in format %q", e.Number, e.Format)
	case output != "" && e.Output != output:
		return fmt.Sprintf("it belongs to another output, of id %s", e.Output)
	}
	return ""
}
