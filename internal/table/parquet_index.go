package table

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// A bound in an index is cut to so many bytes. UUIDs and SHA-256 sums in hex
	// fit in full.
	maxBound = 64
	// With so many bits for each value, about one value in a hundred that a row
	// group lacks is taken for one that it may have.
	bitsPerValue = 10
)

// filtered are the columns with a bloom filter in each row group, in every
// table that has them: ids by which people look up rows, and of which a row
// group has only a small part of all. Trunks, lines and users are in nearly
// every row group of a night, so that a filter would exclude none.
var filtered = []string{"finding_id", "outage_id", "conversation_id", "recording_id", "leg_id", "media_sha256"}

func (c *Column) hasFilter() bool { return slices.Contains(filtered, c.Name) }

// pageIndex collects what a reader may know about the pages of one column of a
// row group without reading them.
type pageIndex struct {
	column  format.ColumnIndex
	offsets format.OffsetIndex // relative to the first data page
	whole   bool               // no bound is cut

	min, max []byte // of the values of the last page with a value, in memory of the column
}

func (x *pageIndex) reset() {
	x.whole = true
	x.column.Reset()
	x.offsets.Reset()
}

// widen widens the bounds of the page so that they hold a value.
func (x *pageIndex) widen(v []byte) {
	if x.min == nil {
		x.min, x.max = v, v
		return
	}

	if bytes.Compare(v, x.min) < 0 {
		x.min = v
	} else if bytes.Compare(v, x.max) > 0 {
		x.max = v
	}
}

// add adds a page of a size that begins at an offset and a row. With values, min
// and max are their bounds.
func (x *pageIndex) add(offset, size, row, nulls int, k Kind, values bool) {
	low, high := []byte{}, []byte{}
	if values {
		// Clones: the values change with the next page.
		low, high = bytes.Clone(x.min), bytes.Clone(x.max)
	}
	if k == Text && values {
		low, high = lowerBound(low), upperBound(high)
		x.whole = x.whole && len(x.min) <= maxBound && len(x.max) <= maxBound
	}

	x.column.NullPages = append(x.column.NullPages, !values)
	x.column.MinValues = append(x.column.MinValues, low)
	x.column.MaxValues = append(x.column.MaxValues, high)
	x.column.NullCounts = append(x.column.NullCounts, int64(nulls))
	x.offsets.PageLocations = append(x.offsets.PageLocations, format.PageLocation{
		Offset: int64(offset), CompressedPageSize: int32(size), FirstRowIndex: int64(row),
	})
}

// lowerBound returns the longest text within the limit that begins v. It is not
// greater than v.
func lowerBound(v []byte) []byte {
	if len(v) <= maxBound {
		return v
	}

	end := maxBound
	for end > 0 && !utf8.RuneStart(v[end]) {
		end--
	}
	return v[:end]
}

// upperBound returns a text within the limit that is not less than v. It is v
// itself if there is no such text.
func upperBound(v []byte) []byte {
	if len(v) <= maxBound {
		return v
	}

	// The last character that has a next one is replaced by it, and what follows
	// is left out.
	for b := lowerBound(v); len(b) > 0; {
		r, size := utf8.DecodeLastRune(b)
		b = b[:len(b)-size]
		if r++; r == 0xD800 { // there are no characters from here to U+DFFF
			r = 0xE000
		}
		if r > utf8.MaxRune {
			continue
		}
		if next := utf8.AppendRune(bytes.Clone(b), r); len(next) <= maxBound {
			return next
		}
	}
	return v
}

// compareBounds returns how bounds of a kind of column are ordered.
func compareBounds(k Kind) func(a, b []byte) int {
	if k == Text {
		return bytes.Compare
	}
	return func(a, b []byte) int {
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	}
}

// bounded returns the bounds of the pages with values.
func (x *pageIndex) bounded() (low, high [][]byte) {
	for i, none := range x.column.NullPages {
		if !none {
			low, high = append(low, x.column.MinValues[i]), append(high, x.column.MaxValues[i])
		}
	}
	return low, high
}

// order says whether the bounds rise or fall from page to page.
func (x *pageIndex) order(k Kind) format.BoundaryOrder {
	low, high := x.bounded()
	rising := compareBounds(k)
	falling := func(a, b []byte) int { return rising(b, a) }
	switch {
	case slices.IsSortedFunc(low, rising) && slices.IsSortedFunc(high, rising):
		return format.Ascending
	case slices.IsSortedFunc(low, falling) && slices.IsSortedFunc(high, falling):
		return format.Descending
	}
	return format.Unordered
}

// bounds returns the smallest and the greatest value of the row group: none if
// there are no values or a bound is cut, as readers take these for values.
func (x *pageIndex) bounds(k Kind) (low, high []byte) {
	lows, highs := x.bounded()
	if len(lows) == 0 || !x.whole {
		return nil, nil
	}
	return slices.MinFunc(lows, compareBounds(k)), slices.MaxFunc(highs, compareBounds(k))
}

// stored returns the column index as it is stored.
func (x *pageIndex) stored(k Kind) ([]byte, error) {
	x.column.BoundaryOrder = x.order(k)
	return thrift.Marshal(new(thrift.CompactProtocol), &x.column)
}

// storedOffsets returns the offset index as it is stored if the first data page
// begins at an offset.
func storedOffsets(pages []format.PageLocation, offset int64) ([]byte, error) {
	moved := format.OffsetIndex{PageLocations: slices.Clone(pages)}
	for i := range moved.PageLocations {
		moved.PageLocations[i].Offset += offset
	}
	return thrift.Marshal(new(thrift.CompactProtocol), &moved)
}

// valueSet collects the hashes of the values of a row group for its filter.
type valueSet struct {
	hashes []uint64
	recent [1 << 10]uint64 // the last hash of those that share their last bits
}

func (s *valueSet) reset() {
	s.hashes = s.hashes[:0]
	clear(s.recent[:])
}

// add adds a value. Rows of one conversation are close to each other, so a value
// that was added lately is often the same. One that is added again much later
// makes the filter larger than it has to be, and does no other harm.
func (s *valueSet) add(v []byte) {
	h := xxhash.Sum64(v)
	seen := &s.recent[h%uint64(len(s.recent))]
	if h == *seen && h != 0 {
		return
	}
	*seen = h
	s.hashes = append(s.hashes, h)
}

// filter returns the filter as it is stored, nil if there are no values.
func (s *valueSet) filter() ([]byte, error) {
	if len(s.hashes) == 0 {
		return nil, nil
	}

	bits := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(len(s.hashes)), bitsPerValue))
	bits.InsertBulk(s.hashes)
	header, err := thrift.Marshal(new(thrift.CompactProtocol), format.BloomFilterHeader{
		NumBytes:    int32(len(bits) * bloom.BlockSize),
		Algorithm:   format.BloomFilterAlgorithm{Value: new(format.SplitBlockAlgorithm)},
		Hash:        format.BloomFilterHash{Value: new(format.XxHash)},
		Compression: format.BloomFilterCompression{Value: new(format.BloomFilterUncompressed)},
	})
	return append(header, bits.Bytes()...), err
}
