package reconcile

import (
	"math/bits"
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// entryState says how the values of an entry were found.
type entryState struct {
	rules     uint32 // the rule that filled each field, ruleBits for each, in the order of manifest.Repairable
	repaired  uint8  // fields that a repair filled, one bit for each in the same order
	ambiguous uint8  // fields for which a rule named several values
	voice     bool
	void      bool // of a voice entry: there is no media, so it is no entry of any leg
	pending   bool // likewise: its media is promised
}

// hears reports whether an entry is a recording that legs may have.
func (st *entryState) hears() bool { return st.voice && !st.void && !st.pending }

// ruleBits is how many bits of entryState.rules hold the rule of one field.
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

// numRepaired returns how many fields a repair filled.
func (st *entryState) numRepaired() int { return bits.OnesCount8(st.repaired) }

// isRepaired reports whether a repair filled a field.
func (st *entryState) isRepaired(f record.Field) bool {
	i := repairBit(f)
	return i >= 0 && st.repaired&(1<<i) != 0
}

// isAmbiguous reports whether a rule named several values for a field.
func (st *entryState) isAmbiguous(f record.Field) bool {
	i := repairBit(f)
	return i >= 0 && st.ambiguous&(1<<i) != 0
}

// ruleOf returns the rule that filled a field that can be repaired.
func (st *entryState) ruleOf(f record.Field) Rule { return st.rule(repairBit(f)) }

func (st *entryState) fill(f record.Field, rule Rule, filled bool) {
	if filled {
		at := ruleBits * repairBit(f)
		st.rules = st.rules&^((1<<ruleBits-1)<<at) | uint32(rule)<<at
	}
}

// rule returns the rule that filled a field, by its place.
func (st *entryState) rule(i int) Rule { return Rule(st.rules >> (ruleBits * i) & (1<<ruleBits - 1)) }
