package manifest

import (
	"iter"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
)

// MediaObject is one recording of a source without documents.
type MediaObject struct {
	Key      string
	Size     int64
	Modified record.Time
}

// UnknownName is the reason of a reject for a key that looks like that of a recording
// and that the profile's media pattern does not match.
const UnknownName = "media_pattern does not match the key; correct it, or name the key in media_exclude if it is no recording of a call"

// ReadMedia returns the batch of the document that is made for the media objects of
// one partition, in the order of their keys: each is an entry, whose number is its
// place in that document. Keys that the pattern does not match are rejects; their row
// is their number among all keys given, their offset that in a list of these keys with
// a newline after each.
func (r *Reader) ReadMedia(objects iter.Seq[MediaObject], reject func(rows.Reject) error) (*Batch, error) {
	b := r.spare.batch(Document{Format: profile.JSON, Virtual: true, OfMedia: true})
	names := r.mapping.NewNames()
	b.Tabular, b.Places = true, names.Columns().Fields()
	flat := r.mapping.Context.Partition == record.Forever

	index := uint32(0)
	for o := range objects {
		at := b.Length
		b.Length += int64(len(o.Key)) + 1
		b.Rows++

		// A time without a year lies near the time of its own object.
		r.mapping.Context.Modified = o.Modified
		row, ok := names.Row(index, o.Key, o.Size)
		if !ok {
			b.Rejects++
			if err := reject(rows.Reject{Row: b.Rows - 1, Offset: at, Reason: UnknownName, Bytes: []byte(o.Key), Before: newline}); err != nil {
				return nil, err
			}
			continue
		}

		// The media key is a value of every entry, so that none says nothing.
		index++
		e, outcome := r.take(b, row.Index, row.Value)
		if outcome != kept {
			continue
		}
		if flat {
			b.Doc.Modified = append(b.Doc.Modified, o.Modified)
		}
		if err := r.add(b, e); err != nil {
			return nil, err
		}
	}

	b.settle(&r.norm)
	r.complete(b)
	return b, nil
}

var newline = []byte("\n")
