package bag

// Seal adds a tag file that is made when the payload manifest is complete, of that
// manifest: whoever signs it vouches for every file of the payload.
func (w *Writer) Seal(path string, make func(manifest File) ([]byte, error)) {
	w.seals = append(w.seals, seal{path, make})
}

type seal struct {
	path string
	make func(manifest File) ([]byte, error)
}
