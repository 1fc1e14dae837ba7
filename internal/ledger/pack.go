package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// EvidenceFolder is the folder of an interval that holds packs. Their names are their
// SHA-256, with a number where that is taken.
const EvidenceFolder = "evidence/"

// Pack is a pack of inputs and its index. The paths are relative to the output: a pack
// of one interval can serve runs of others.
type Pack struct {
	File
	Index   File  `json:"index"`
	Objects int64 `json:"objects"` // inputs of the run that it holds
}

// PutPack writes a pack and its index below the folder of the interval.
func (l *Interval) PutPack(ctx context.Context, content, index *scratch.Spool) (p Pack, err error) {
	if p.File, err = l.putKept(ctx, ".zst", content); err != nil {
		return p, err
	}
	p.Index, err = l.putKept(ctx, ".parquet", index)
	return p, err
}

// PutNight writes what holds for all rows of a run below the folder of the interval.
func (l *Interval) PutNight(ctx context.Context, content *scratch.Spool) (*File, error) {
	f, err := l.putKept(ctx, ".json", content)
	return &f, err
}

// PutMedia writes what is in the media objects of a run below the folder of the interval.
func (l *Interval) PutMedia(ctx context.Context, content *scratch.Spool) (*File, error) {
	f, err := l.putKept(ctx, ".media.parquet", content)
	return &f, err
}

// OpenMedia returns what a record names of media objects, after checking its hash.
func (o *Output) OpenMedia(ctx context.Context, f File, dir string) (*scratch.Spool, error) {
	_, body, err := o.Store.Get(ctx, o.Root+f.Path)
	if err != nil {
		return nil, packError(f, err)
	}
	defer body.Close()
	return fetch(io.LimitReader(body, f.Size+1), o.Store.String()+o.Root+f.Path, f.SHA256, dir)
}

// ReadNight reads what the record names of the night as a whole, and checks its hash.
func (o *Output) ReadNight(ctx context.Context, r *Record) ([]byte, error) {
	return o.readKept(ctx, r.Night)
}

// maxKept is how many bytes of such a file are read.
const maxKept = 64 << 20

// readKept reads a file that a record names below a folder of evidence, and checks its hash.
func (o *Output) readKept(ctx context.Context, f *File) ([]byte, error) {
	if f.Size > maxKept {
		return nil, fmt.Errorf("reading %q: the record says that it has %d bytes, and %d are read at most", f.Path, f.Size, maxKept)
	}
	_, body, err := o.Store.Get(ctx, o.Root+f.Path)
	if err != nil {
		return nil, packError(*f, err)
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, f.Size+1))
	if err != nil {
		return nil, packError(*f, err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, fmt.Errorf("reading %q: it is not what was committed", f.Path)
	}
	return raw, nil
}

// EvidenceFiles returns the files in folders of evidence that a record names. Their
// paths are relative to the output.
func (r *Record) EvidenceFiles() []File {
	var files []File
	for _, p := range r.Evidence {
		files = append(files, p.File, p.Index)
	}
	for _, f := range []*File{r.Night, r.Media, r.Blocks} {
		if f != nil {
			files = append(files, *f)
		}
	}
	return files
}

// mostNames is how many names are tried for one file.
const mostNames = 100

// putKept writes a file into the folder of evidence, under a name that is free, or that
// holds its bytes. Somebody may have changed the file that has its first name, or put
// another one there: that must not stop the nights. The path is relative to the output.
func (l *Interval) putKept(ctx context.Context, suffix string, spool *scratch.Spool) (f File, err error) {
	name := EvidenceFolder + spool.Sum()
	for n := range mostNames {
		path := name + suffix
		if n > 0 {
			path = fmt.Sprintf("%s.%d%s", name, n, suffix)
		}
		if f, err = l.put(ctx, path, spool); !errors.Is(err, object.ErrTaken) {
			break
		}
	}
	f.Path = "interval=" + l.Label + "/" + f.Path
	return f, err
}

// IsKept reports whether a path, relative to the output, is one at which runs keep evidence.
func IsKept(path string) bool {
	label, name, _ := strings.Cut(path, "/"+EvidenceFolder)
	label, ok := strings.CutPrefix(label, "interval=")
	return ok && label != "" && !strings.ContainsAny(label+name, `/\`) && name != "" && name[0] != '.'
}

// ErrPackGone is returned for a pack that is not there.
var ErrPackGone = errors.New("it is not there")

// OpenPack returns the object of a pack, and its index, which it checks against the
// hash in the record.
func (o *Output) OpenPack(ctx context.Context, p *Pack, dir string) (object.Info, *scratch.Spool, error) {
	info, err := o.find(ctx, p.File)
	if err != nil {
		return info, nil, err
	}

	_, body, err := o.Store.Get(ctx, o.Root+p.Index.Path)
	if err != nil {
		return info, nil, packError(p.Index, err)
	}
	defer body.Close()
	index, err := fetch(body, o.Store.String()+o.Root+p.Index.Path, p.Index.SHA256, dir)
	return info, index, err
}

// find returns the object of a file. Its bytes are checked as they are used.
func (o *Output) find(ctx context.Context, f File) (object.Info, error) {
	info, body, err := o.Store.Get(ctx, o.Root+f.Path)
	if err != nil {
		return info, packError(f, err)
	}
	_ = body.Close() // nothing was read
	if info.Size != f.Size {
		return info, fmt.Errorf("reading %q: it has %d bytes, and the record names %d", f.Path, info.Size, f.Size)
	}
	return info, nil
}

func packError(f File, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrPackGone
	}
	return fmt.Errorf("reading %q: %w", f.Path, err)
}
