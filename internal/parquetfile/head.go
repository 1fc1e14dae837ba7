package parquetfile

import (
	"io"
	"strings"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"

	"github.com/parquet-go/parquet-go"
)

// Head reads the first rows of a Parquet file, at most so many, whatever its columns
// are called. The function gets the places of the columns, as a profile names them,
// and their values, which are valid until the next row. Columns inside groups are
// places of their own; a list or a map is one value.
func Head(r io.ReaderAt, size int64, most int, limits *stream.Limits, visit func(places []string, values []jsonscan.Value)) (err error) {
	p, err := openParquet(r, size, limits)
	if err != nil {
		return err
	}
	defer p.rescue(&err)

	all := rowReader{file: p}
	places := all.want(p.file.Root(), nil)
	all.cells = make([]jsonscan.Value, len(places))
	defer all.close()
	for range most {
		values, err := all.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		visit(places, values)
	}
	return nil
}

// want adds the columns of a group to those that are read, and returns their places.
func (r *rowReader) want(group *parquet.Column, around []string) (places []string) {
	for _, c := range group.Columns() {
		path := append(around[:len(around):len(around)], c.Name())
		if !c.Leaf() && !c.Repeated() && !isListColumn(c) && !isMapColumn(c) {
			places = append(places, r.want(c, path)...)
			continue
		}
		r.columns = append(r.columns, newWantedColumn(r.file, c))
		places = append(places, placeOf(path))
	}
	return places
}

// placeOf returns the place of a column: its name, or a JSON pointer for one inside
// groups.
func placeOf(path []string) string {
	if len(path) == 1 && !strings.HasPrefix(path[0], "/") && !strings.HasPrefix(path[0], "../") {
		return path[0]
	}
	place := ""
	for _, name := range path {
		place += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return place
}
