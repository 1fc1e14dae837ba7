//go:build goexperiment.jsonv2

package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
)

// floor is the least that any program can do that repairs manifests and says
// what it read: it reads and hashes every file of a night, checks that JSON is
// JSON, and writes the manifests back, hashed and synced. It takes the night
// and where to write.
func floor(ctx context.Context, args []string) error {
	dir, out := args[0], args[1]
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, kind := range []string{"manifests", "cdr", "registrations"} {
		paths, err := filepath.Glob(filepath.Join(dir, kind, "date=*", "*"))
		if err != nil || len(paths) == 0 {
			return fmt.Errorf("%d files of %s: %v", len(paths), kind, err)
		}
		for i, path := range paths {
			g.Go(func() error {
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				sha256.Sum256(content)
				if strings.HasSuffix(path, ".jsonl") {
					if err := check(content); err != nil {
						return fmt.Errorf("%s: %w", path, err)
					}
				}
				if kind != "manifests" {
					return nil
				}
				return writeBack(filepath.Join(out, fmt.Sprint(i)), content)
			})
		}
	}
	return g.Wait()
}

func check(content []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(content), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := d.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func writeBack(path string, content []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	sha256.Sum256(content)
	return errors.Join(err, f.Sync(), f.Close())
}
