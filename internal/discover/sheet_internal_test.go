package discover

import (
	"io"
	"strings"
	"testing"

	"cdrmend/internal/loadfile"
)

// endless is a value that does not end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestARowThatDoesNotEndIsAnError(t *testing.T) {
	rows := 0
	for row, err := range readCSV(io.MultiReader(strings.NewReader("a,b\n1,\""), endless{}), loadfile.Default) {
		rows++
		if rows == 2 && (err == nil || !strings.Contains(err.Error(), "the row is larger than")) {
			t.Errorf("row %d has %d values, %v", rows, len(row), err)
		}
	}
	if rows != 2 {
		t.Errorf("%d rows, want a row and an error", rows)
	}
}
