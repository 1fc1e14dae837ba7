// Package ledger commits runs to an output, and chains all commits in a journal.
//
// An output has three kinds of files that make others count:
//
//   - output.json, an [Identity]: the output's id and the name of its
//     configuration. It is created once, before anything else.
//   - interval=…/log/00000001.json, a [Record]: it makes a run count. It names the
//     run, the record before it, the newest records of the intervals before, the
//     output's id, and the newest journal entry that it saw.
//   - journal/00000001.json, an [Entry]: it names one record by its hash, and the
//     entry before. An entry may be of another kind; then it is only a link.
//
// All three are signed when a key is configured, created only if their key is free,
// and never changed.
//
// # One run
//
//  1. [Output.Identity] reads output.json.
//  2. [Interval.Newest] reads the newest record of the interval, [Interval.Latest]
//     those of the intervals before. A signer accepts no record that is unsigned or
//     does not verify, unless [Decisions] say what to do with it.
//  3. [Output.Open] finds the end of the journal, from the newest entry that these
//     records saw. It reads a few entries, however long the journal is.
//  4. [Journal.EnterFound] enters a record that was found and that no entry names.
//  5. [Output.Begin] creates output.json if it is absent, and enters the records of
//     an output that an earlier version wrote.
//  6. The run is computed and written below runs/.
//  7. [Journal.ReadOn] reads what others entered meanwhile; [Interval.Commit] creates
//     the record, which names that end of the journal.
//  8. [Journal.Enter] creates the entry. When another entry took the number, it is
//     read, and the next number is tried.
//
// # What a crash leaves
//
//   - Before 5 is complete: output.json says with how many records the output began.
//     While the journal has fewer entries, each run continues to enter them.
//   - Between 5 and 7: files below runs/ that no record names. The next run finds them
//     equal, or they are leftovers.
//   - Between 7 and 8: a record that no entry names. It counts. The next run that reads
//     the interval enters it, in step 4.
//
// Earlier commits are never touched. Of all records, only those after the last entry
// that somebody knows can vanish unnoticed.
//
// # One entry for each record
//
// Whoever finds a record enters it only after reading every entry from the one that
// the record saw to the end. Of two that try the same number one wins, and the other
// reads what the winner wrote. Only while many others enter records does a run pass
// over theirs; should somebody have found its record in that moment, two entries name
// it. That changes nothing, and a verification notes it.
package ledger
