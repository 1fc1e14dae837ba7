// Package pack keeps the bytes of inputs with the verdict that rests on them, so that a
// later run need not request them again, and so that a run can be computed again when
// its sources are gone.
//
// A pack is an object of zstd frames. Each frame can be read alone. A frame holds
// several small inputs, or one large one. The index of a pack is a Parquet table with a
// row for each input, in the order of (source, key): what pins the input, the SHA-256 of
// its bytes, and where they are. A commit record names pack and index with their
// SHA-256. The index also has the SHA-256 of each frame as it is stored: what a changed
// pack serves is never used.
package pack

import (
	"cdrmend/internal/object"
	"cdrmend/internal/table"
)

// Input is one input as a run listed it.
type Input struct {
	Source string
	object.Info
	SHA256 [32]byte // of an input that a pack holds
}

// frameSize is how many bytes of small inputs a frame holds. An input that is larger
// has a frame of its own.
const frameSize = 2 << 20

// windowSize is how far back a frame refers in its content: whoever writes or reads one
// has as much of it in memory.
const windowSize = 1 << 20

// packSize is the size in bytes, as stored, from which on a pack takes no more frames:
// a bucket takes objects up to a limit, and one large pack is sent by one connection.
const packSize = 1 << 30

// The columns of an index.
var (
	sourceCol   = table.Evidence.Index("source")
	keyCol      = table.Evidence.Index("object_key")
	versionCol  = table.Evidence.Index("version_id")
	etagCol     = table.Evidence.Index("etag")
	modifiedCol = table.Evidence.Index("modified")
	sizeCol     = table.Evidence.Index("size")
	sumCol      = table.Evidence.Index("sha256")
	frameCol    = table.Evidence.Index("frame")
	frameAtCol  = table.Evidence.Index("frame_at")
	frameLenCol = table.Evidence.Index("frame_bytes")
	frameSumCol = table.Evidence.Index("frame_sha256")
	placeCol    = table.Evidence.Index("place")
)
