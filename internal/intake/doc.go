// Package intake lists what the sources delivered for one interval, and reads
// it.
//
// It returns three values. [List] returns the [Inputs]: all objects, and the run
// id that follows from them. [Read] decodes every object once and returns the
// evidence, from which the decision is made, and the [Account] of rows, rejects
// and damage. The content of one object is a batch. Batches live only while
// objects are read: in the end they are brought into the order of the objects and
// become the evidence.
//
// Two stages read objects again after the decision: [Locate] finds places that
// the decision lacks, and [SetAside] keeps the bytes that could not be used. All
// objects are opened by [Opener.Open].
package intake
