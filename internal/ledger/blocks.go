package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"cdrmend/internal/blocks"
	"cdrmend/internal/scratch"
)

// BlocksFormat is the format of the sums of blocks.
const BlocksFormat = "cdrmend.blocks/1"

// Blocks are sums of the blocks of large files that a record accounts for. Who has them
// can trust parts of these files without reading all of them.
type Blocks struct {
	Format     string     `json:"format"`
	BlockBytes int64      `json:"block_bytes"`
	Files      fileBlocks `json:"files"` // mostBlockFiles at most
}

// mostBlockFiles is more than the tables of a run and its history.
const mostBlockFiles = 64

// fileBlocks is a list that is read no further than it can be of use: a few megabytes of
// JSON can have millions of elements.
type fileBlocks []FileBlocks

func (l *fileBlocks) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		if len(*l) == mostBlockFiles {
			return fmt.Errorf("it has the sums of more than %d files", mostBlockFiles)
		}
		var f FileBlocks
		if err := d.Decode(&f); err != nil {
			return err
		}
		*l = append(*l, f)
	}
	return nil
}

// FileBlocks are the sums of one file, whose path is relative to the folder of the interval.
type FileBlocks struct {
	File
	Sums []byte `json:"block_sha256"` // as [blocks.Sums.List] returns them
}

// PutBlocks writes sums of blocks below the folder of the interval.
func (l *Interval) PutBlocks(ctx context.Context, files []FileBlocks, dir string) (*File, error) {
	raw, err := Encode(Blocks{BlocksFormat, blocks.Size, files})
	if err != nil {
		return nil, err
	}
	spool := scratch.NewSpool(dir)
	defer spool.Close()
	if _, err := spool.Write(raw); err != nil {
		return nil, err
	}
	f, err := l.putKept(ctx, ".blocks.json", spool)
	return &f, err
}

// ReadBlocks reads the sums of blocks that a record names, and checks the hash of their
// file. If the file is the committed one and holds no valid sums, the error is a
// [BrokenError].
func (o *Output) ReadBlocks(ctx context.Context, r *Record) ([]FileBlocks, error) {
	raw, err := o.readKept(ctx, r.Blocks)
	if err != nil {
		return nil, err
	}
	broken := func(format string, args ...any) error {
		return &BrokenError{Key: o.Store.String() + o.Root + r.Blocks.Path, Detail: fmt.Sprintf(format, args...)}
	}
	var b Blocks
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, broken("it has no sums of blocks: %v", err)
	}
	if b.Format != BlocksFormat || b.BlockBytes != blocks.Size {
		return nil, broken("its format is %q with blocks of %d bytes; this version reads %q with %d", b.Format, b.BlockBytes, BlocksFormat, blocks.Size)
	}
	for _, f := range b.Files {
		if !blocks.Fit(f.Sums, f.Size) {
			return nil, broken("%q has %d bytes, and %d bytes of sums do not fit that", f.Path, f.Size, len(f.Sums))
		}
	}
	return b.Files, nil
}
