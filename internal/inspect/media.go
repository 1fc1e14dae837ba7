package inspect

import (
	"io"
	"iter"
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// Of a profile without documents the path of a file is all that is read, and its size.

// mediaFormat is the format of a media file in a report. Only its path is read.
const mediaFormat = "media"

// object returns a file as a media object.
func (f *File) object() (manifest.MediaObject, error) {
	size, err := f.Content.Seek(0, io.SeekEnd)
	return manifest.MediaObject{Key: f.Path, Size: size, Modified: f.Modified}, err
}

// media counts the values of a media object.
func (t *tester) media(f *File) error {
	o, err := f.object()
	if err != nil {
		return err
	}
	t.report.Files = append(t.report.Files, Read{Path: f.Path, Format: mediaFormat, Rows: 1})
	t.report.Rows++
	if !t.profile.IsRecording(f.Path) {
		t.others++
		return nil
	}

	if err := t.values.media(t.profile, f, &o, &t.limits); err != nil {
		return err
	}
	r := manifest.NewReader(t.profile, t.texts, 0, &t.limits)
	r.About(f.context(t.profile))
	b, err := r.ReadMedia(slices.Values([]manifest.MediaObject{o}), pass{tester: t, file: f}.reject)
	if err == nil {
		t.report.Records += int64(b.Doc.N)
	}
	return err
}

// media counts the values of a media object.
func (v *values) media(p *profile.Profile, f *File, o *manifest.MediaObject, limits *stream.Limits) error {
	m := rows.NewMapping(p, record.EntryFields, limits)
	m.Context = f.context(p)
	row, ok := m.NewNames().Row(0, o.Key, o.Size)
	if !ok {
		return nil // a reject
	}
	return v.row(&row)
}

// printMedia prints the entry that a media object is.
func (in *printer) printMedia(f *File) error {
	o, err := f.object()
	if err != nil {
		return err
	}
	objects := iter.Seq[manifest.MediaObject](func(func(manifest.MediaObject) bool) {})
	if in.profile.IsRecording(o.Key) {
		objects = slices.Values([]manifest.MediaObject{o})
	}
	r := manifest.NewReader(in.profile, in.texts, 0, &in.limits)
	r.About(in.about)
	b, err := r.ReadMedia(objects, in.reject)
	if err != nil {
		return err
	}
	return in.batch(b)
}
