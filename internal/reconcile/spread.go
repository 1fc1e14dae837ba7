package reconcile

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

// parts returns how many parts the numbers below n have.
func (s Spread) parts(n int) int { return (n + s.Part - 1) / s.Part }

// eachPart calls part for each part of the numbers below n.
func (s Spread) eachPart(n int, part func(i, from, to int)) {
	s.Each(s.parts(n), func(i int) { part(i, i*s.Part, min((i+1)*s.Part, n)) })
}

// parallel calls functions that are independent of each other.
func (s Spread) parallel(calls ...func()) {
	s.Each(len(calls), func(i int) { calls[i]() })
}
