package committed_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
	_ "cdrmend/internal/tempdir"
)

// metered is a store that counts the bytes that are read of objects.
type metered struct {
	object.Store
	opened, read atomic.Int64
}

func (m *metered) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	body, err := m.Store.Open(ctx, info, from)
	m.opened.Add(1)
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(body, m), body}, err
}

func (m *metered) Part(ctx context.Context, info object.Info, from int64, n int) ([]byte, error) {
	part, err := m.Store.Part(ctx, info, from, n)
	m.opened.Add(1)
	_, _ = m.Write(part)
	return part, err
}

func (m *metered) Get(ctx context.Context, key string) (object.Info, io.ReadCloser, error) {
	info, body, err := m.Store.Get(ctx, key)
	m.opened.Add(1)
	return info, struct {
		io.Reader
		io.Closer
	}{io.TeeReader(body, m), body}, err
}

func (m *metered) Write(b []byte) (int, error) {
	m.read.Add(int64(len(b)))
	return len(b), nil
}

// newMetered returns an output in a store that counts, and its counts.
func newMetered(t *testing.T, store object.Store) (*out, *metered) {
	o, m := newOut(t), &metered{Store: store}
	o.Store = m
	o.ledger = (&ledger.Output{Store: m, Root: o.Root, Name: "n"}).Interval(label)
	return o, m
}

// storesOf returns a store of each kind.
func storesOf(t *testing.T) map[string]object.Store {
	t.Helper()
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "out", objecttest.Plain)
	s3, err := object.Open(t.Context(), object.Location{Bucket: "out"}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]object.Store{"S3": s3, "directory": newOut(t).Store}
}

const outages = 100_000

func outageID(n int) string { return fmt.Sprintf("out-%016x", uint64(n+1)*0x9E3779B97F4A7C15) }

// commitMany commits a run with many outages in some formats, the history with
// them.
func (o *out) commitMany(formats ...string) *committed.Commit {
	o.t.Helper()
	var csv, parquet bytes.Buffer
	o.must(table.Write(table.Outages, func(yield func(*table.Row, error) bool) {
		var r table.Row
		for n := range outages {
			r.Reset(table.Outages)
			r.AddText(outageID(n))
			for range len(table.Outages.Columns) - 1 {
				r.AddNull()
			}
			if !yield(&r, nil) {
				return
			}
		}
	}, &csv, &parquet))

	run := o.ledger.NewRun("many", "")
	var history []ledger.File
	var sums []ledger.FileBlocks
	for _, format := range formats {
		spool := scratch.NewSpool("")
		if o.summed {
			spool.SumBlocks()
		}
		_, _ = spool.Write(map[string][]byte{".csv": csv.Bytes(), ".parquet": parquet.Bytes()}[format])
		o.must(run.Put(o.t.Context(), "outages"+format, spool))
		f, err := o.ledger.PutLog(o.t.Context(), "many.history"+format, spool)
		o.must(err)
		history = append(history, f)
		sums = append(run.Blocks(), ledger.FileBlocks{File: f, Sums: spool.Blocks()})
	}
	var named *ledger.File
	if o.summed {
		var err error
		named, err = o.ledger.PutBlocks(o.t.Context(), sums, "")
		o.must(err)
	}
	sum, err := run.Finish(o.t.Context(), nil)
	o.must(err)
	_, err = o.ledger.Commit(o.t.Context(), ledger.Record{
		Format: ledger.RecordFormat, Number: 1, Name: "n", Interval: label, RunID: "many", RunSHA256: sum,
		History: history, Neighbours: []ledger.Neighbour{}, Blocks: named,
	})
	o.must(err)

	c, err := o.Newest(o.t.Context(), label)
	o.must(err)
	return c
}

// replacing returns a copy of an output in which one object is another one, or is
// missing if content is nil.
func replacing(t *testing.T, o *out, key string, change func([]byte) []byte) *committed.Commit {
	t.Helper()
	other := committed.Output{Store: storeOf(t, o, key, change), Root: o.Root}
	c, err := other.Newest(t.Context(), label)
	o.must(err)
	return c
}

// storeOf returns such a copy.
func storeOf(t *testing.T, o *out, key string, change func([]byte) []byte) object.Store {
	t.Helper()
	other := newOut(t)
	for info, err := range o.Store.List(t.Context(), "") {
		o.must(err)
		body, err := o.Store.Open(t.Context(), info, 0)
		o.must(err)
		content, err := io.ReadAll(body)
		o.must(err)
		o.must(body.Close())
		if info.Key == key {
			content = change(content)
		}
		if content != nil {
			o.must(other.Store.Create(t.Context(), info.Key, object.ContentOf(content)))
		}
	}
	return other.Store
}
