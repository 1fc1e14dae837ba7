package job

import (
	"context"
	"io"

	"cdrmend/internal/cdr"
	"cdrmend/internal/ledger"
	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// parquet decodes one Parquet object. As its footer comes last, its content
// goes through a temporary file.
func (sc *scanner) parquet(ctx context.Context, n uint32, o *opened, reader any) error {
	spool := ledger.NewSpool(sc.job.Config.Scratch)
	defer spool.Close()
	if _, err := io.Copy(spool, o.body); err != nil && !record.IsDamage(err) {
		return err
	}
	if err := o.drain(); err != nil {
		return err
	}
	file, err := spool.ReaderAt()
	if err == nil {
		err = ctx.Err() // decoding may take a while
	}
	if err != nil {
		return err
	}
	if err := sc.parquetRows(n, o, reader, file, spool.Size()); err != nil {
		return err
	}
	sc.out.read[n].SHA256 = o.sum()
	return nil
}

func (sc *scanner) parquetRows(n uint32, o *opened, reader any, file io.ReaderAt, size int64) error {
	in := &sc.snap.inputs[n]
	reject := func(r record.Reject) error { return sc.out.reject(sc, n, r) }
	switch r := reader.(type) {
	case *manifest.Reader:
		batch, err := r.ReadParquet(manifest.Input{
			Key: in.Key, Packed: in.Size, Stream: o.stream, Body: o.body, Format: o.format, Reject: reject,
		}, file, size)
		if err != nil {
			return err
		}
		sc.out.addManifest(sc, n, batch)
	case *cdr.Reader:
		batch, err := r.ReadParquet(file, size, reject)
		if err != nil {
			return err
		}
		o.noteDamage(&batch.Reading)
		sc.out.addLegs(sc, n, batch)
	case *registration.Reader:
		batch, err := r.ReadParquet(file, size, sc.orgOf(n), reject)
		if err != nil {
			return err
		}
		o.noteDamage(&batch.Reading)
		sc.out.addEvents(sc, n, batch)
	}
	return nil
}

// noteDamage makes a compressed stream that broke count as damage, even when
// everything of the file came before the break.
func (o *opened) noteDamage(r *record.Reading) {
	if failed := o.stream.Failed(); failed != nil {
		r.Damage = failed
	}
	o.noteChecksum(r)
}

// rewriteParquet copies a Parquet document with edits, by way of a temporary
// file.
func (j *Job) rewriteParquet(w io.Writer, src io.Reader, p *record.Profile, edits []manifest.Edit) error {
	spool := ledger.NewSpool(j.Config.Scratch)
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
