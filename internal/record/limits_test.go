package record_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/record"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// portions are ways in which the same bytes may arrive.
var portions = map[string]func(io.Reader) io.Reader{
	"at once":       func(r io.Reader) io.Reader { return r },
	"in halves":     iotest.HalfReader,
	"with the end":  iotest.DataErrReader,
	"in odd pieces": func(r io.Reader) io.Reader { return &pieces{r: r} },
}

// pieces reads 1, 2, 4, … bytes at a time, and again.
type pieces struct {
	r io.Reader
	n uint
}

func (p *pieces) Read(b []byte) (int, error) {
	p.n = (p.n + 1) % 18
	return p.r.Read(b[:min(len(b), 1<<p.n)])
}

func overLimit(err error) string {
	var limit *record.LimitError
	if errors.As(err, &limit) {
		return limit.Limit
	}
	return ""
}

// What is beyond a limit must depend on the bytes alone.
func TestLimitOfRecordsIsExactHoweverTheBytesArrive(t *testing.T) {
	const most = 64 << 10
	own := record.Limits{RecordBytes: most}
	p := &record.Profile{Fields: map[record.Field][]string{record.LegID: {"/id"}}}
	for _, c := range []struct {
		format                record.Format
		before, start, finish string // of the record, filled up to a length
		after                 string
		damage                bool // or a reject
	}{
		{record.JSON, `[{"id":1},` + " ", `{"id":"`, `"}`, strings.Repeat(" ", most+5) + `,{"id":2}]`, true},
		{record.JSON, "", `{"id":"`, `"}`, "", true},
		{record.JSON, "\n\n", `{"id":"`, `"}`, strings.Repeat("\n", most), true},
		{record.JSONLines, `{"id":1}` + "\n", `{"id":"`, `"}`, "\n" + `{"id":2}` + "\n", false},
		{record.JSONLines, `{"id":1}` + "\n", `{"id":"`, `"}`, "", false},
	} {
		for _, length := range []int{most - 1, most, most + 1, most + 2, 2*most + 1, 2*most + 2, 3*most + 7} {
			text := c.before + c.start + strings.Repeat("x", length-len(c.start)-len(c.finish)) + c.finish + c.after
			for how, arrive := range portions {
				reading, rejects, err := readAll(p, c.format, bufio.NewReader(arrive(strings.NewReader(text))), &own)
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("%v: %q…%q of %d bytes, read %s", c.format, c.start, c.after[:min(9, len(c.after))], length, how)
				wantDamage, wantRejects := "", int64(0)
				if length > most && c.damage {
					wantDamage = "record_bytes"
				} else if length > most {
					wantRejects = 1
				}
				if got := overLimit(reading.Damage); got != wantDamage || reading.Rejected != wantRejects {
					t.Errorf("%s: damage %q (%v) and %d rejects, want %q and %d", name, got, reading.Damage, reading.Rejected, wantDamage, wantRejects)
				}
				if wantRejects == 1 {
					checkPieces(t, name, rejects, text, len(c.before), length)
				}
			}
		}
	}
}

// A quote that nobody closes could make one row of all that follows.
func TestLimitOfARowOfCSVIsExactHoweverTheBytesArrive(t *testing.T) {
	const most = 64 << 10
	own := record.Limits{RecordBytes: most}
	p := &record.Profile{Fields: map[record.Field][]string{record.LegID: {"id"}}}
	for _, length := range []int{most - 1, most, most + 1, most + 2, 2 * most, 3*most + 7, 9 * most} {
		text := "id\n1\n" + `"` + strings.Repeat("\n", length-3) + "\"\n" + "2\n"
		for how, arrive := range portions {
			reading, _, err := readAll(p, record.CSV, bufio.NewReader(arrive(strings.NewReader(text))), &own)
			want, rows := "", int64(3)
			if length > most {
				want, rows = "record_bytes", 1
			}
			if got := overLimit(reading.Damage); err != nil || got != want || reading.Rows != rows {
				t.Errorf("a row of %d bytes, read %s: %d rows and %v, %v; want %d and the limit %q", length, how, reading.Rows, reading.Damage, err, rows, want)
			}
		}
	}
}

// checkPieces checks that the pieces of a rejected row are all of it.
func checkPieces(t *testing.T, name string, rejects []record.Reject, text string, start, length int) {
	t.Helper()
	at := int64(start)
	var all []byte
	for _, r := range rejects {
		if r.Row != 1 || r.Offset != at || !strings.Contains(r.Reason, "limits.record_bytes (65536)") {
			t.Errorf("%s: a piece of row %d at %d, %q; want row 1 at %d", name, r.Row, r.Offset, r.Reason, at)
		}
		at += int64(len(r.Bytes))
		all = append(all, r.Bytes...)
	}
	if string(all) != text[start:start+length] {
		t.Errorf("%s: %d bytes were set aside, want the %d bytes of the row", name, len(all), length)
	}
}

func readAll(p *record.Profile, f record.Format, in *bufio.Reader, l *record.Limits) (record.Reading, []record.Reject, error) {
	var rejects []record.Reject
	reading, err := p.Map(record.LegFields, l).Read(in, f, p.List, record.Visitor{
		Row: func(*record.Row) error { return nil },
		Reject: func(r record.Reject) error {
			r.Bytes = bytes.Clone(r.Bytes)
			rejects = append(rejects, r)
			return nil
		},
	})
	return reading, rejects, err
}

// zeros is content that packs well.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func bomb(t testing.TB, c record.Compression, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	if c == record.Gzip {
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
	for _, c := range []record.Compression{record.Gzip, record.Zstd} {
		stored := bomb(t, c, size)
		for _, l := range []struct {
			limits record.Limits
			want   string
			at     int64
		}{
			{record.DefaultLimits(), "unpacked_ratio", max(200*int64(len(stored)), 16<<20)},
			{record.Limits{UnpackedBytes: 1 << 20}, "unpacked_bytes", 1 << 20},
			{record.Limits{DocumentBytes: 1 << 20, UnpackedBytes: 1 << 21}, "document_bytes", 1 << 20},
			{record.Limits{UnpackedBytes: size}, "", size},
			{record.Limits{UnpackedBytes: size - 1}, "unpacked_bytes", size - 1},
		} {
			for how, arrive := range portions {
				s := record.Open(arrive(bytes.NewReader(stored)), int64(len(stored)), &l.limits)
				n, err := io.Copy(io.Discard, s)
				s.Close()
				if n != l.at || overLimit(err) != l.want || overLimit(s.Failed()) != l.want {
					t.Errorf("compression %d, read %s: %d bytes and %v, want %d and the limit %q", c, how, n, err, l.at, l.want)
				}
			}
		}
	}
}

func TestLimitOfContentLetsShortTextsRepeatThemselves(t *testing.T) {
	l := record.DefaultLimits()
	stored := bomb(t, record.Zstd, 16<<20)
	s := record.Open(bytes.NewReader(stored), int64(len(stored)), &l)
	defer s.Close()
	if n, err := io.Copy(io.Discard, s); n != 16<<20 || err != nil {
		t.Errorf("%d bytes of %d that are packed into %d: %v", n, 16<<20, len(stored), err)
	}
}
