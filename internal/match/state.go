package match

import (
	"math/bits"
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// EntryState says how the values of an entry were found.
type EntryState struct {
	rules     uint32 // the rule that filled each field, ruleBits for each, in the order of manifest.Repairable
	repaired  uint8  // fields that a repair filled, one bit for each in the same order
	ambiguous uint8  // fields for which a rule named several values
	Voice     bool
	Void      bool // of a voice entry: there is no media, so it is no entry of any leg
	Pending   bool // likewise: its media is promised

	Unmeasured bool // its duration is in another unit than its source says, see OddUnits
}

// Hears reports whether an entry is a recording that legs may have.
func (st *EntryState) Hears() bool { return st.Voice && !st.Void && !st.Pending }

// ruleBits is how many bits of EntryState.rules hold the rule of one field.
const ruleBits = 3

var _ [1<<ruleBits - NumRules]struct{} // all rules fit

// repairBits has the place of each field in manifest.Repairable, -1 for those that
// cannot be repaired.
var repairBits = func() (bits [record.NumFields]int8) {
	for f := range bits {
		bits[f] = int8(slices.Index(manifest.Repairable[:], record.Field(f)))
	}
	return bits
}()

func repairBit(f record.Field) int { return int(repairBits[f]) }

// NumRepaired returns how many fields a repair filled.
func (st *EntryState) NumRepaired() int { return bits.OnesCount8(st.repaired) }

// IsRepaired reports whether a repair filled a field.
func (st *EntryState) IsRepaired(f record.Field) bool {
	i := repairBit(f)
	return i >= 0 && st.repaired&(1<<i) != 0
}

// IsAmbiguous reports whether a rule named several values for a field.
func (st *EntryState) IsAmbiguous(f record.Field) bool {
	i := repairBit(f)
	return i >= 0 && st.ambiguous&(1<<i) != 0
}

// RuleOf returns the rule that filled a field that can be repaired.
func (st *EntryState) RuleOf(f record.Field) Rule { return st.rule(repairBit(f)) }

func (st *EntryState) fill(f record.Field, rule Rule, filled bool) {
	if filled {
		at := ruleBits * repairBit(f)
		st.rules = st.rules&^((1<<ruleBits-1)<<at) | uint32(rule)<<at
	}
}

// rule returns the rule that filled a field, by its place.
func (st *EntryState) rule(i int) Rule { return Rule(st.rules >> (ruleBits * i) & (1<<ruleBits - 1)) }
