// Package intake lists what the sources delivered for one interval, and reads
// it.
//
// It gives away three values. [List] returns the [Inputs]: which objects there
// are, and the run id that follows from them. [Read] decodes every object once
// and returns the evidence, from which the decision is made, and the [Account]
// of what was read: rows, rejects, damage. What one object held, its batch,
// lives only while objects are read: when all are there, batches are brought
// into the order of the objects and become the evidence.
//
// Two stages read objects again when the decision is made: [Locate] finds values
// and places that the decision lacks, and [SetAside] keeps what could not be
// used. All objects are opened by [Inputs.Open].
package intake
