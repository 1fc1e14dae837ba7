package ledger

import (
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
	Format     string       `json:"format"`
	BlockBytes int64        `json:"block_bytes"`
	Files      []FileBlocks `json:"files"`
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
// file.
func (o *Output) ReadBlocks(ctx context.Context, r *Record) ([]FileBlocks, error) {
	raw, err := o.readKept(ctx, r.Blocks)
	if err != nil {
		return nil, err
	}
	var b Blocks
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("reading %q: %w", r.Blocks.Path, err)
	}
	if b.Format != BlocksFormat || b.BlockBytes != blocks.Size {
		return nil, fmt.Errorf("reading %q: its format is %q with blocks of %d bytes; this version reads %q with %d", r.Blocks.Path, b.Format, b.BlockBytes, BlocksFormat, blocks.Size)
	}
	for _, f := range b.Files {
		if !blocks.Fit(f.Sums, f.Size) {
			return nil, fmt.Errorf("reading %q: %q has %d bytes, and %d bytes of sums do not fit that", r.Blocks.Path, f.Path, f.Size, len(f.Sums))
		}
	}
	return b.Files, nil
}
