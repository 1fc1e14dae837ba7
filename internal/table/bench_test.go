package table

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"cdrmend/internal/record"
)

// night is a table of calls as a large contact centre has them: random ids,
// twenty thousand lines, a few files, sorted by time.
type night struct {
	rows  int
	lines [][]byte
	keys  [][]byte
}

func newNight(rows int) night {
	n := night{rows: rows}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		n.lines = append(n.lines, appendUUID(nil, rng))
	}
	for hour := range 24 {
		n.keys = append(n.keys, fmt.Appendf(nil, "date=2026-11-20/hour=%02d/part-000.csv.gz", hour))
	}
	return n
}

func appendUUID(b []byte, rng *rand.Rand) []byte {
	var raw [16]byte
	hi, lo := rng.Uint64(), rng.Uint64()
	for i := range 8 {
		raw[i], raw[i+8] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	for i, part := range [][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// calls builds each row anew in one Row, from ids that are there already, as
// the job does.
func (n night) calls() Rows {
	rng := rand.New(rand.NewPCG(3, 4))
	var ids []byte
	for range 2 * n.rows {
		ids = appendUUID(ids, rng)
	}
	return func(yield func(*Row, error) bool) {
		var r Row
		for i := range n.rows {
			conversation, leg := i-i%3%2, n.rows+i
			n.call(&r, i, ids[36*conversation:][:36], ids[36*leg:][:36])
			if !yield(&r, nil) {
				return
			}
		}
	}
}

func (n night) call(r *Row, i int, conversation, leg []byte) {
	const midnight = record.Time(1_795_132_800_000_000)
	random := uint64(i+1) * 0x9E3779B97F4A7C15
	draw := func(n int) int {
		random ^= random >> 29
		random *= 0xBF58476D1CE4E5B9
		return int((random >> 33) % uint64(n))
	}
	start := midnight + record.Time(i)*86_400_000_000/record.Time(n.rows)
	length, line, verdict := record.Time(draw(1_800_000))*1000, draw(len(n.lines)), draw(100)
	var number [20]byte
	r.Reset(Calls)
	r.AddText("9fb897d6-d500-9c63-2b07-b26e8cf0c9ae")
	r.AddBytes(conversation)
	r.AddBytes(leg)
	r.AddBytes(n.lines[line%40])
	r.AddBytes(n.lines[line])
	r.AddText([]string{"inbound", "outbound", "internal"}[draw(3)])
	r.AddBytes(strconv.AppendInt(number[:0], 49_301_000_000+int64(draw(9_000_000)), 10))
	r.AddBytes(strconv.AppendInt(number[:0], 49_891_000_000+int64(draw(50)), 10))
	r.AddBytes(n.lines[line])
	r.AddText("")
	r.AddTime(start)
	r.AddTime(start + record.Time(draw(20_000))*1000)
	r.AddTime(start + length)
	r.AddText([]string{"complete", "missing", "partial", "repaired"}[max(0, verdict-96)])
	r.AddText("")
	r.AddText("id")
	r.AddText("id")
	r.AddInt(1)
	r.AddInt(int64(length) / 1000)
	r.AddInt(0)
	if verdict < 98 {
		r.AddNull()
		r.AddNull()
		r.AddText("none")
		r.AddNull()
	} else {
		r.AddBytes(n.lines[line%97][:20])
		r.AddText("token_expired")
		r.AddText("inside")
		r.AddInt(int64(draw(60_000)))
	}
	r.AddText("cdr")
	r.AddBytes(n.keys[int(start/3_600_000_000)%24])
	r.AddInt(int64(draw(50_000)))
}

type countingWriter int64

func (c *countingWriter) Write(b []byte) (int, error) {
	*c += countingWriter(len(b))
	return len(b), nil
}

func benchmarkWrite(b *testing.B, write func(io.Writer, *Schema, Rows) error) {
	n := newNight(1_000_000)
	if testing.Short() {
		n.rows = 10_000
	}
	rows := n.calls()
	var size countingWriter
	b.ReportAllocs()
	for b.Loop() {
		size = 0
		if err := write(&size, Calls, rows); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(size)/float64(n.rows), "bytes/row")
}

func BenchmarkWriteParquetCalls(b *testing.B) { benchmarkWrite(b, WriteParquet) }

func BenchmarkWriteCSVCalls(b *testing.B) { benchmarkWrite(b, WriteCSV) }
