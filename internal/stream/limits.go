package stream

import "fmt"

// Limits bound the time, memory and disk that one object may cost. Zero means no
// limit. All sizes are in bytes of the uncompressed content.
//
// Whether an object is within the limits depends on its bytes alone, never on
// the portions in which they arrive or are read.
type Limits struct {
	DocumentBytes int64 `json:"document_bytes"` // the content of an object
	UnpackedBytes int64 `json:"unpacked_bytes"` // the content of a compressed object
	UnpackedRatio int64 `json:"unpacked_ratio"` // the same, as a multiple of its size as stored; see unpackedFree
	WindowBytes   int64 `json:"window_bytes"`   // the window of a zstd stream
	RecordBytes   int64 `json:"record_bytes"`   // a line or CSV row, an element of a JSON list, a document that is one entry
	Depth         int64 `json:"depth"`          // nesting of JSON
	Members       int64 `json:"members"`        // of a JSON object
	Columns       int64 `json:"columns"`        // of a CSV header, and elements of a Parquet schema
	NameBytes     int64 `json:"name_bytes"`     // the name of a member or a column, as it is spelled
	NumberBytes   int64 `json:"number_bytes"`   // a number in JSON, as it is spelled
	SessionPairs  int64 `json:"session_pairs"`  // of conversation details: legs of a conversation, times its voice sessions and their segments
}

// DefaultLimits are far beyond what any sound export has. A document may be of
// any size, as it is never in memory as a whole.
func DefaultLimits() Limits {
	return Limits{
		UnpackedBytes: 64 << 30,
		UnpackedRatio: 200,
		WindowBytes:   128 << 20, // what the zstd tool itself accepts without being asked to
		RecordBytes:   16 << 20,
		Depth:         1000,
		Members:       10_000,
		Columns:       10_000,
		NameBytes:     1000,
		NumberBytes:   1000,
		SessionPairs:  50_000, // five hundred segments in a hundred legs
	}
}

// unpackedFree is the amount of content that the ratio always allows: a short text that
// repeats itself compresses well and is not an attack.
const unpackedFree = 16 << 20

// A LimitError reports that an object exceeds a limit. It always means damage in
// the object, never a failure to read it.
type LimitError struct {
	Limit  string // as in the configuration
	Max    int64
	Offset int64 // of the first byte beyond the limit
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("more than limits.%s (%d) allows; if this is no attack, raise that limit and run again", e.Limit, e.Max)
}

// OfContent reports whether the limit is about the whole content, not about one
// record of it.
func (e *LimitError) OfContent() bool {
	switch e.Limit {
	case "document_bytes", "unpacked_bytes", "unpacked_ratio":
		return true
	}
	return false
}

// CheckHeader returns an error for a header with too many columns or too long
// names.
func (l *Limits) CheckHeader(names []string) error {
	if l.Columns > 0 && int64(len(names)) > l.Columns {
		return &LimitError{Limit: "columns", Max: l.Columns}
	}

	for _, name := range names {
		if l.NameBytes > 0 && int64(len(name)) > l.NameBytes {
			return &LimitError{Limit: "name_bytes", Max: l.NameBytes}
		}
	}

	return nil
}

// Unpacked returns the number of bytes to which the parts of an object may be
// decompressed, negative without a limit, and the limit that applies. stored is
// the object's size as stored.
func (l *Limits) Unpacked(stored int64) (most int64, limit LimitError) {
	return l.content(Zstd, stored)
}

// content returns the longest content that an object may have, in bytes, negative
// without a limit, and the limit that applies. stored is 0 when the size as stored
// is not known.
func (l *Limits) content(c Compression, stored int64) (most int64, limit LimitError) {
	most = -1
	lower := func(n int64, name string, configured int64) {
		if configured > 0 && (most < 0 || n < most) {
			most, limit = n, LimitError{Limit: name, Max: configured, Offset: n}
		}
	}

	lower(l.DocumentBytes, "document_bytes", l.DocumentBytes)
	if c == Plain {
		return most, limit
	}

	lower(l.UnpackedBytes, "unpacked_bytes", l.UnpackedBytes)
	// The product must not overflow.
	if stored > 0 && l.UnpackedRatio > 0 && stored <= (1<<62)/l.UnpackedRatio {
		lower(max(stored*l.UnpackedRatio, unpackedFree), "unpacked_ratio", l.UnpackedRatio)
	}
	return most, limit
}
