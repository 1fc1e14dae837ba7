package ledger

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
)

// InputsFile is the name of a run's list of inputs, in which each line is an
// [Input], in the order of (source, key).
const InputsFile = "inputs.jsonl"

// MediaSource is the source of the objects listed below media.url, which come
// after all others. No source can have this name.
const MediaSource = "media.url"

// Input is one object that a run listed.
type Input struct {
	Source    string `json:"source"`
	Key       string `json:"key"`
	VersionID string `json:"version_id,omitempty"`
	ETag      string `json:"etag,omitempty"`
	Modified  string `json:"modified"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256,omitempty"` // of objects that were read
	Rows      int64  `json:"rows"`
	Rejects   int64  `json:"rejects"`
}

// ReadInputs yields a run's inputs in their order.
func ReadInputs(r io.Reader) iter.Seq2[Input, error] {
	return func(yield func(Input, error) bool) {
		d := json.NewDecoder(r)
		for n := 1; ; n++ {
			var in Input
			err := d.Decode(&in)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(in, fmt.Errorf("reading %s: line %d: %w", InputsFile, n, err))
				return
			}

			if !yield(in, nil) {
				return
			}
		}
	}
}
