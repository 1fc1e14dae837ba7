package manifest

import "testing"

// What recovery does not keep is set aside: recovered and set aside together
// are the whole document.
func TestSetAsideBeginsWhereNothingMoreWasUsed(t *testing.T) {
	broken := &Break{}
	for _, test := range []struct {
		name string
		doc  Document
		from int64
		any  bool
	}{
		{"sound", Document{N: 2}, 0, false},
		{"sound, with counts", Document{N: 2, Extra: &Extra{Total: 3}}, 0, false},
		{"cut after two entries", Document{N: 2, Extra: &Extra{Truncated: broken, Recovery: &Recovery{Keep: 70, Closers: "]"}}}, 70, true},
		{"cut before any entry", Document{Extra: &Extra{Truncated: broken}}, 0, true},
		{"undecodable", Document{Extra: &Extra{Malformed: broken}}, 0, true},
		{"a sidecar of which nothing was read", Document{N: 1, Extra: &Extra{Truncated: broken, Recovery: &Recovery{Empty: true}}}, 0, true},
		{"a Parquet file that broke off", Document{N: 5, Extra: &Extra{Malformed: broken}}, 0, true},
	} {
		if from, any := test.doc.SetAside(); from != test.from || any != test.any {
			t.Errorf("%s: set aside from %d, %v, want %d, %v", test.name, from, any, test.from, test.any)
		}
	}
}
