package rows

import (
	"strconv"

	"cdrmend/internal/jsonscan"
)

// Names reads the keys of media objects as rows, for a profile without documents. The
// cells of a row are the groups of the media pattern, then the key and the size of the
// object. It is for one goroutine.
type Names struct {
	mapping *Mapping
	pattern linePattern
	key     []byte // of the current row
	size    []byte
}

// NewNames returns a reader of names.
func (m *Mapping) NewNames() *Names {
	media := &m.Profile.Media
	return &Names{mapping: m, pattern: linePattern{media, m.columnsOf(media.Columns)}}
}

// Columns returns the columns that every row has.
func (n *Names) Columns() *Columns { return n.pattern.columns }

// Row returns the row of a media object, false for a key that the pattern does not
// match. It is valid until the next one.
func (n *Names) Row(index uint32, key string, size int64) (Row, bool) {
	n.key = append(n.key[:0], key...)
	cells := n.pattern.cells(n.key)
	if cells == nil {
		return Row{}, false
	}

	// The last two columns are no groups.
	n.size = strconv.AppendInt(n.size[:0], size, 10)
	last := len(cells) - 1
	cells[last-1] = jsonscan.Value{Kind: jsonscan.Cell, Raw: n.key}
	cells[last] = jsonscan.Value{Kind: jsonscan.Cell, Raw: n.size}

	n.mapping.Next()
	return Row{Index: index, Bytes: n.key, mapping: n.mapping, cells: cells, columns: n.pattern.columns}, true
}
