package reconcile

import (
	"slices"

	"cdrmend/internal/doubt"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
)

// Recording is what was decided about one owned entry.
type Recording struct {
	Entry  uint32
	Status RecordingStatus
}

// RecordingStatus is the state of one owned entry.
type RecordingStatus uint8

// The states of an entry.
const (
	RecordingIntact RecordingStatus = iota
	RecordingRepaired
	RecordingOpen
	NumRecordingStatuses
)

var recordingNames = [NumRecordingStatuses]string{"intact", "repaired", "open"}

// String returns the status's name in the tables.
func (s RecordingStatus) String() string { return recordingNames[s] }

// Decision is the result of a run. Repairs, calls, recordings and outages are in the
// order of their tables.
type Decision struct {
	*evidence.Evidence
	found      [][]Finding  // in the order in which they were made
	order      []findingRef // the same findings in the order of their table
	Repairs    []match.Repair
	Refs       []record.Ref // rows that repairs cite
	Calls      []Call
	Recordings []Recording
	Shown      []uint32 // numbers of the outages in the table, in its order
	Balance    [policy.NumKinds]record.Balance

	Counts
	Incomplete []evidence.IncompleteInput
	Strays     []doubt.Stray
	Notices    Notices
	Night      *Night
	ownedDoc   []bool
	words      *words
}

// Counts are numbers of the night as a whole.
type Counts struct {
	OverusedIDs  int   // ids that too many records carry
	Lost         int   // distinct recordings that are missing
	Voices       int64 // owned entries of voice
	WithoutCDR   int64 // owned entries of voice that have no leg, or are apart from all
	ReusedLegIDs int64 // owned legs that have an earlier leg with their id
}

// Notices are what the night as a whole shows about its sources.
type Notices struct {
	AtLeast   bool // nobody knows how many calls there were: CDRs may hide some
	Undecided bool // something could not be decided, or may be hidden, although sources are settled
	Warnings  []string
}

// findingRef names one of the findings. Moving a million of them into order would
// take as much memory again.
type findingRef struct{ list, n uint32 }

// Findings yields the findings in the order in which they were made, which is not
// the order of their table.
func (d *Decision) Findings(yield func(*Finding) bool) {
	for _, list := range d.found {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// Written returns the numbers of the documents to write: of the owned documents
// those with a repair, those that were recovered and still have entries, and the
// virtual ones, which replace a manifest that was never delivered.
func (d *Decision) Written() []uint32 {
	repaired := map[uint32]bool{}
	for _, r := range d.Repairs {
		repaired[d.Entries[r.Entry].Doc] = true
	}

	var written []uint32
	for i := range d.Documents {
		doc := &d.Documents[i]
		recovered := doc.Extra != nil && doc.Extra.Recovery != nil && doc.N > 0
		// Only owned entries are repaired, so a repaired document is owned.
		if repaired[uint32(i)] || d.OwnedDocument(uint32(i)) && (recovered || doc.Virtual) {
			written = append(written, uint32(i))
		}
	}
	return written
}

// OwnedDocument reports whether a document belongs to this interval.
func (d *Decision) OwnedDocument(n uint32) bool { return d.ownedDoc[n] }

// documentOrg returns the organisation of a document as a whole.
func (d *Decision) documentOrg(n uint32) intern.Text {
	doc := &d.Documents[n]
	switch {
	case doc.Org != intern.None:
		return doc.Org
	case doc.Key.Org != intern.None:
		return doc.Key.Org
	}
	return d.Sources[d.Objects[doc.Object].Source].Org
}

// input returns the source, URL and span that a finding about a partition or a
// source is about.
func (d *Decision) input(f *Finding) (source uint32, url string, span record.Span) {
	n := f.Subject
	switch f.About {
	case AboutSource:
		return n, d.Sources[n].URL, d.Interval
	case AboutStray:
		span, n = d.Strays[n].Interval.Span, d.Strays[n].Partition
	default:
		span = d.Partitions[n].Span
	}
	return d.Partitions[n].Source, d.Partitions[n].URL, span
}

// fetchBatch is how many findings FindingRowsOf reads before it writes their rows.
const fetchBatch = 64

// FindingRows yields the findings table.
func (d *Decision) FindingRows(yield func(*table.Row, error) bool) {
	d.FindingRowsOf(func(*Finding) bool { return true })(yield)
}

// FindingRowsOf yields the rows of the findings that are wanted. In the order of the
// table the findings and their entries lie far apart in memory. Reads in a batch do not
// wait for each other.
func (d *Decision) FindingRowsOf(wanted func(*Finding) bool) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		w := newRowWriter(d)
		var batch [fetchBatch]Finding
		var entries [fetchBatch]manifest.Entry
		for refs := range slices.Chunk(d.order, fetchBatch) {
			found := batch[:0]
			for _, ref := range refs {
				if f := &d.found[ref.list][ref.n]; wanted(f) {
					found = append(found, *f)
				}
			}

			for i := range found {
				if found[i].About == AboutEntry {
					entries[i] = d.Entries[found[i].Subject]
				}
			}

			for i := range found {
				w.finding(&found[i], &entries[i])
				if !yield(w.row, nil) {
					return
				}
			}
		}
	}
}

// rows calls write for each number below n, and yields the row if write returns
// true.
func (d *Decision) rows(n int, write func(w *rowWriter, i int) bool) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		w := newRowWriter(d)
		for i := range n {
			if write(w, i) && !yield(w.row, nil) {
				return
			}
		}
	}
}

// RepairRows yields the repairs table, with the name of the interval in every row.
func (d *Decision) RepairRows(interval string) table.Rows {
	return d.rows(len(d.Repairs), func(w *rowWriter, i int) bool { w.repair(interval, d.Repairs[i]); return true })
}

// CallRows yields the calls table.
func (d *Decision) CallRows(yield func(*table.Row, error) bool) {
	d.rows(len(d.Calls), func(w *rowWriter, i int) bool { w.call(&d.Calls[i]); return true })(yield)
}

// CallRowsOf yields the rows of the calls with one of some verdicts.
func (d *Decision) CallRowsOf(verdicts ...Verdict) table.Rows {
	return d.rows(len(d.Calls), func(w *rowWriter, i int) bool {
		wanted := slices.Contains(verdicts, d.Calls[i].Verdict)
		if wanted {
			w.call(&d.Calls[i])
		}
		return wanted
	})
}

// OutageRows yields the outages table.
func (d *Decision) OutageRows(yield func(*table.Row, error) bool) {
	d.rows(len(d.Shown), func(w *rowWriter, i int) bool { w.outage(&d.Outages[d.Shown[i]]); return true })(yield)
}

// RecordingRows yields the recordings table. It reads the rests of the entries
// from a temporary file. The table and the rests are in the same order, so within
// a document the file is read forward only.
func (d *Decision) RecordingRows(yield func(*table.Row, error) bool) {
	w := newRowWriter(d)
	var rest manifest.Details
	rests := manifest.NewDetailsReader(d.Rests)
	var at *manifest.Document // whose rests are open
	next := uint32(0)         // entry whose rest the reader returns next

	for _, rec := range d.Recordings {
		if doc := &d.Documents[d.Entries[rec.Entry].Doc]; doc != at {
			rests.Open(doc.Details)
			at, next = doc, doc.First
		}

		// Entries that are not owned have rests too, but no row.
		err := rests.Skip(int(rec.Entry - next))
		if err == nil {
			err = rests.Next(&rest)
		}
		if err != nil {
			yield(nil, err)
			return
		}

		next = rec.Entry + 1
		w.recording(rec, &rest)
		if !yield(w.row, nil) {
			return
		}
	}
}
