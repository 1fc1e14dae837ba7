package ledger

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"

	"cdrmend/internal/jsonscan"
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

// InputsWriter writes a run's list of inputs. The caller flushes it.
type InputsWriter struct {
	*bufio.Writer
	line  []byte
	lines *json.Encoder // of lines with a text that needs to be escaped
}

// NewInputsWriter returns a writer of a list of inputs.
func NewInputsWriter(w io.Writer) *InputsWriter {
	to := &InputsWriter{Writer: bufio.NewWriterSize(w, 64<<10)}
	to.lines = json.NewEncoder(to.Writer)
	to.lines.SetEscapeHTML(false)
	return to
}

// Add writes the line of one object.
func (w *InputsWriter) Add(in *Input) error {
	var ok bool
	if w.line, ok = in.appendPlain(w.line[:0]); !ok {
		return w.lines.Encode(in)
	}
	_, err := w.Write(w.line)
	return err
}

// appendPlain appends the line that an encoder makes, or returns false.
func (in *Input) appendPlain(b []byte) (_ []byte, ok bool) {
	for _, member := range []struct {
		before, text string
		always       bool
	}{
		{`{"source":`, in.Source, true},
		{`,"key":`, in.Key, true},
		{`,"version_id":`, in.VersionID, false},
		{`,"etag":`, in.ETag, false},
		{`,"modified":`, in.Modified, true},
	} {
		if member.text == "" && !member.always {
			continue
		}
		if b, ok = jsonscan.AppendPlain(append(b, member.before...), member.text); !ok {
			return b, false
		}
	}
	b = strconv.AppendInt(append(b, `,"size":`...), in.Size, 10)
	if in.SHA256 != "" {
		b = append(append(append(b, `,"sha256":"`...), in.SHA256...), '"')
	}
	b = strconv.AppendInt(append(b, `,"rows":`...), in.Rows, 10)
	b = strconv.AppendInt(append(b, `,"rejects":`...), in.Rejects, 10)
	return append(b, "}\n"...), true
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
