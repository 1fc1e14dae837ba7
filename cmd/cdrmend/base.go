package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/policy"
)

// base is where a sample or synthetic night is written.
type base struct {
	store   object.Store
	prefix  string
	writers int    // how many objects are written at once
	dir     string // in which keys are files, empty in a bucket
}

// openBase makes the directory for a night's configuration, and opens where
// its objects go: to the same directory, or below a URL if there is one.
func openBase(ctx context.Context, dir, url string) (base, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return base{}, fmt.Errorf("making the directory of the night: %w; choose another with --dir", err)
	}
	t, err := policy.ParseTemplate(cmp.Or(url, dir), "")
	if err != nil {
		return base{}, usagef("--s3: %w", err)
	}

	store, err := openStore(ctx, t, policy.S3{}, object.Options{MakeRoot: true, Unsynced: true})
	return base{store, t.Prefix(), 32, t.Dir()}, err
}

func (b base) create(ctx context.Context, key string, c object.Content) error {
	if err := b.store.Create(ctx, b.prefix+key, c); err != nil {
		return fmt.Errorf("writing %s%s%s: %w", b.store, b.prefix, key, err)
	}
	return nil
}

// stamp sets the time at which an object was modified, in a directory. A bucket knows no
// time but its own.
func (b base) stamp(key string, at time.Time) error {
	if b.dir == "" {
		return nil
	}
	return os.Chtimes(filepath.Join(b.dir, filepath.FromSlash(b.prefix+key)), at, at)
}

// configIn returns where the configuration of a night is.
func configIn(dir string) string { return filepath.Join(dir, "cdrmend.yaml") }

func writeConfig(dir string, text []byte) (string, error) {
	config := configIn(dir)
	if err := os.WriteFile(config, text, 0o644); err != nil {
		return "", fmt.Errorf("writing the configuration of the night: %w", err)
	}
	return config, nil
}
