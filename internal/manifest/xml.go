package manifest

import (
	"errors"
	"io"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/rows"
	"cdrmend/internal/xmlscan"
)

// errNoRecords says that an XML document has other elements than the profile says.
var errNoRecords = errors.New("nothing in it stands where the profile says that its entries are")

// xmlReader reads one document in XML into a batch. XML is only read: what is repaired
// in it is written as a document of its own. So its gaps have no positions that count.
type xmlReader struct {
	*Reader
	b  *Batch
	in Input
}

func (r *xmlReader) document() (*Batch, error) {
	b, in := r.b, r.in
	x := r.mapping.NewXML(in.Body, r.norm.Profile.List)
	err := r.records(x)
	b.settle(&r.norm)
	b.Framed, b.Page = x.Framed(), r.mapping.PageOfXML(x)
	b.Length = x.Offset()
	b.whole = b.Length

	switch {
	case isUndecodable(err):
		return r.undecodable(b, in, err)
	case err != nil && !jsonscan.IsDamage(err):
		return nil, err
	case err != nil:
		b.Doc.noteDamage(err, in.StoredSize)
	case !x.Rooted():
		b.Doc.extra().Truncated, b.Doc.Extra.Why = &Break{}, errBlank
	case b.Rows == 0 && !x.Framed():
		b.Doc.extra().Malformed, b.Doc.Extra.Why = &Break{}, errNoRecords
	default:
		return r.finish(b, in, nil)
	}

	// Where the key names the recording there is one, whatever is left of the document.
	switch b.Doc.Keyed = b.Doc.Key.Recording != intern.None && b.found() <= 1; {
	case b.found() > 0:
		b.Doc.Extra.Recovery = &Recovery{Keep: b.used}
	case b.Doc.Keyed:
		r.empty(b)
	}
	return r.finish(b, in, nil)
}

// records reads the entries of a document in XML.
func (r *xmlReader) records(x *xmlscan.Reader) error {
	b := r.b
	slots := r.mapping.Paths.NewSlots()
	for index := uint32(0); ; {
		record, err := x.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		b.Rows++
		b.used = x.Offset()
		if record.Place != xmlscan.Listed {
			if err := r.other(&record); err != nil {
				return err
			}
			continue
		}
		reject := rows.Reject{Row: int64(index), Offset: record.Offset, Bytes: record.Raw}

		e, err := slots.ScanLine(index, record.Offset, record.JSON, r.limits)
		index++
		switch {
		case err != nil: // a limit that the record as JSON exceeds
			reject.Reason = err.Error()
		case e.Kind != jsonscan.Object:
			reject.Reason = "has no elements and no attributes"
		default:
			if reject.Reason, err = r.record(e); err != nil {
				return err
			}
			if reject.Reason == "" {
				continue
			}
			b.Rejects-- // counted below
		}
		b.Rejects++
		if err := r.in.Reject(reject); err != nil {
			return err
		}
	}
}

// other counts an element that is no entry.
func (r *xmlReader) other(record *xmlscan.Record) error {
	if record.Place == xmlscan.Other {
		r.b.Skipped++
		return nil
	}
	r.b.Rejects++
	return r.in.Reject(rows.Reject{Row: -1, Offset: record.Offset, Reason: rows.MisplacedRecord, Bytes: record.Raw})
}

// record turns a record of XML into an entry, and says why it is none.
func (r *xmlReader) record(e *jsonscan.Element) (reason string, err error) {
	b := r.b
	r.mapping.Note(e, &b.Places)
	r.mapping.Next()
	entry, outcome := r.take(b, e.Index, r.valuesOf(e))
	switch outcome {
	case dropped:
		return "", nil
	case unknown:
		return noKnownField, nil
	}
	for _, f := range r.required {
		if r.AllPositions || !entry.Has(f) {
			b.gaps = append(b.gaps, gapOf(e, f, r.mapping.Pointers(f), r.norm.Texts))
		}
	}
	return "", r.add(b, entry)
}
