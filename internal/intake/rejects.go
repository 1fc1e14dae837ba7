package intake

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"cdrmend/internal/rows"
	"cdrmend/internal/scratch"
)

// rejectLine is one line of rejects/<source>/<object key>.jsonl. Rows of the
// registration log may hold secrets, so their bytes are left out.
type rejectLine struct {
	Row    int64  `json:"row"` // -1 for bytes that are no row
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
	Reason string `json:"reason"`
	Bytes  string `json:"bytes,omitempty"` // base64
}

// forgetRejects drops the rejects of an object so far, as they turned out not to
// count: the list that holds them comes a second time in the document, or nothing
// in the document can be used and it is set aside as a whole.
func (a *Account) forgetRejects(n uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if spool := a.Rejects[n]; spool != nil {
		spool.Close()
		delete(a.Rejects, n)
	}
}

// reject keeps a part of an object that could not be used; secret leaves its
// bytes out. The lines of one object come from one goroutine, in the order of
// the object.
func (a *Account) reject(n uint32, secret bool, r rows.Reject) error {
	// Only the map is shared: the spool belongs to the object's goroutine.
	a.mu.Lock()
	spool := a.Rejects[n]
	if spool == nil {
		spool = scratch.NewSpool(a.dir)
		a.Rejects[n] = spool
	}
	a.mu.Unlock()

	sum := r.SHA256()
	line := rejectLine{
		Row: r.Row, Offset: r.Offset, Length: int64(len(r.Bytes)), SHA256: hex.EncodeToString(sum[:]), Reason: r.Reason,
	}
	if !secret {
		line.Bytes = base64.StdEncoding.EncodeToString(r.Bytes)
	}
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}

	_, err = spool.Write(append(b, '\n'))
	return err
}
