package record_test

import (
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/record"
)

func TestACursorPassesOverWhatIsLeft(t *testing.T) {
	var c record.Cursor
	c.Reset(record.Value{Kind: record.Object, Raw: []byte(`{"a":[1,{"x":[2]},[3],4] , "left":{"b":[{}]},"\u0062" : {"c":"d"},"empty":{},"none":[],"last":5}`)})
	var got []string
	for name := range c.Members {
		got = append(got, string(name))
		switch {
		case string(name) == "left":
		case c.At(record.List):
			for range c.Elements {
				if c.At(record.Object) {
					continue // left, too
				}
				got = append(got, string(c.Value().Raw))
			}
		case c.At(record.Object):
			for name := range c.Members {
				got = append(got, string(name), string(c.Value().Text()))
			}
		default:
			got = append(got, string(c.Value().Raw))
		}
	}
	if want := strings.Fields(`a 1 [3] 4 left b c d empty none last 5`); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
