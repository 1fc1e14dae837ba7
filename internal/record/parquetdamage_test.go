package record

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

func TestATruncatedParquetFileIsCut(t *testing.T) {
	file := manyTypes(t, 40)
	for size := range len(file) {
		got, reading := valuesOf(t, fieldAt("/id"), file[:size])
		if reading.Damage == nil || len(got) != 0 {
			t.Fatalf("cut to %d bytes: %d rows, damage %v", size, len(got), reading.Damage)
		}
		if size >= 12 && !IsCut(reading.Damage) {
			t.Fatalf("cut to %d bytes: %v is no cut", size, reading.Damage)
		}
	}
}

func TestRowsBeforeABrokenPageAreRead(t *testing.T) {
	file := manyTypes(t, 200)
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	last := f.Metadata().RowGroups[len(f.RowGroups())-1].Columns[0].MetaData
	clear(file[chunkStart(&last):][:last.TotalCompressedSize])
	got, reading := valuesOf(t, fieldAt("/id"), file)
	whole := 0
	for _, g := range f.RowGroups()[:len(f.RowGroups())-1] {
		whole += int(g.NumRows())
	}
	if len(got) != whole || reading.Damage == nil || IsCut(reading.Damage) {
		t.Errorf("%d rows and damage %v, want %d rows and damage in the middle", len(got), reading.Damage, whole)
	}
}

func TestAFailingStoreIsNoDamage(t *testing.T) {
	file := manyTypes(t, 200)
	broken := errors.New("the disk is gone")
	for fail := range 40 {
		r := &failingAt{bytes.NewReader(file), fail, broken}
		reading, err := fieldAt("/id").ReadParquet(r, int64(len(file)), Visitor{Row: func(*Row) error { return nil }})
		if r.left < 0 && (!errors.Is(err, broken) || reading.Damage != nil) {
			t.Fatalf("failure of read %d: error %v, damage %v", fail, err, reading.Damage)
		}
	}
}

type failingAt struct {
	io.ReaderAt
	left int
	err  error
}

func (f *failingAt) ReadAt(b []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(b, off)
}

func TestAFewBytesDoNotMakeManyRows(t *testing.T) {
	file := oneColumn(t, parquet.String(), parquet.ByteArrayValue([]byte("a")))
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	meta := *f.Metadata()
	meta.RowGroups[0].NumRows = 1 << 40
	b.Write(file[:chunkEnd(f)])
	s := splicer{w: &b}
	if err := s.footer(&meta); err != nil {
		t.Fatal(err)
	}
	got, reading := valuesOf(t, fieldAt("/x"), b.Bytes())
	if len(got) != 0 || reading.Damage == nil {
		t.Errorf("%d rows, damage %v", len(got), reading.Damage)
	}
}

// Room for so many elements is more than any machine has.
func TestAListIsNoLongerThanItsFooter(t *testing.T) {
	const secondField, manyStructs = 0x29, 0xfc
	var meta format.FileMetaData
	if _, err := decodeThrift([]byte{secondField, manyStructs, 0xff, 0xff, 0xff, 0xff, 0x07, 0}, &meta); err == nil || meta.Schema != nil {
		t.Errorf("error %v, room for %d elements", err, len(meta.Schema))
	}
}

func chunkEnd(f *parquet.File) int64 {
	meta := f.Metadata().RowGroups[0].Columns[0].MetaData
	return chunkStart(&meta) + meta.TotalCompressedSize
}

func TestCorruptParquetNeverPanics(t *testing.T) {
	file := manyTypes(t, 60)
	m := (&Profile{Fields: map[Field][]string{
		RecordingID: {"/id"}, TrunkID: {"/trunk"}, StartTime: {"/start"}, RecordingIDs: {"/list"}, Talk: {"/group"}, DurationMS: {"/n"},
	}, Layouts: []string{TimeLayout}}).Map([]Field{RecordingID, TrunkID, StartTime, RecordingIDs, Talk, DurationMS}, &defaults)
	edits := []ParquetEdit{{3, TrunkID, "t"}, {50, StartTime, "2026-11-23T08:00:00.000000Z"}, {50, DurationMS, "7"}}
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 600 {
		b := bytes.Clone(file)
		from := 0
		if round%2 == 0 {
			from = len(b) - 1500 // the footer
		}
		for range 1 + rng.IntN(4) {
			b[from+rng.IntN(len(b)-from)] = byte(rng.Uint32())
		}
		reading, err := m.ReadParquet(bytes.NewReader(b), int64(len(b)), Visitor{Row: func(r *Row) error {
			for f := range NumFields {
				if v := r.Value(f); v.Kind == List {
					for range v.Elements {
					}
				}
			}
			return nil
		}})
		if err != nil {
			t.Fatalf("round %d: %v is a failure to read, damage %v", round, err, reading.Damage)
		}
		m.RewriteParquet(io.Discard, bytes.NewReader(b), int64(len(b)), edits)
	}
}
