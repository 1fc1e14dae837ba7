package intake

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"

	"cdrmend/internal/rows"
)

// rejectLine is one line of rejects/<source>/<object key>.jsonl. Rows of the
// registration log may hold secrets, so their bytes are left out.
type rejectLine struct {
	Row    int64  `json:"row"`            // the first; -1 for bytes that are no row
	Rows   int64  `json:"rows,omitempty"` // successive rows with one reason, and what stands between them; 0 for one row
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
	Reason string `json:"reason"`
	Value  string `json:"value,omitempty"` // of the first row: the value that is the reason
	Bytes  string `json:"bytes,omitempty"` // base64
}

// longestRun is how many bytes successive rejects in one line may have together.
// Without it the lines of very short rows would be a hundred times as long as the
// rows.
const longestRun = 64 << 10

// rejectLog writes the rejects of one object. It belongs to the goroutine that reads
// the object, and gets them in the order of the object.
type rejectLog struct {
	account *Account
	n       uint32 // of the object
	secret  bool   // leaves the bytes out
	lines   bool   // a document in lines: blank lines between two that are set aside stay in it

	// The rows that the next one may join. Their bytes are copied to text.
	run  rows.Reject
	rows int64 // 0 when there are none
	text []byte
}

// add keeps a part of the object that could not be used.
func (l *rejectLog) add(r rows.Reject) error {
	if l.joins(&r) {
		l.text = append(append(l.text, r.Before...), r.Bytes...)
		l.rows++
		return nil
	}

	if err := l.flush(); err != nil {
		return err
	}
	l.run, l.rows, l.text = r, 1, append(l.text[:0], r.Bytes...)
	if len(r.Bytes) > longestRun {
		return l.flush() // nothing can join it
	}
	return nil
}

// joins reports whether a reject stands in one line with those before it: with all
// that is between them it is a part of the object, which offset and length name. Rows
// of Parquet have neither bytes nor offsets.
func (l *rejectLog) joins(r *rows.Reject) bool {
	if l.lines && bytes.Count(r.Before, []byte("\n")) > 1 {
		return false
	}
	between := int64(len(r.Before))
	return l.rows > 0 && r.Row >= 0 && r.Row == l.run.Row+l.rows && r.Reason == l.run.Reason &&
		r.Offset == l.run.Offset+int64(len(l.text))+between && int64(len(l.text)+len(r.Bytes))+between <= longestRun
}

// end writes the rows that wait. It is called when the object was read; from then on
// its rejects take no memory.
func (l *rejectLog) end() error {
	if err := l.flush(); err != nil {
		return err
	}
	return l.account.settle(l.n)
}

// flush writes the rows that wait.
func (l *rejectLog) flush() error {
	if l.rows == 0 {
		return nil
	}
	rows := l.rows
	l.run.Bytes, l.rows = l.text, 0
	if cap(l.text) > 2*longestRun {
		l.text = nil
	}
	return l.account.reject(l.n, l.secret, l.run, rows)
}

// forget drops the rejects so far, as they turned out not to count: the list that
// holds them comes a second time in the document, or nothing in the document can be
// used and it is set aside as a whole.
func (l *rejectLog) forget() {
	l.rows = 0
	a := l.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if spool := a.Rejects[l.n]; spool != nil {
		spool.Close()
		delete(a.Rejects, l.n)
	}
}

// reject writes a line of rejects of an object: so many successive rows, of which r
// has the number and the offset of the first, and the bytes of all. The lines of one
// object come from one goroutine, in the order of the object.
func (a *Account) reject(n uint32, secret bool, r rows.Reject, rows int64) error {
	// Only the map is shared: the spool belongs to the object's goroutine.
	a.mu.Lock()
	spool := a.Rejects[n]
	if spool == nil {
		spool = a.pool.NewSpool()
		a.Rejects[n] = spool
	}
	a.mu.Unlock()

	sum := r.SHA256()
	line := rejectLine{
		Row: r.Row, Offset: r.Offset, Length: int64(len(r.Bytes)), SHA256: hex.EncodeToString(sum[:]), Reason: r.Reason, Value: r.Value,
	}
	if rows > 1 {
		line.Rows = rows
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

// settle stores the rejects of an object that are still in memory.
func (a *Account) settle(n uint32) error {
	a.mu.Lock()
	spool := a.Rejects[n]
	a.mu.Unlock()
	if spool == nil {
		return nil
	}
	return spool.Settle()
}

// RejectReasons counts the rejects of each source by their reason. A part of an object
// that is no row counts as one.
func (a *Account) RejectReasons(in *Inputs) (map[uint32]map[string]int64, error) {
	all := map[uint32]map[string]int64{}
	for n, spool := range a.Rejects {
		content, err := spool.ReaderAt()
		if err != nil {
			return nil, err
		}

		source := in.Objects[n].Source
		if all[source] == nil {
			all[source] = map[string]int64{}
		}
		lines := json.NewDecoder(io.NewSectionReader(content, 0, spool.Size()))
		for {
			var line struct {
				Rows   int64  `json:"rows"`
				Reason string `json:"reason"`
			}
			if err := lines.Decode(&line); err == io.EOF {
				break
			} else if err != nil {
				return nil, err
			}
			all[source][line.Reason] += max(line.Rows, 1)
		}
	}
	return all, nil
}
