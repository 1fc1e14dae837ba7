package media

import "testing"

// FuzzLook wants of every object an answer that is the same each time, a duration that is
// known or Unknown, and no more than four ranges, all of them inside the object.
func FuzzLook(f *testing.F) {
	for _, c := range cases() {
		f.Add(c.name, c.bytes)
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		lookAt(t, name, b)
	})
}
