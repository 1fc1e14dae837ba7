package bag

// Seal adds a tag file that is made when the payload manifest is complete, of that
// manifest: whoever signs it vouches for every file of the payload. The function also
// gets what an interrupted writer left under the path, nil for nothing: some signatures
// have random parts, and a file that is there cannot be replaced.
func (w *Writer) Seal(path string, make func(manifest File, earlier []byte) ([]byte, error)) {
	w.seals = append(w.seals, seal{path, make})
}

type seal struct {
	path string
	make func(manifest File, earlier []byte) ([]byte, error)
}
