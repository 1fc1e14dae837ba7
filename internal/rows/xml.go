package rows

import (
	"io"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/xmlscan"
)

// MisplacedRecord is the reason of a reject for an element of XML that has the name of
// the records and stands outside of their list.
const MisplacedRecord = "has the name of the records, and stands where the profile does not say that they are (document.entries): correct the profile or the export"

// noElements is the reason of a reject for an element of XML that is no record.
const noElements = "has no elements and no attributes"

// NewXML returns a reader of the records of an XML document, which notes what the
// document tells of pages. An element that occurs once is a list of one wherever the
// profile asks for a list: only how often it occurs tells lists from other values.
func (m *Mapping) NewXML(in io.Reader, list string) *xmlscan.Reader {
	m.run.Lone = true
	x := xmlscan.NewReader(in, profile.Tokens(list), m.Limits)
	var pages [][]string
	for _, pointer := range m.Profile.Pages.Pointers() {
		pages = append(pages, profile.Tokens(pointer))
	}
	x.Watch(pages)
	return x
}

// PageOfXML returns what an XML document tells of pages, as far as it was read.
func (m *Mapping) PageOfXML(x *xmlscan.Reader) profile.Page {
	if m.Profile.Pages == (profile.Pages{}) {
		return profile.Page{}
	}
	norm := profile.Normalizer{Profile: m.Profile}
	return norm.Page(x.Outer(0), x.Outer(1), x.Outer(2))
}

// xml reads the records of an XML document, which become objects of JSON.
func (r *reader) xml(in io.Reader, list string) error {
	visit := r.elements()
	slots := r.mapping.elementPaths().NewSlots()
	x := r.mapping.NewXML(in, list)
	defer func() { r.reading.Framed, r.reading.Page = x.Framed(), r.mapping.PageOfXML(x) }()

	for index := uint32(0); ; {
		record, err := x.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}

		switch record.Place {
		case xmlscan.Other:
			r.skip(record.Offset, record.Raw)
		case xmlscan.Misplaced:
			err = r.reject(Reject{Row: -1, Offset: record.Offset, Reason: MisplacedRecord, Bytes: record.Raw})
		default:
			err = r.xmlRecord(Row{Index: index, Offset: record.Offset, Bytes: record.Raw}, record.JSON, slots, visit)
			index++
		}
		if err != nil {
			return err
		}
	}
}

// xmlRecord visits a record of XML, which became JSON.
func (r *reader) xmlRecord(row Row, json []byte, slots *jsonscan.Slots, visit func(Row) error) error {
	e, err := slots.ScanLine(row.Index, row.Offset, json, r.mapping.Limits)
	switch {
	case err != nil: // a limit that the record as JSON exceeds
		return r.reject(row.Reject(err.Error()))
	case e.Kind != jsonscan.Object:
		return r.reject(row.Reject(noElements))
	}
	row.element = e
	return visit(row)
}
