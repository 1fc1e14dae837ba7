package manifest_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/manifests"
)

// parquetRow is an entry as a warehouse would export it; the members of the
// JSON have the same names.
type parquetRow struct {
	Org          string     `parquet:"org_id" json:"org_id"`
	Recording    *string    `parquet:"recording_id,optional" json:"recording_id"`
	Conversation uuid       `parquet:"conversation_id,uuid" json:"conversation_id"`
	Trunk        *string    `parquet:"trunk_id,optional,dict,snappy" json:"trunk_id,omitempty"`
	Start        *time.Time `parquet:"start_time,optional,timestamp(microsecond)" json:"start_time"`
	End          *time.Time `parquet:"end_time,optional,timestamp(microsecond)" json:"end_time"`
	Duration     *int64     `parquet:"duration_ms,optional" json:"duration_ms"`
	ANI          string     `parquet:"ani,zstd" json:"ani"`
	MediaType    *string    `parquet:"media_type,optional" json:"media_type"`
	Users        []string   `parquet:"user_ids,list,optional" json:"user_ids"`
	Bytes        int64      `parquet:"media_bytes,delta" json:"media_bytes"`
}

type uuid [16]byte

func (u uuid) MarshalText() ([]byte, error) {
	h := hex.EncodeToString(u[:])
	return []byte(strings.ToUpper(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])), nil
}

func parquetRows(n int) []parquetRow {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	rows := make([]parquetRow, n)
	for i := range rows {
		r := &rows[i]
		r.Org, r.ANI, r.Bytes = "acme", fmt.Sprint("tel:+49-30-", i), int64(rng.IntN(1e9))
		if i%17 != 3 { // and else the nil UUID, which is missing
			r.Conversation = uuid{0: byte(i), 1: byte(i >> 8), 15: 7}
		}
		at := time.UnixMicro(1_795_420_800_123_456 + int64(i)*1e6).UTC()
		for bit, set := range []func(){
			func() { v := fmt.Sprint(" rec ", i, " "); r.Recording = &v },
			func() { v := fmt.Sprint("trunk-", i%3); r.Trunk = &v },
			func() { r.Start = &at },
			func() { v := at.Add(time.Minute); r.End = &v },
			func() { v := int64(60000) - int64(i%2)*70000; r.Duration = &v }, // a negative one does not parse
			func() { v := "Call"; r.MediaType = &v },
			func() { r.Users = []string{"u1", "", "u2", "u1"} },
		} {
			if rng.IntN(8) != 0 || bit == i%100 {
				set()
			}
		}
	}
	return rows
}

