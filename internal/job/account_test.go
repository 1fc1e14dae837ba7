package job_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func pack(t *testing.T, packing, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch packing {
	case "":
		return text
	case ".gz":
		w = gzip.NewWriter(&b)
	default:
		w, _ = zstd.NewWriter(&b)
	}
	_, err := io.WriteString(w, text)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unpack returns what can be read of a stored object, and whether it is whole,
// whatever its checksum says.
func unpack(stored string) (content string, whole bool) {
	rest := strings.NewReader(stored)
	var r io.Reader = rest
	var err error
	switch {
	case strings.HasPrefix(stored, "\x1f\x8b"):
		r, err = gzip.NewReader(r)
	case strings.HasPrefix(stored, "\x28\xb5\x2f\xfd"):
		r, err = zstd.NewReader(r, zstd.IgnoreChecksum(true))
	}
	if err != nil {
		return "", false
	}
	b, err := io.ReadAll(r)
	return string(b), err == nil || errors.Is(err, gzip.ErrChecksum) && rest.Len() == 0
}

// struckAt is a text with one to three bytes flipped, deleted or inserted.
func struckAt(rng *rand.Rand, text string) string {
	b := []byte(text)
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(b))
		switch rng.IntN(3) {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b = slices.Delete(b, at, at+1)
		default:
			b = slices.Insert(b, at, byte(rng.IntN(256)))
		}
	}
	return string(b)
}

type rejected struct {
	Row, Offset, Length int64
	SHA256, Reason      string
	Bytes               string
}

const (
	asStored = "the object as it is stored" // and why

	// What is a reject for these reasons stays where it is, in the list and in the
	// document that is recovered.
	notObject = "not an object"
	noField   = "no known field"
)

// checkAside holds the rejects of an object against its bytes, and returns
// the content without what they took away. With secrets they have no bytes.
func checkAside(t *testing.T, key, stored, rejects string, secret bool) (left string) {
	t.Helper()
	content, whole := unpack(stored)
	taken := make([]bool, len(content)+1)
	var raw strings.Builder
	for line := range strings.Lines(rejects) {
		var r rejected
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v in %s", key, err, line)
		}
		of := content
		if strings.HasPrefix(r.Reason, asStored) {
			of = stored
		}
		if r.Offset+r.Length > int64(len(of)) {
			t.Fatalf("%s: %s is not within %d bytes", key, line, len(of))
		}
		text := of[r.Offset:][:r.Length]
		b, err := base64.StdEncoding.DecodeString(r.Bytes)
		if err != nil || hexSum(text) != r.SHA256 || secret != (r.Bytes == "") && r.Length > 0 || !secret && string(b) != text {
			t.Fatalf("%s: %s is not what stands there: %q", key, line, text)
		}
		switch {
		case strings.HasPrefix(r.Reason, asStored):
			raw.WriteString(text)
		case r.Reason == notObject, r.Reason == noField:
		default:
			end := r.Offset + r.Length
			for i := r.Offset; i < end; i++ {
				taken[i] = true
			}
			if r.Row >= 0 && end < int64(len(content)) && content[end] == '\n' {
				taken[end] = true // a line goes with its newline
			}
		}
	}
	if broken := raw.String(); !whole && broken != stored || whole && broken != "" {
		t.Fatalf("%s: of %q, whole %v, %d bytes were set aside as stored", key, stored, whole, len(broken))
	}
	var b strings.Builder
	for i := range len(content) {
		if !taken[i] {
			b.WriteByte(content[i])
		}
	}
	return b.String()
}
