package media

import "testing"

func FuzzLook(f *testing.F) {
	for _, c := range cases() {
		f.Add(c.name, c.bytes)
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		lookAt(t, name, b)
	})
}
