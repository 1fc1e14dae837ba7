package manifest

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"cdrmend/internal/profile"
)

// Rest is what an entry says that decides nothing and only comes out again in
// the table of recordings. It is most of an entry, so it is not held in memory
// but kept as bytes, in the order of the entries.
type Rest struct {
	Direction, ANI, DNIS  []byte
	Users                 [][]byte
	MediaKey, MediaSHA256 []byte
	MediaBytes            int64 // NoInt when missing
}

// appendRest appends r after its length. Equal bytes mean equal fields.
func appendRest(b []byte, r *Rest) []byte {
	from := len(b)
	b = append(b, 0, 0, 0, 0)
	for _, text := range [][]byte{r.Direction, r.ANI, r.DNIS, r.MediaKey, r.MediaSHA256} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	b = binary.AppendVarint(b, r.MediaBytes)
	for _, user := range r.Users {
		b = append(binary.AppendUvarint(b, uint64(len(user))), user...)
	}
	binary.LittleEndian.PutUint32(b[from:], uint32(len(b)-from-4))
	return b
}

// parse makes r what appendRest appended, without the length. The texts are
// parts of b.
func (r *Rest) parse(b []byte) {
	text := func() []byte {
		size, n := binary.Uvarint(b)
		v := b[n : n+int(size)]
		b = b[n+int(size):]
		return v
	}
	for _, field := range []*[]byte{&r.Direction, &r.ANI, &r.DNIS, &r.MediaKey, &r.MediaSHA256} {
		*field = text()
	}
	var n int
	r.MediaBytes, n = binary.Varint(b)
	b = b[n:]
	r.Users = r.Users[:0]
	for len(b) > 0 {
		r.Users = append(r.Users, text())
	}
}

// RestReader reads the rests of one document after the other from where they
// are kept.
type RestReader struct {
	from io.ReaderAt
	kept []Range // not read yet
	buf  []byte  // read but not used
	mem  []byte  // all that buf is a part of
}

// NewRestReader returns a reader of what is kept in from.
func NewRestReader(from io.ReaderAt) *RestReader { return &RestReader{from: from} }

// restWindow is how much is read at once.
const restWindow = 64 << 10

// Open goes on with the rests of the document whose ranges are given.
func (r *RestReader) Open(kept []Range) { r.kept, r.buf = append(r.kept[:0:0], kept...), nil }

// Skip passes over the next rests.
func (r *RestReader) Skip(n int) error {
	for range n {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// Next reads the next rest, whose texts are valid until the one after it.
func (r *RestReader) Next(rest *Rest) error {
	b, err := r.next()
	if err == nil {
		rest.parse(b)
	}
	return err
}

func (r *RestReader) next() ([]byte, error) {
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

// fill reads on until n bytes are there.
func (r *RestReader) fill(n int) error {
	for len(r.buf) < n {
		if len(r.kept) == 0 {
			return fmt.Errorf("reading what was kept of the entries: %w", io.ErrUnexpectedEOF)
		}
		next := &r.kept[0]
		have := len(r.buf)
		if size := max(n, restWindow); cap(r.mem) < size {
			r.mem = make([]byte, size)
		}
		r.mem = r.mem[:cap(r.mem)]
		copy(r.mem, r.buf)
		want := int(min(int64(len(r.mem)-have), next.End-next.Start))
		if _, err := r.from.ReadAt(r.mem[have:have+want], next.Start); err != nil && err != io.EOF {
			return fmt.Errorf("reading what was kept of the entries: %w", err)
		}
		r.buf = r.mem[:have+want]
		if r.kept[0].Start += int64(want); r.kept[0].Start == r.kept[0].End {
			r.kept = r.kept[1:]
		}
	}
	return nil
}

// blockSize is how many entries stand in one piece of memory. A list that
// grows in one would have to be moved again and again.
const blockSize = 1 << 14

// add adds an entry to the batch, and hands on what it says beside.
func (r *Reader) add(b *Batch, e Entry) error {
	if r.Filter != nil {
		r.Filter.Adopt(e.texts()...)
	}
	b.Entries = append(b.Entries, e)
	full := len(b.Entries) == blockSize
	if full || r.norm.Waits() {
		r.settle(b)
	}
	if full {
		b.full, b.Entries = append(b.full, slices.Clone(b.Entries)), b.Entries[:0]
	}
	if r.keep == nil || len(b.Rest) < restWindow {
		return nil
	}
	return b.Keep(r.keep)
}

// Keep hands the rests that the batch holds to keep, which says where they
// are now.
func (b *Batch) Keep(keep func([]byte) (Range, error)) error {
	if len(b.Rest) == 0 {
		return nil
	}
	kept, err := keep(b.Rest)
	b.Doc.Rest, b.Rest = append(b.Doc.Rest, kept), b.Rest[:0]
	return err
}

// rest appends what an entry says beside to the batch; it returns a hash of
// it.
func (r *Reader) rest(b *Batch, rest *Rest) uint64 {
	from := len(b.Rest)
	b.Rest = appendRest(b.Rest, rest)
	hash := r.norm.Texts.Hash(b.Rest[from:])
	if r.Filter != nil { // only owned entries are asked what they say beside
		b.Rest = b.Rest[:from]
	}
	return hash
}

// blankRest is that of an entry without members.
var blankRest = Rest{MediaBytes: profile.NoInt}
