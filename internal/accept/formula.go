package accept

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// formulas returns the cells with a formula and without its value, by sheet and by the
// name of the cell. Programs that compute nothing write such cells, and a reader of
// values takes them for empty.
func formulas(name string) (map[string]map[string]bool, error) {
	book, err := zip.OpenReader(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = book.Close() }()

	var sheets struct {
		List []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id,attr"` // of the relation that has its part
		} `xml:"sheets>sheet"`
	}
	var relations struct {
		List []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := decode(&book.Reader, "xl/workbook.xml", &sheets); err != nil {
		return nil, err
	}
	if err := decode(&book.Reader, "xl/_rels/workbook.xml.rels", &relations); err != nil {
		return nil, err
	}
	parts := map[string]string{}
	for _, r := range relations.List {
		parts[r.ID] = strings.TrimPrefix(path.Join("/xl", r.Target), "/")
		if strings.HasPrefix(r.Target, "/") {
			parts[r.ID] = strings.TrimPrefix(r.Target, "/")
		}
	}

	all := map[string]map[string]bool{}
	for _, s := range sheets.List {
		if all[s.Name], err = formulasIn(&book.Reader, parts[s.ID]); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", s.Name, err)
		}
	}
	return all, nil
}

func decode(book *zip.Reader, part string, into any) error {
	f, err := book.Open(part)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := xml.NewDecoder(f).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}

// formulasIn reads one sheet element by element, as it may be large.
func formulasIn(book *zip.Reader, part string) (map[string]bool, error) {
	f, err := book.Open(part)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()

	found := map[string]bool{}
	var cell string // under way
	var formula, text, value, inside bool
	for d := xml.NewDecoder(f); ; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "c":
				cell, formula, value = attribute(&e, "r"), false, false
				text = attribute(&e, "t") == "str"
			case "f":
				formula = true
			case "v":
				inside, value = true, text // a text that was computed may be empty
			}
		case xml.CharData:
			value = value || inside && len(e) > 0
		case xml.EndElement:
			switch e.Name.Local {
			case "v":
				inside = false
			case "c":
				if formula && !value {
					found[cell] = true
				}
			}
		}
	}
}

func attribute(e *xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
