package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// The library trusts what a page header states. These checks compare it with the
// bytes and the footer before a value is used.

// checkPage checks the sizes and counts that a page header states, before
// anything is allocated for them.
func (l *leafReader) checkPage(h *format.PageHeader) error {
	packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	v2 := &h.DataPageHeaderV2.V
	repetition, definition := int64(v2.RepetitionLevelsByteLength), int64(v2.DefinitionLevelsByteLength)
	values := int64(max(valuesOfPage(h), h.DictionaryPageHeader.V.NumValues))

	// A forged header may have the parts of all types, so all of them are checked.
	switch {
	case packed < 0 || l.at > l.end || l.end > l.file.size:
		return errors.New("a page ends outside its column")
	case unpacked < 0 || packed > maxPageBytes || unpacked > min(maxPageBytes, freePageBytes+maxPageRatio*packed):
		return fmt.Errorf("a page of %d bytes, packed into %d", unpacked, packed)
	case repetition < 0 || definition < 0 || repetition+definition > min(packed, unpacked):
		return fmt.Errorf("a page of %d bytes, packed into %d, with levels of %d and %d bytes", unpacked, packed, repetition, definition)
	case min(valuesOfPage(h), h.DictionaryPageHeader.V.NumValues, v2.NumNulls) < 0,
		values > l.file.mostValues(), int64(h.DictionaryPageHeader.V.NumValues) > 8*unpacked, v2.NumNulls > v2.NumValues:
		return fmt.Errorf("a page of %d bytes with %d values", unpacked, values)
	}

	return checkPageType(h)
}

// checkPageType checks that the header has the part that its type asks for.
func checkPageType(h *format.PageHeader) error {
	valid := false

	switch h.Type {
	case format.DataPage:
		valid = h.DataPageHeader.Valid
	case format.DataPageV2:
		valid = h.DataPageHeaderV2.Valid
	case format.DictionaryPage:
		valid = h.DictionaryPageHeader.Valid
	default:
		return fmt.Errorf("a page of type %s among those with values", h.Type)
	}

	if !valid {
		return fmt.Errorf("a page of type %s without the header of that type", h.Type)
	}
	return nil
}

func encodingOfPage(h *format.PageHeader) format.Encoding {
	if h.Type == format.DataPageV2 {
		return h.DataPageHeaderV2.V.Encoding
	}
	return h.DataPageHeader.V.Encoding
}

func valuesOfPage(h *format.PageHeader) int32 {
	if h.Type == format.DataPageV2 {
		return h.DataPageHeaderV2.V.NumValues
	}
	return h.DataPageHeader.V.NumValues
}

// checkCount compares the number of values in a page with the footer. The library
// would make up values that a page claims to have and does not have.
func (l *leafReader) checkCount(h *format.PageHeader) error {
	l.count += int64(valuesOfPage(h))
	total, rows := l.chunk(l.group).MetaData.NumValues, l.file.meta.RowGroups[l.group].NumRows

	// Every row has at least one value, maybe null, and more than one only in a list.
	if total < rows || total > rows && l.column.MaxRepetitionLevel() == 0 {
		return fmt.Errorf("%d values for %d rows", total, rows)
	}
	if l.count > total {
		return fmt.Errorf("pages with %d values, where there are %d", l.count, total)
	}
	return nil
}

// levelBytes returns how many bytes at the start of a page are levels, 0 for pages
// of version 1, whose header does not say.
func levelBytes(h *format.PageHeader) int32 {
	if h.Type == format.DataPageV2 {
		return h.DataPageHeaderV2.V.RepetitionLevelsByteLength + h.DataPageHeaderV2.V.DefinitionLevelsByteLength
	}
	return 0
}

// checkWidth makes sure that a page has enough bytes for the values it claims to
// have, where each value takes the same number of bits.
func (l *leafReader) checkWidth(h *format.PageHeader) error {
	encoding, levels := encodingOfPage(h), levelBytes(h)
	values := l.page.NumValues() - l.page.NumNulls()
	if encoding != format.Plain && encoding != format.ByteStreamSplit || values*bitsOf(l.column.Type()) <= 8*int64(h.UncompressedPageSize-levels) {
		return nil
	}
	return fmt.Errorf("a page of %d bytes with %d values", h.UncompressedPageSize, values)
}

// hasIndexes reports whether the values of a page are numbers of entries in the
// dictionary.
func hasIndexes(h *format.PageHeader) bool {
	const plainDictionary = 2 // what old writers call RLEDictionary
	encoding := encodingOfPage(h)
	return encoding == plainDictionary || encoding == format.RLEDictionary
}

// checkIndexes makes sure that a page has an index for each value. The library
// replaces missing ones by the first entry of the dictionary.
func (l *leafReader) checkIndexes(h *format.PageHeader, content []byte) error {
	if !hasIndexes(h) {
		return nil
	}

	content = content[levelBytes(h):]
	if h.Type != format.DataPageV2 {
		for _, most := range []byte{byte(l.column.MaxRepetitionLevel()), byte(l.column.MaxDefinitionLevel())} {
			if most > 0 { // the library has read the levels, so they are there
				content = content[4+binary.LittleEndian.Uint32(content):]
			}
		}
	}

	want := l.page.NumValues() - l.page.NumNulls()
	if got := countIndexes(content, want); got < want {
		return fmt.Errorf("a page with %d indexes for %d values", got, want)
	}

	return nil
}

// countIndexes counts the indexes in b, and stops when there are enough. The first
// byte is their width in bits. Then come runs: of one index that is repeated, or of
// groups of eight indexes that are packed.
func countIndexes(b []byte, enough int64) (n int64) {
	if len(b) == 0 {
		return 0
	}
	width := int64(b[0])
	b = b[1:]

	for n < enough {
		run, length := binary.Uvarint(b)
		if length <= 0 {
			return n
		}
		b = b[length:]

		// The lowest bit is set for packed groups; the product must not overflow.
		count, size := int64(run>>1), (width+7)/8
		if run&1 == 1 {
			count, size = min(count, enough)*8, min(count, enough)*width
		}
		if size > int64(len(b)) {
			return n + min(count, 8*int64(len(b))/max(width, 1)) // the last run may be cut short
		}
		n, b = n+count, b[size:]
	}

	return n
}

// bitsOf returns how many bits every value of a type takes, 0 when they vary.
func bitsOf(t parquet.Type) int64 {
	switch t.Kind() {
	case parquet.Boolean:
		return 1
	case parquet.Int32, parquet.Float:
		return 32
	case parquet.Int64, parquet.Double:
		return 64
	case parquet.Int96:
		return 96
	case parquet.FixedLenByteArray:
		return 8 * int64(t.Length())
	}

	return 0
}