func asParquet(t *testing.T, rows []parquetRow) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetRow](&b, parquet.MaxRowsPerRowGroup(400), parquet.KeyValueMetadata("export", "nightly"))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ownProfile(t *testing.T) *profile.Profile {
	t.Helper()
	text, _ := manifests.Profile("cdrmend")
	p, err := profile.Load("cdrmend", text, "manifests")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var required = record.Of(record.RecordingID, record.ConversationID, record.TrunkID, record.StartTime, record.EndTime)

// read reads a document; stored is its content as the store has it.
func read(t *testing.T, texts *intern.Table, stored, content []byte, format profile.Format) *manifest.Batch {
	t.Helper()
	r := manifest.NewReader(ownProfile(t), texts, required, &limits)
	in := manifest.Input{Key: "a", StoredSize: int64(len(stored)), Stream: stream.Open(bytes.NewReader(stored), int64(len(stored)), &limits), Format: format}
	in.Body = bufio.NewReader(in.Stream)
	in.Reject = func(r rows.Reject) error { t.Errorf("rejected row %d: %s", r.Row, r.Reason); return nil }
	if format != profile.Parquet {
		b, err := r.Read(in)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var unpacked bytes.Buffer
	if _, err := unpacked.ReadFrom(in.Body); err != nil && !jsonscan.IsDamage(err) {
		t.Fatal(err)
	}
	if content == nil {
		content = unpacked.Bytes()
	}
	b, err := r.ReadParquet(in, bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParquetSaysWhatTheSameRowsSayAsJSONLines(t *testing.T) {
	rows := parquetRows(1000)
	var lines bytes.Buffer
	for _, r := range rows {
		if err := json.NewEncoder(&lines).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	texts := intern.NewTable()
	want := read(t, texts, lines.Bytes(), nil, profile.JSONLines)
	file := asParquet(t, rows)
	got := read(t, texts, file, nil, profile.Parquet)
	if diff := cmp.Diff(want.Entries, got.Entries) + cmp.Diff(want.Details, got.Details); diff != "" {
		t.Errorf("-JSON Lines +Parquet:\n%s", diff)
	}
	if diff := cmp.Diff(want.Doc.Extra.Invalid, got.Doc.Extra.Invalid); diff != "" || len(got.Doc.Extra.Invalid) == 0 {
		t.Errorf("values that do not parse (-JSON Lines +Parquet):\n%s", diff)
	}
	if got.Rows != 1000 || got.Doc.N != 1000 || len(got.Doc.Extra.Gaps) != 0 || got.Doc.Damaged() || !got.Doc.Writable() {
		t.Errorf("%d rows, document %+v, %+v", got.Rows, got.Doc, got.Doc.Extra)
	}
}

func TestAParquetDocumentThatCannotBeDecodedHasNoEntries(t *testing.T) {
	file := asParquet(t, parquetRows(100))
	for name, content := range map[string][]byte{
		"empty": nil, "other": []byte("no Parquet at all, but long enough"), "cut": file[:len(file)-1],
	} {
		b := read(t, intern.NewTable(), content, nil, profile.Parquet)
		want := &manifest.Break{}
		if diff := cmp.Diff(want, b.Doc.Extra.Malformed); diff != "" || b.Doc.N != 0 || !b.Doc.Damaged() || b.Doc.Writable() {
			t.Errorf("%s: %+v, -want +got:\n%s", name, b.Doc, diff)
		}
	}
}

func TestAParquetDocumentThatBreaksOffKeepsItsEntriesAndIsNotWritten(t *testing.T) {
	file := asParquet(t, parquetRows(1000))
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	chunk := f.Metadata().RowGroups[2].Columns[1].MetaData
	clear(file[chunk.DataPageOffset:][:chunk.TotalCompressedSize])
	b := read(t, intern.NewTable(), file, nil, profile.Parquet)
	want := &manifest.Break{Offset: int64(len(file)), Entries: 800}
	if diff := cmp.Diff(want, b.Doc.Extra.Malformed); diff != "" || b.Doc.N != 800 || b.Doc.Extra.Recovery != nil || b.Doc.Writable() {
		t.Errorf("%+v, -want +got:\n%s", b.Doc, diff)
	}
}

func TestACompressedParquetDocumentTellsItsStreamsDamage(t *testing.T) {
	rows := parquetRows(100)
	file := asParquet(t, rows)
	var packed bytes.Buffer
	w, _ := stream.Gzip.Compress(&packed)
	if _, err := w.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	stored := packed.Bytes()

	whole := read(t, intern.NewTable(), stored, nil, profile.Parquet)
	if whole.Doc.N != 100 || whole.Doc.Compression != stream.Gzip || whole.Doc.Damaged() {
		t.Errorf("whole: %+v", whole.Doc)
	}
	half := stored[:len(stored)/2]
	cut := read(t, intern.NewTable(), half, nil, profile.Parquet)
	want := &manifest.Break{Offset: int64(len(half))}
	if diff := cmp.Diff(want, cut.Doc.Extra.Truncated); diff != "" || cut.Doc.N != 0 || cut.Doc.Writable() {
		t.Errorf("cut: %+v, -want +got:\n%s", cut.Doc, diff)
	}
	stored[len(stored)-8] ^= 1
	summed := read(t, intern.NewTable(), stored, file, profile.Parquet)
	want = &manifest.Break{Offset: int64(len(file)), Entries: 100}
	if diff := cmp.Diff(want, summed.Doc.Extra.Malformed); diff != "" || !summed.Doc.Writable() {
		t.Errorf("wrong checksum: %+v, -want +got:\n%s", summed.Doc, diff)
	}
}

func TestRepairsOfAParquetDocumentAreReadBack(t *testing.T) {
	rows := parquetRows(1000)
	file := asParquet(t, rows)
	texts := intern.NewTable()
	before := read(t, texts, file, nil, profile.Parquet)
	edits, want := repairs(t, texts, before)
	if len(edits) < 100 {
		t.Fatalf("only %d repairs", len(edits))
	}
	var b bytes.Buffer
	if err := manifest.WriteParquet(&b, bytes.NewReader(file), int64(len(file)), ownProfile(t), slices.Values(edits)); err != nil {
		t.Fatal(err)
	}
	got := read(t, texts, b.Bytes(), nil, profile.Parquet)
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(before.Details, got.Details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}

// repairs fills every gap, and returns the entries that this should give.
func repairs(t *testing.T, texts *intern.Table, b *manifest.Batch) ([]manifest.Edit, []manifest.Row) {
	t.Helper()
	const at, id = "2026-11-23T09:00:00.654321Z", "6f0a0102-0304-0506-0708-090a0b0c0d0e"
	n := profile.Normalizer{Profile: ownProfile(t), Texts: texts}
	when, _ := n.Time(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(at)})
	var edits []manifest.Edit
	want := append([]manifest.Row(nil), b.Entries...)
	for i := range want {
		e := &want[i]
		for _, f := range manifest.Repairable {
			if !required.Has(f) || e.Has(f) {
				continue
			}
			value := id
			switch f {
			case record.RecordingID:
				e.Recording = texts.OfString(id)
			case record.ConversationID:
				e.Conversation = texts.OfString(id)
			case record.TrunkID:
				e.Trunk = texts.OfString(id)
			case record.StartTime:
				e.Start, value = when, at
			case record.EndTime:
				e.End, value = when, at
			}
			given := record.Fields(e.Present)
			given.Add(f)
			e.Present = uint32(given)
			edits = append(edits, manifest.Edit{Gap: &manifest.Gap{Entry: e.Index, Field: f}, Value: value})
		}
	}
	return edits, want
}
