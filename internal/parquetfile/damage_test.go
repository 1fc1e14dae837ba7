package parquetfile

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"

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
		if size >= 12 && !jsonscan.IsTruncated(reading.Damage) {
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
	if len(got) != whole || reading.Damage == nil || jsonscan.IsTruncated(reading.Damage) {
		t.Errorf("%d rows and damage %v, want %d rows and damage in the middle", len(got), reading.Damage, whole)
	}
}

func TestAFailingStoreIsNoDamage(t *testing.T) {
	file := manyTypes(t, 200)
	broken := errors.New("the disk is gone")
	for fail := range 40 {
		r := &failingAt{bytes.NewReader(file), fail, broken}
		reading, err := Read(fieldAt("/id"), r, int64(len(file)), rows.Visitor{Row: func(*rows.Row) error { return nil }})
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
	end, err := encodeFooter(&meta)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(end)
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
	m := rows.NewMapping(&profile.Profile{Fields: map[record.Field][]profile.Place{
		record.RecordingID: profile.At("/id"), record.TrunkID: profile.At("/trunk"), record.StartTime: profile.At("/start"), record.RecordingIDs: profile.At("/list"), record.Talk: profile.At("/group"), record.DurationMS: profile.At("/n"),
	}, Layouts: []string{record.TimeLayout}}, []record.Field{record.RecordingID, record.TrunkID, record.StartTime, record.RecordingIDs, record.Talk, record.DurationMS}, &defaults)
	edits := []Edit{{3, record.TrunkID, "t"}, {50, record.StartTime, "2026-11-23T08:00:00.000000Z"}, {50, record.DurationMS, "7"}}
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
		reading, err := Read(m, bytes.NewReader(b), int64(len(b)), rows.Visitor{Row: func(r *rows.Row) error {
			for f := range record.NumFields {
				if v := r.Value(f); v.Kind == jsonscan.List {
					for range v.Elements {
					}
				}
			}
			return nil
		}})
		if err != nil {
			t.Fatalf("round %d: %v is a failure to read, damage %v", round, err, reading.Damage)
		}
		Rewrite(m, io.Discard, bytes.NewReader(b), int64(len(b)), edits)
	}
}
