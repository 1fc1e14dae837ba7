package ledger_test

import (
	"context"
	"fmt"
	"os"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// A run counts once a record names it; the next record names that one by hash.
func ExampleInterval_Commit() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := object.Open(ctx, object.Location{Dir: dir}, object.Options{})
	if err != nil {
		panic(err)
	}
	interval := (&ledger.Output{Store: store, Name: "night"}).Interval("2026-11-20")

	for _, run := range []string{"first", "second"} {
		head, err := interval.Newest(ctx)
		if err != nil {
			panic(err)
		}
		_, err = interval.Commit(ctx, ledger.Record{
			Format: ledger.RecordFormat, Number: head.Next(), Name: "night", Interval: "2026-11-20", RunID: run,
			Previous: head.SHA256, History: []ledger.File{}, Neighbours: []ledger.Neighbour{},
		})
		if err != nil {
			panic(err)
		}
	}

	commits, err := interval.Chain(ctx)
	if err != nil {
		panic(err)
	}
	for i, c := range commits {
		fmt.Println(c.Record.Number, c.Record.RunID, "names the one before:", i > 0 && c.Record.Previous == commits[i-1].SHA256)
	}
	// Output:
	// 1 first names the one before: false
	// 2 second names the one before: true
}
