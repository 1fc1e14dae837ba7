package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// bill returns the bill of materials of a program in CycloneDX: its modules with their
// hashes, and the version of Go.
func (b *builder) bill(ctx context.Context, program string) ([]byte, error) {
	path := filepath.Join(b.work, "bill.json")
	_, err := output(ctx, nil, filepath.Join(b.tools, "cyclonedx-gomod"),
		"bin", "-json", "-noserial", "-notimestamp", "-std", "-version", b.version, "-output", path, program)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return withoutToolHashes(text)
}

// withoutToolHashes leaves out the hashes of the program that wrote a bill: they depend
// on where it was compiled.
func withoutToolHashes(text []byte) ([]byte, error) {
	var bill map[string]any
	if err := json.Unmarshal(text, &bill); err != nil {
		return nil, fmt.Errorf("reading the bill of materials: %w", err)
	}
	metadata, _ := bill["metadata"].(map[string]any)
	tools, _ := metadata["tools"].([]any)
	if len(tools) == 0 {
		return nil, fmt.Errorf("the bill of materials does not name the tool that wrote it: look at its format")
	}
	for _, tool := range tools {
		if tool, ok := tool.(map[string]any); ok {
			delete(tool, "hashes")
		}
	}

	out, err := json.MarshalIndent(bill, "", "  ") // sorts members
	return append(out, '\n'), err
}
