package match

// Proof is what shows that a leg was recorded, the surest first.
type Proof uint8

// The proofs.
const (
	NoProof             Proof = iota
	ProofByID                 // the leg lists the recording
	ProofByLeg                // the recording bears the leg's id
	ProofByConversation       // they have the same conversation
	ProofShared               // likewise, and each recording is one of another leg, too
	NumProofs
)

var proofNames = [NumProofs]string{"", "id", "leg", "conversation", "shared"}

// String returns the proof's name in the tables.
func (p Proof) String() string { return proofNames[p] }

// Proof returns how well the entries of a leg prove that it was recorded.
func (m *Pairs) Proof(leg uint32, competes bool) Proof {
	switch by := m.legs[leg].by; {
	case m.of[leg].N == 0:
		return NoProof
	case by == ByID:
		return ProofByID
	case by == ByLeg:
		return ProofByLeg
	}

	// One entry of no other leg proves this one.
	for _, e := range m.EntriesOf(leg) {
		if !m.Shared(e, competes) {
			return ProofByConversation
		}
	}
	return ProofShared
}

// Shared reports whether an entry of a leg is one of another leg, too. Only legs that
// are to be recorded, or must not be, count as others; competes says whether the leg
// itself is one of them.
func (m *Pairs) Shared(entry uint32, competes bool) bool {
	if competes {
		return m.uses[entry].competing > 1
	}
	return m.uses[entry].competing > 0
}
