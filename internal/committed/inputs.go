package committed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"cdrmend/internal/ledger"
)

// InputKey identifies an input of a run.
type InputKey struct {
	Source string `json:"source"`
	Key    string `json:"key"`
}

// InputsOf yields those of the objects that the commit's run listed that are wanted, in
// the order of the list. The whole list is hashed and compared with its committed hash
// before, and only lines that may be about a wanted object are decoded.
func (c *Commit) InputsOf(ctx context.Context, wanted map[InputKey]bool) iter.Seq2[ledger.Input, error] {
	return c.inputs(ctx, func(r io.Reader) iter.Seq2[ledger.Input, error] { return findInputs(r, wanted) })
}

// Inputs yields the objects that the commit's run listed, in the order of
// (source, key). The list is read once until Close is called, also for InputsOf.
func (c *Commit) Inputs(ctx context.Context) iter.Seq2[ledger.Input, error] {
	return c.inputs(ctx, ledger.ReadInputs)
}

// inputs yields what a reader reads of the checked list of inputs.
func (c *Commit) inputs(ctx context.Context, read func(io.Reader) iter.Seq2[ledger.Input, error]) iter.Seq2[ledger.Input, error] {
	return func(yield func(ledger.Input, error) bool) {
		k, err := c.checkInputs(ctx)
		if err != nil {
			yield(ledger.Input{}, err)
			return
		}
		r, size, err := k.wait(ctx)
		if err != nil {
			yield(ledger.Input{}, err)
			return
		}
		read(io.NewSectionReader(r, 0, size))(yield)
	}
}

// PrepareInputs begins to check the list of inputs, as Prepare does with tables.
func (c *Commit) PrepareInputs(ctx context.Context) { _, _ = c.checkInputs(ctx) }

func (c *Commit) checkInputs(ctx context.Context) (*checked, error) {
	files, err := c.Files(ctx)
	if err != nil {
		return nil, err
	}
	prefix := c.interval.RunPrefix(c.Record.RunID)
	f, ok := files.Find(ledger.InputsFile)
	if !ok {
		return nil, fmt.Errorf("%q is not there", prefix+ledger.InputsFile)
	}
	f.Path = prefix + f.Path
	return c.check(ctx, f), nil
}

// findInputs yields the inputs of a list that are wanted.
func findInputs(r io.Reader, wanted map[InputKey]bool) iter.Seq2[ledger.Input, error] {
	return func(yield func(ledger.Input, error) bool) {
		beginnings := map[string]bool{}
		for key := range wanted {
			beginnings[beginningFor(key)] = true
		}

		b, n := bufio.NewReaderSize(r, 256<<10), 0
		var memory []byte
		for {
			line, err := readLine(b, &memory)
			if err == io.EOF {
				return
			}
			n++
			var in ledger.Input
			if err == nil {
				if begins, plain := beginning(line); plain && !beginnings[string(begins)] {
					continue
				}
				err = json.Unmarshal(line, &in)
			}
			if err != nil {
				yield(in, fmt.Errorf("reading %s: line %d: %w", ledger.InputsFile, n, err))
				return
			}
			if wanted[InputKey{in.Source, in.Key}] && !yield(in, nil) {
				return
			}
		}
	}
}

// beginningFor returns how the line of an input begins, as the list is written.
func beginningFor(key InputKey) string {
	var b strings.Builder
	line := json.NewEncoder(&b)
	line.SetEscapeHTML(false)
	_ = line.Encode(key)                         // two texts are always JSON
	return strings.TrimSuffix(b.String(), "}\n") // more members follow
}

// readLine returns the next line, which is valid until the next call.
func readLine(b *bufio.Reader, memory *[]byte) ([]byte, error) {
	line, err := b.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		*memory = (*memory)[:0]
		for err == bufio.ErrBufferFull {
			*memory = append(*memory, line...)
			line, err = b.ReadSlice('\n')
		}
		*memory = append(*memory, line...)
		line = *memory
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	return line, err
}

// beginning returns the part of a line that names the source and the key of an input.
// The part is plain if these texts can be written in no other way; any other line has to
// be decoded.
func beginning(line []byte) (part []byte, plain bool) {
	at := 0
	for _, member := range []string{`{"source":"`, `,"key":"`} {
		if !bytes.HasPrefix(line[at:], []byte(member)) {
			return nil, false
		}
		at += len(member)
		end := bytes.IndexByte(line[at:], '"')
		if end < 0 || bytes.IndexByte(line[at:at+end], '\\') >= 0 {
			return nil, false
		}
		at += end + 1
	}
	return line[:at], true
}
