package object

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// piecewise opens data so that each connection ends after a few bytes, as if
// that were all.
func piecewise(data string, piece int) func(context.Context, int64) (io.ReadCloser, error) {
	return func(_ context.Context, from int64) (io.ReadCloser, error) {
		rest := data[from:]
		return io.NopCloser(strings.NewReader(rest[:min(len(rest), piece)])), nil
	}
}

func startBody(t *testing.T, data string, open func(context.Context, int64) (io.ReadCloser, error)) *body {
	t.Helper()
	b := &body{ctx: t.Context(), name: "a", size: int64(len(data)), open: open}
	if err := b.start(); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestShortBodyIsBrokenAndNotEnded(t *testing.T) {
	const data = "0123456789"
	for piece := 1; piece <= len(data)+1; piece++ {
		b := startBody(t, data, piecewise(data, piece))
		if got, err := io.ReadAll(b); err != nil || string(got) != data {
			t.Errorf("in pieces of %d: %q, %v, want %q", piece, got, err, data)
		}
	}
	b := startBody(t, data, piecewise(data, 0))
	if got, err := io.ReadAll(b); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("without a byte: %q, %v, want an unexpected end", got, err)
	}
}

func TestBodyThatEndsWithAnErrorIsNotTrusted(t *testing.T) {
	mismatch := errors.New("checksum did not match")
	b := startBody(t, "0123", func(context.Context, int64) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("0123"), failing{mismatch})), nil
	})
	if got, err := io.ReadAll(b); !errors.Is(err, mismatch) {
		t.Errorf("read %q, %v, want %v", got, err, mismatch)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestClosedBodyIsNotReopened(t *testing.T) {
	b := startBody(t, "0123", piecewise("0123", 2))
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if n, err := b.Read(make([]byte, 4)); n != 0 || err == nil {
		t.Errorf("reading what is closed gives %d bytes and %v, want an error", n, err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}
