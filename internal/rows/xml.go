package rows

import (
	"io"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/xmlscan"
)

// xml reads the records of an XML document, which become objects of JSON.
func (r *reader) xml(in io.Reader, list string) error {
	visit := r.elements()
	slots := r.mapping.elementPaths().NewSlots()
	x := xmlscan.NewReader(in, profile.Tokens(list), r.mapping.Limits)
	defer func() { r.reading.Framed = x.Framed() }()

	for index := uint32(0); ; index++ {
		record, err := x.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}

		row := Row{Index: index, Offset: record.Offset, Bytes: record.Raw}
		e, err := slots.ScanLine(index, record.Offset, record.JSON, r.mapping.Limits)
		switch {
		case err != nil: // a limit that the record as JSON exceeds
			err = r.reject(row.Reject(err.Error()))
		case e.Kind != jsonscan.Object:
			err = r.reject(row.Reject("has no elements and no attributes"))
		default:
			row.element = e
			err = visit(row)
		}
		if err != nil {
			return err
		}
	}
}
