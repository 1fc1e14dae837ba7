// Package manifest reads export manifests and writes repaired ones. Reading
// notes the fields of each entry, and where in the bytes a missing value would
// go. Writing copies the original and puts repaired values there, so that every
// byte that was not repaired survives.
package manifest

import (
	"fmt"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// Row is one recording as a manifest describes it, in normal form. A night has
// more than a million, so it is compact and free of pointers, and what only
// decisions about entries need is a type of its own.
type Row struct {
	Entry
	Particulars
}

// Entry is what decisions about legs and tables need of a recording, too. Its
// fields are in an order without padding between them.
type Entry struct {
	ANI, DNIS                                 intern.Number
	Start, End                                record.Time
	Duration                                  int64 // milliseconds, NoInt when missing
	Org, Recording, Conversation, Trunk, Line intern.Text
	Leg, Direction, State                     intern.Text
	Users                                     intern.Text // a list, see intern.ListSeparator
	MediaType, MediaSubtype                   intern.Text
	MediaKey                                  intern.Text // as read if the reader keeps it, else that of the object key
	Doc                                       uint32      // number of the document
	Index                                     uint32      // element, line or row
	Present                                   uint32      // set of fields that the body has, and the bits below
}

// Particulars are the other fields of an entry. Nobody needs them once all entries
// are decided.
type Particulars struct {
	MediaBytes   int64       // NoInt when missing
	DetailsHash  uint64      // of the entry's Details
	IDInMediaKey intern.Text // the recording id in the name of the media object
}

// identified is set in Entry.Present when the body has a member or a column for the
// recording or the conversation, of whatever value, or the key names one.
const identified = 1 << 30

// Identified reports whether there is a place where the entry could name its
// recording or its conversation.
func (e *Entry) Identified() bool { return e.Present&identified != 0 }

// doubtful is set in Entry.Present when a time of the entry is a local time that
// occurs twice.
const doubtful = 1 << 31

// Doubtful reports whether a time of the entry is one of two.
func (e *Entry) Doubtful() bool { return e.Present&doubtful != 0 }

// Has reports whether the body has the field, or for the org, its document.
func (e *Entry) Has(f record.Field) bool { return record.Fields(e.Present).Has(f) }

// Document is one manifest object.
type Document struct {
	Object      uint32      // number in the list of objects
	Partition   uint32      // number of the partition
	First, N    uint32      // its entries
	Org         intern.Text // its own
	Key         KeyIDs
	Format      profile.Format
	Compression stream.Compression
	Keyed       bool    // the key names the recording, and the root is an object or missing
	Blank       bool    // JSON Lines without any byte but white space: an empty list, or all of it is lost
	Virtual     bool    // of media without metadata: there is no such object
	OfMedia     bool    // likewise; it is made for all media objects of a partition, of a source without documents
	Local       bool    // a column of start or end holds local times, whatever the layout of the profile
	Details     []Range // where the details of its entries are stored
	Extra       *Extra

	// Modified holds when the object of each entry was last modified, of a document
	// that is made for the media objects of a flat source.
	Modified []record.Time
}

// HasPositions reports whether repairs of the document go to positions in its bytes.
// Rows of Parquet are edited by entry and field, and a document that is made has no
// bytes yet.
func (d *Document) HasPositions() bool { return d.Format != profile.Parquet && !d.OfMedia }

// KeyIDs are the ids in an object key.
type KeyIDs struct{ Org, Conversation, Recording, Media intern.Text }

// Extra holds what most documents do not have.
type Extra struct {
	Total, Failed, Skipped int64 // counts, NoInt when missing
	Truncated              *Break
	Malformed              *Break
	Why                    error // of the break: what is wrong there
	Recovery               *Recovery
	Invalid                []record.Invalid
	Gaps                   []Gap // by entry, then field
	Copy                   Range // where a copy of the stored object is, next to the details; empty without one
}

// Break is where a document ends too early or stops being well-formed.
type Break struct {
	Offset  int64 // uncompressed; compressed for a stream that was cut or broken
	Entries int64
}

// Recovery says how a valid document is made of a broken one. Its bytes from
// Keep on are replaced by Closers, and some lines are removed.
type Recovery struct {
	Empty   bool // nothing is left: the document starts over from {}
	Keep    int64
	Closers string
	Remove  []Range // bad lines, with their newlines
}

// Range is the half-open range of bytes [Start, End).
type Range struct{ Start, End int64 }

// Gap is where the value of a missing field goes. A night in which all was lost
// has more than a million, so it is compact.
type Gap struct {
	Start       int64       // of the missing value, or the place after the last member of the deepest existing parent
	Size        uint32      // of the missing value that is replaced, 0 for an append
	Entry       uint32      // element, line or row
	Raw         intern.Text // the missing value
	Field       record.Field
	Depth       uint8 // how many levels of the first pointer exist; only for an append
	Append      bool
	EmptyParent bool // no comma goes before the value
}

// End returns the end of the value that is replaced.
func (g *Gap) End() int64 { return g.Start + int64(g.Size) }

// Damaged reports whether entries of the document may be lost. A document
// that is always one entry can only lose members of its own.
func (d *Document) Damaged() bool {
	r := d.Extra
	if r == nil {
		return false
	}

	broken := r.Truncated != nil || r.Malformed != nil
	sole := d.Keyed && d.Key.Recording != intern.None && d.Key.Conversation != intern.None
	return broken && !sole && !d.Blank || r.Total > int64(d.N)+d.accounted()
}

// accounted is how many entries the document says it leaves out.
func (d *Document) accounted() int64 { return max(d.Extra.Failed, 0) + max(d.Extra.Skipped, 0) }

// Miscounted reports whether the document says that it has another number of
// entries than it has, with or without those that it leaves out.
func (d *Document) Miscounted() bool {
	total, found := d.Extra.Total, int64(d.N)
	return total != profile.NoInt && total != found && total != found+d.accounted()
}

// Why returns what is wrong with the document as a whole, nil when nothing is.
func (d *Document) Why() error {
	switch {
	case d.Extra == nil:
		return nil
	case d.Extra.Why == nil && d.Extra.Total > int64(d.N)+d.accounted():
		return fmt.Errorf("it says that it has %d entries, and it has %d", d.Extra.Total, d.N)
	}
	return d.Extra.Why
}

// SetAside returns the offset from which on nothing of a broken document was
// used, and false when all of it was used apart from rejects. A document that
// cannot be written is set aside as a whole: none of it could be read, or only
// some rows of Parquet.
func (d *Document) SetAside() (from int64, any bool) {
	r := d.Extra
	switch {
	case r == nil || r.Truncated == nil && r.Malformed == nil || d.Blank:
		return 0, false
	case r.Recovery != nil && !r.Recovery.Empty:
		return r.Recovery.Keep, true
	}
	return 0, true
}

// extra returns d.Extra. The first call creates it.
func (d *Document) extra() *Extra {
	if d.Extra == nil {
		d.Extra = &Extra{Total: profile.NoInt, Failed: profile.NoInt, Skipped: profile.NoInt}
	}
	return d.Extra
}
