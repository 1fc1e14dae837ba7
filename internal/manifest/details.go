package manifest

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"cdrmend/internal/profile"
)

// Details are the fields of an entry that decide nothing and are only written
// to the table of recordings. They are most of an entry, so they are not held in
// memory but stored as bytes, in the order of the entries.
type Details struct {
	MediaKey, MediaSHA256 []byte
	MediaBytes            int64 // NoInt when missing
}

// appendDetails appends d after its length. Equal bytes mean equal fields.
func appendDetails(b []byte, d *Details) []byte {
	from := len(b)
	b = append(b, 0, 0, 0, 0) // the length, which is known only at the end
	for _, text := range [][]byte{d.MediaKey, d.MediaSHA256} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	b = binary.AppendVarint(b, d.MediaBytes)
	binary.LittleEndian.PutUint32(b[from:], uint32(len(b)-from-4))
	return b
}

// parse reads what appendDetails appended, without the length. The texts are
// parts of b.
func (d *Details) parse(b []byte) {
	text := func() []byte {
		size, n := binary.Uvarint(b)
		v := b[n : n+int(size)]
		b = b[n+int(size):]
		return v
	}

	for _, field := range []*[]byte{&d.MediaKey, &d.MediaSHA256} {
		*field = text()
	}
	d.MediaBytes, _ = binary.Varint(b)
}

// DetailsReader reads the details of one document after another from where they
// are stored.
type DetailsReader struct {
	from io.ReaderAt
	kept []Range // not read yet
	buf  []byte  // read but not used; a part of mem
	mem  []byte
}

// NewDetailsReader returns a reader of the details that are stored in from.
func NewDetailsReader(from io.ReaderAt) *DetailsReader { return &DetailsReader{from: from} }

// detailsWindow is how much is read or stored at once.
const detailsWindow = 64 << 10

// Open continues with the details of the document whose ranges are given.
func (r *DetailsReader) Open(kept []Range) { r.kept, r.buf = append(r.kept[:0:0], kept...), nil }

// Skip skips the details of the next n entries.
func (r *DetailsReader) Skip(n int) error {
	for range n {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// Next reads the details of the next entry. Their texts are valid until the
// next call.
func (r *DetailsReader) Next(d *Details) error {
	b, err := r.next()
	if err == nil {
		d.parse(b)
	}
	return err
}

func (r *DetailsReader) next() ([]byte, error) {
	if err := r.fill(4); err != nil {
		return nil, err
	}
	size := int(binary.LittleEndian.Uint32(r.buf)) + 4
	if err := r.fill(size); err != nil {
		return nil, err
	}

	b := r.buf[4:size]
	r.buf = r.buf[size:]
	return b, nil
}

// fill reads on until n bytes are in the buffer.
func (r *DetailsReader) fill(n int) error {
	for len(r.buf) < n {
		if len(r.kept) == 0 {
			return fmt.Errorf("reading what was kept of the entries: %w", io.ErrUnexpectedEOF)
		}

		// The bytes that are left move to the front of the memory, which grows only
		// for an entry that is larger than a window.
		have := len(r.buf)
		if size := max(n, detailsWindow); cap(r.mem) < size {
			r.mem = make([]byte, size)
		}
		r.mem = r.mem[:cap(r.mem)]
		copy(r.mem, r.buf)

		next := &r.kept[0]
		want := int(min(int64(len(r.mem)-have), next.End-next.Start))
		if _, err := r.from.ReadAt(r.mem[have:have+want], next.Start); err != nil && err != io.EOF {
			return fmt.Errorf("reading what was kept of the entries: %w", err)
		}
		r.buf = r.mem[:have+want]
		if next.Start += int64(want); next.Start == next.End {
			r.kept = r.kept[1:]
		}
	}
	return nil
}

// blockSize is how many entries one block of a batch has. A single list of all
// entries would be copied again and again while it grows.
const blockSize = 1 << 14

// add adds an entry to the batch, and stores the details when there are enough.
func (r *Reader) add(b *Batch, e Row) error {
	// The entry outlives the local table, and so must its texts.
	if r.Filter != nil {
		e.adopt(r.Filter)
	}
	b.Entries = append(b.Entries, e)

	full := len(b.Entries) == blockSize
	if full || r.norm.Waits() {
		b.settle(&r.norm) // while the entries are still in b.Entries
	}
	if full {
		b.full, b.Entries = append(b.full, slices.Clone(b.Entries)), b.Entries[:0]
	}

	if r.keep == nil || len(b.Details) < detailsWindow {
		return nil
	}
	return b.KeepDetails(r.keep)
}

// KeepDetails passes the details that the batch holds to keep, which stores them
// and returns where.
func (b *Batch) KeepDetails(keep func([]byte) (Range, error)) error {
	if len(b.Details) == 0 {
		return nil
	}
	kept, err := keep(b.Details)
	b.Doc.Details, b.Details = append(b.Doc.Details, kept), b.Details[:0]
	return err
}

// storeDetails appends the details of an entry to the batch, unless there is a
// filter, and returns their hash.
func (r *Reader) storeDetails(b *Batch, d *Details) uint64 {
	from := len(b.Details)
	b.Details = appendDetails(b.Details, d)
	hash := r.norm.Texts.Hash(b.Details[from:])
	if r.Filter != nil { // no entry of a margin is in the table of recordings
		b.Details = b.Details[:from]
	}
	return hash
}

// noDetails are the details of an entry without members.
var noDetails = Details{MediaBytes: profile.NoInt}
