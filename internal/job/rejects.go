package job

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
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

// forget gives up what was rejected of an input so far, as it turned out not to
// count: it stands in a list that is spelled a second time, or in a document of
// which nothing can be used and that is set aside as a whole.
func (s *scan) forget(n uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if spool := s.rejects[n]; spool != nil {
		spool.Close()
		delete(s.rejects, n)
	}
}

// reject keeps a part of an input that could not be used. The lines of one
// object come from one goroutine, in the order of the object.
func (s *scan) reject(sc *scanner, n uint32, r record.Reject) error {
	s.mu.Lock()
	spool := s.rejects[n]
	if spool == nil {
		spool = scratch.NewSpool(sc.job.Config.Scratch)
		s.rejects[n] = spool
	}
	s.mu.Unlock()
	sum := r.SHA256()
	line := rejectLine{
		Row: r.Row, Offset: r.Offset, Length: int64(len(r.Bytes)), SHA256: hex.EncodeToString(sum[:]), Reason: r.Reason,
	}
	if sc.snap.sources[sc.snap.inputs[n].source].Kind != policy.Registrations {
		line.Bytes = base64.StdEncoding.EncodeToString(r.Bytes)
	}
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = spool.Write(append(b, '\n'))
	return err
}
