package stream_test

import (
	"bytes"
	"io"
	"testing"

	"cdrmend/internal/stream"
	"cdrmend/internal/stream/streamtest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// zeros is content that packs well.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func bomb(t testing.TB, c stream.Compression, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	if c == stream.Gzip {
		w, err = gzip.NewWriterLevel(&b, gzip.BestCompression)
	} else {
		w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	}
	if err == nil {
		_, err = io.CopyN(w, zeros{}, size)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLimitOfContentStopsBombsAtTheSameByte(t *testing.T) {
	const size = 100 << 20
	for _, c := range []stream.Compression{stream.Gzip, stream.Zstd} {
		stored := bomb(t, c, size)
		for _, l := range []struct {
			limits stream.Limits
			want   string
			at     int64
		}{
			{stream.DefaultLimits(), "unpacked_ratio", max(200*int64(len(stored)), 16<<20)},
			{stream.Limits{UnpackedBytes: 1 << 20}, "unpacked_bytes", 1 << 20},
			{stream.Limits{DocumentBytes: 1 << 20, UnpackedBytes: 1 << 21}, "document_bytes", 1 << 20},
			{stream.Limits{UnpackedBytes: size}, "", size},
			{stream.Limits{UnpackedBytes: size - 1}, "unpacked_bytes", size - 1},
		} {
			for how, arrive := range streamtest.Portions {
				s := stream.Open(arrive(bytes.NewReader(stored)), int64(len(stored)), &l.limits)
				n, err := io.Copy(io.Discard, s)
				s.Close()
				if n != l.at || streamtest.OverLimit(err) != l.want || streamtest.OverLimit(s.Failed()) != l.want {
					t.Errorf("compression %d, read %s: %d bytes and %v, want %d and the limit %q", c, how, n, err, l.at, l.want)
				}
			}
		}
	}
}

func TestLimitOfContentLetsShortTextsRepeatThemselves(t *testing.T) {
	l := stream.DefaultLimits()
	stored := bomb(t, stream.Zstd, 16<<20)
	s := stream.Open(bytes.NewReader(stored), int64(len(stored)), &l)
	defer s.Close()
	if n, err := io.Copy(io.Discard, s); n != 16<<20 || err != nil {
		t.Errorf("%d bytes of %d that are packed into %d: %v", n, 16<<20, len(stored), err)
	}
}
