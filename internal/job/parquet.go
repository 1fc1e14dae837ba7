package job

import (
	"context"
	"io"
	"iter"

	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
)

// spooled copies the content of a Parquet object to a temporary file, as its
// footer comes last. It is given up with the spool.
func (sc *scanner) spooled(ctx context.Context, o *opened) (*scratch.Spool, error) {
	spool := scratch.NewSpool(sc.job.Config.Scratch)
	if _, err := io.Copy(spool, o.body); err != nil && !record.IsDamage(err) {
		spool.Close()
		return nil, err
	}
	o.size = spool.Size()
	var err error
	if o.file, err = spool.ReaderAt(); err == nil {
		err = ctx.Err() // decoding may take a while
	}
	if err != nil {
		spool.Close()
		return nil, err
	}
	return spool, nil
}

// rewriteParquet copies a Parquet document with edits, by way of a temporary
// file.
func (j *Job) rewriteParquet(w io.Writer, src io.Reader, p *record.Profile, edits iter.Seq[manifest.Edit]) error {
	spool := scratch.NewSpool(j.Config.Scratch)
	defer spool.Close()
	if _, err := io.Copy(spool, src); err != nil {
		return err
	}
	file, err := spool.ReaderAt()
	if err != nil {
		return err
	}
	return manifest.WriteParquet(w, file, spool.Size(), p, edits)
}
