package jsonscan_test

import (
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"
)

func TestACursorPassesOverWhatIsLeft(t *testing.T) {
	var c jsonscan.Cursor
	c.Reset(jsonscan.Value{Kind: jsonscan.Object, Raw: []byte(`{"a":[1,{"x":[2]},[3],4] , "left":{"b":[{}]},"\u0062" : {"c":"d"},"empty":{},"objects":[1,{"e":{}},[{}],{"f":2}],"none":{"g":[{}]},"last":5}`)})
	var got []string
	for name := range c.Members {
		got = append(got, string(name))
		switch string(name) {
		case "left":
		case "a":
			for range c.Elements {
				if len(got) == 2 {
					continue // left, too
				}
				got = append(got, string(c.Value().Raw))
			}
		case "b", "empty":
			for name := range c.Members {
				got = append(got, string(name), string(c.Value().Text()))
			}
		case "objects", "none":
			for range c.Objects {
				for name := range c.Members {
					got = append(got, string(name))
				}
			}
		default:
			got = append(got, string(c.Value().Raw))
		}
	}
	if want := strings.Fields(`a 1 left b c d empty objects e f none last 5`); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
