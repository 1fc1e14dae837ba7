package evidence

// Spread is how a decision uses more than one processor. What is decided does
// not depend on it.
type Spread struct {
	Part int // how many entries or legs one call decides
	// Each calls f for every number below n, in any order and perhaps several at
	// a time, and returns when all calls have.
	Each func(n int, f func(i int))
	// Pause is called between stages, when most memory of the last stage is free.
	Pause func()
}

// Parts returns how many parts the numbers below n have.
func (s Spread) Parts(n int) int { return (n + s.Part - 1) / s.Part }

// EachPart calls part for each part of the numbers below n.
func (s Spread) EachPart(n int, part func(i, from, to int)) {
	s.Each(s.Parts(n), func(i int) { part(i, i*s.Part, min((i+1)*s.Part, n)) })
}

// Parallel calls functions that are independent of each other.
func (s Spread) Parallel(calls ...func()) {
	s.Each(len(calls), func(i int) { calls[i]() })
}
