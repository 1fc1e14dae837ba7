package pack

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
)

// Inputs yields what a pack holds, in the order of (source, key), after checking its
// index. An input is valid until the next one.
func Inputs(ctx context.Context, out *ledger.Output, named *ledger.Pack, dir string) iter.Seq2[*Input, error] {
	return func(yield func(*Input, error) bool) {
		_, index, err := out.OpenPack(ctx, named, dir)
		if err != nil {
			yield(nil, err)
			return
		}
		defer index.Close()
		r, err := index.ReaderAt()
		if err != nil {
			yield(nil, err)
			return
		}
		for row, err := range table.ReadParquet(r, index.Size(), table.Evidence) {
			var in *Input
			if err == nil {
				in = inputOf(row)
			}
			if !yield(in, err) || err != nil {
				return
			}
		}
	}
}

func inputOf(row *table.Row) *Input {
	size, _ := row.Int(sizeCol)
	in := &Input{Source: row.Text(sourceCol), Info: object.Info{
		Key: row.Text(keyCol), VersionID: row.Text(versionCol), ETag: row.Text(etagCol), Size: size,
	}}
	if t := row.Time(modifiedCol); t != record.NoTime {
		in.Modified = t.Std()
	}
	_, _ = hex.Decode(in.SHA256[:], row.Bytes(sumCol)) // the index is what was committed
	return in
}

// Rewrite writes a pack anew without the inputs that drop chooses. The caller closes the
// writer.
func Rewrite(ctx context.Context, out *ledger.Output, named *ledger.Pack, to Spooler, dir string, drop func(*Input) bool) (*Writer, error) {
	var kept []Input
	for in, err := range Inputs(ctx, out, named, dir) {
		if err != nil {
			return nil, err
		}
		if !drop(in) {
			kept = append(kept, *in)
		}
	}

	var broken error
	set := NewSet(len(kept), dir, func(_ string, err error) { broken = err })
	if _, err := set.Add(ctx, out, named, func(n int) (string, *object.Info) { return kept[n].Source, &kept[n].Info }); err != nil {
		return nil, err
	}
	w, err := NewWriter(to, dir)
	if err != nil {
		return nil, err
	}
	if err := w.copyFrom(ctx, set, kept); err != nil {
		w.Close()
		return nil, cmp.Or(broken, err)
	}
	return w, nil
}

// copyFrom adds all inputs of a set, and finishes the packs.
func (w *Writer) copyFrom(ctx context.Context, set *Set, inputs []Input) error {
	for n := range inputs {
		body := set.Open(ctx, uint32(n), inputs[n].Size)
		if body == nil {
			return fmt.Errorf("reading input %q of it: %w", inputs[n].Key, cmp.Or(ctx.Err(), errNowhere))
		}
		if err := w.addFrom(uint32(n), &inputs[n], body); err != nil {
			return err
		}
	}
	_, err := w.Finish(func(n uint32) Input { return inputs[n] })
	return err
}

func (w *Writer) addFrom(n uint32, in *Input, body io.ReadCloser) error {
	defer body.Close()
	return w.Add(n, in.Size, body, in.SHA256)
}

// Packs returns the packs that Finish completed.
func (w *Writer) Packs() []*Pack { return w.packs }
