package object

import (
	"bytes"
	"crypto/sha256"
	"io"
)

// ContentOf returns content that holds the bytes of b.
func ContentOf(b []byte) Content {
	return Content{Size: int64(len(b)), SHA256: sha256.Sum256(b), Open: func() (io.ReadSeekCloser, error) {
		return unclosed{bytes.NewReader(b)}, nil
	}}
}

// ContentAt returns the first size bytes of r as content with a known hash.
func ContentAt(r io.ReaderAt, size int64, sum [32]byte) Content {
	return Content{Size: size, SHA256: sum, Open: func() (io.ReadSeekCloser, error) {
		return unclosed{io.NewSectionReader(r, 0, size)}, nil
	}}
}

type unclosed struct{ io.ReadSeeker }

func (unclosed) Close() error { return nil }

// readPart reads all that a store opened, and closes it.
func readPart(r io.ReadCloser, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
