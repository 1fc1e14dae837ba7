// Package discover answers a discovery request from committed outputs: which calls and
// recordings it covers, which of them can be produced, and why others cannot.
//
// A request covers a row of calls or of recordings that has one value of each of its
// lists and overlaps its span. It also covers what is linked with such a row: the
// recordings of a covered call, and the calls of a covered recording. Rows are linked
// when they have the same conversation and the same leg; where a recording names no leg,
// or one that its conversation does not have, it is linked with all calls of the
// conversation, unless these are more than 100. A list that only calls can have (queues, verdicts) chooses recordings
// by their calls, and the other way round (recordings, media types).
//
// Tables do not say which entry proves that a call was recorded, so a link is no proof.
// The verdict of a call is the committed one, always.
//
// An interval at a time is in memory, and of it the covered rows alone.
package discover
