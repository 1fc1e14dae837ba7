package audit

import (
	"context"
	"fmt"
	"iter"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
)

// OutputObjects yields the objects that the records of some commits account for, each
// once. Days of retention count from the commit.
func OutputObjects(ctx context.Context, commits []*committed.Commit) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		shared := map[string]bool{} // packs, which serve several intervals
		for _, c := range commits {
			for key, err := range c.Objects(ctx) {
				if err != nil {
					yield(Object{}, fmt.Errorf("listing what interval %s has: %w", c.Record.Interval, err))
					return
				}
				if c.Shared(key) {
					if shared[key] {
						continue
					}
					shared[key] = true
				}
				if !yield(Object{Key: key, At: c.Record.Time}, nil) {
					return
				}
			}
			c.Close()
		}
	}
}

var (
	recordingMedia  = table.Recordings.Index("media_key")
	recordingStart  = table.Recordings.Index("start_time")
	recordingSource = table.Recordings.Index("source")
)

// MediaObjects yields the media objects that recordings of some commits name. Days of
// retention count from the start of the recording, or from the commit if nothing tells it.
func MediaObjects(ctx context.Context, commits []*committed.Commit) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for _, c := range commits {
			for row, err := range c.Table(ctx, table.Recordings) {
				if err != nil {
					yield(Object{}, fmt.Errorf("reading the recordings of interval %s: %w", c.Record.Interval, err))
					return
				}
				key := row.Text(recordingMedia)
				if key == "" {
					continue
				}
				if !yield(Object{Source: row.Text(recordingSource), Key: key, At: timeOf(row.Time(recordingStart), c.Record.Time)}, nil) {
					return
				}
			}
			c.Close()
		}
	}
}

func timeOf(t record.Time, otherwise time.Time) time.Time {
	if !t.Known() {
		return otherwise
	}
	return t.Std()
}
