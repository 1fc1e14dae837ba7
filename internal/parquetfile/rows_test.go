package parquetfile

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"

	"github.com/parquet-go/parquet-go"
)

type manyRow struct {
	ID     [16]byte   `parquet:"id,uuid"`
	Trunk  *string    `parquet:"trunk,optional,dict,snappy"`
	Start  *time.Time `parquet:"start,optional,timestamp(microsecond),zstd"`
	Millis *time.Time `parquet:"millis,optional,timestamp(millisecond)"`
	Epoch  *int64     `parquet:"epoch,optional,gzip"`
	Nano   *int64     `parquet:"nano,optional,timestamp(nanosecond:local)"`
	N      *int32     `parquet:"n,optional"`
	F      *float64   `parquet:"f,optional"`
	List   []string   `parquet:"list,list,optional"`
	Group  *struct {
		A *string  `parquet:"a,optional"`
		B []string `parquet:"b,list,optional"`
	} `parquet:"group,optional"`
	Text string `parquet:"text,delta"`
	Size int64  `parquet:"size,delta,gzip"`
}

func manyTypes(t testing.TB, n int) []byte {
	rng := rand.New(rand.NewPCG(5, uint64(n)))
	rows := make([]manyRow, n)
	for i := range rows {
		r := &rows[i]
		r.ID[0], r.ID[15] = byte(i), 1
		r.Text, r.Size = fmt.Sprint("text ", i), int64(i*i)
		at := time.UnixMilli(1_795_420_800_000 + int64(i)*1000).UTC()
		if rng.IntN(3) > 0 {
			trunk, epoch, nano, number, f := fmt.Sprint("trunk ", i%5), at.UnixMilli(), at.UnixNano(), int32(i), float64(at.Unix())
			r.Trunk, r.Start, r.Millis, r.Epoch, r.Nano, r.N, r.F = &trunk, &at, &at, &epoch, &nano, &number, &f
		}
		for k := range rng.IntN(4) {
			r.List = append(r.List, fmt.Sprint(k))
		}
		if rng.IntN(2) == 0 {
			r.Group = new(struct {
				A *string  `parquet:"a,optional"`
				B []string `parquet:"b,list,optional"`
			})
			if rng.IntN(2) == 0 {
				r.Group.A, r.Group.B = &r.Text, r.List
			}
		}
	}
	return written(t, rows, parquet.MaxRowsPerRowGroup(37), parquet.PageBufferSize(300), parquet.DataPageVersion(1+n%2),
		parquet.KeyValueMetadata("who", "acme"), parquet.KeyValueMetadata("pandas", "{}"),
		parquet.BloomFilters(parquet.SplitBlockFilter(10, "id")))
}

var manyFields = &profile.Profile{
	Fields: map[record.Field][]profile.Place{
		record.RecordingID: profile.At("/absent", "/id"), record.TrunkID: profile.At("/trunk"), record.StartTime: profile.At("/start"), record.EndTime: profile.At("/epoch"),
		record.DurationMS: profile.At("/n"), record.ConversationID: profile.At("/group/a"),
	},
	Layouts: []string{record.TimeLayout},
	Zone:    time.FixedZone("east", 3600),
}
