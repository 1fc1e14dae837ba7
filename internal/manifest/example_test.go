package manifest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
	"cdrmend/manifests"
)

// A document is read with the places of what it lacks, and written again byte
// for byte but for the values that fill them.
func ExampleWrite() {
	text := []byte(`{"recordings": [ {"recording_id":"r1", "trunk_id": "", "x":1} ]}`)
	vendor, _ := manifests.Profile("cdrmend")
	p, err := profile.Load("cdrmend", vendor, "manifests")
	if err != nil {
		panic(err)
	}
	limits := stream.DefaultLimits()
	in := manifest.Input{Key: "a.json", Format: profile.JSON, Stream: stream.Open(bytes.NewReader(text), int64(len(text)), &limits)}
	in.Body = bufio.NewReader(in.Stream)
	batch, err := manifest.NewReader(p, intern.NewTable(), record.Of(record.TrunkID), &limits).Read(in)
	if err != nil {
		panic(err)
	}

	gap := &batch.Doc.Extra.Gaps[0]
	fmt.Println("entry", gap.Entry, "lacks", gap.Field)
	edits := []manifest.Edit{{Gap: gap, Value: "trunk-7"}}
	if err := manifest.Write(os.Stdout, bytes.NewReader(text), p, &batch.Doc, slices.Values(edits)); err != nil {
		panic(err)
	}
	// Output:
	// entry 0 lacks trunk_id
	// {"recordings": [ {"recording_id":"r1", "trunk_id": "trunk-7", "x":1} ]}
}
