package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// playOtherConfiguration gives the workers a configuration that is not that of the plan,
// which ends the job as a whole, and then the right one.
func playOtherConfiguration(ctx context.Context, w *world, r *result) error {
	r.want = "Failed PodFailurePolicy, Complete"
	b, err := w.plan(ctx, "refused", "")
	if err != nil {
		return err
	}
	other, err := w.writeConfig("other", "    - {reason: outbound call, direction: outbound}\n")
	if err != nil {
		return err
	}
	if err := w.configure(ctx, other); err != nil {
		return err
	}
	if err := w.applyBackfill(ctx, b); err != nil {
		return err
	}
	if err := w.end(ctx, r, b.job, b.pods); err != nil {
		return err
	}
	c, err := w.store.committed(b.output)
	if err != nil {
		return err
	}
	if len(c.commits) > 0 {
		return fmt.Errorf("%d intervals were committed with another configuration", len(c.commits))
	}
	return w.again(ctx, r, b)
}

// again applies a job once more after its reason to fail was mended.
func (w *world) again(ctx context.Context, r *result, b *backfill, files ...string) error {
	if err := w.configure(ctx, b.config, files...); err != nil {
		return err
	}
	if err := w.deleteJob(ctx, b.job); err != nil {
		return err
	}
	if err := w.applyBackfill(ctx, b); err != nil {
		return err
	}
	if err := w.end(ctx, r, b.job, b.pods); err != nil {
		return err
	}
	return w.compare(r, b.output, w.days(0, nights))
}

// playDecision has somebody change the newest commit record of an output that is signed.
// The shard that it belongs to fails, as a person has to decide, and the others go on.
// Then the record is restored.
func playDecision(ctx context.Context, w *world, r *result) error {
	r.want = "Failed FailedIndexes, Complete"
	dir := w.path("configs", "decision")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	key := filepath.Join(dir, "signing.pem")
	if _, err := w.cdrmend(ctx, "keygen", "--out", key, "--public", filepath.Join(dir, "keys.jwks.json")); err != nil {
		return err
	}
	b, err := w.plan(ctx, "decision", "signing: {key: signing.pem}\n", key)
	if err != nil {
		return err
	}
	if _, err := w.cdrmend(ctx, "backfill", "run", "--config", b.config, "--plan", b.plan, "--index", fmt.Sprint(workers-1)); err != nil {
		return err
	}
	// No interval after the last one names its record.
	record := filepath.Join(w.store.root, outputs, b.output, "interval="+w.day(nights-1), "log", "00000001.json")
	restore, err := forge(record, w.path("record.json"))
	if err != nil {
		return err
	}
	if err := w.applyBackfill(ctx, b); err != nil {
		return err
	}
	if err := w.end(ctx, r, b.job, b.pods); err != nil {
		return err
	}
	j, err := w.job(ctx, b.job)
	if err != nil {
		return err
	}
	if j.Status.CompletedIndexes != "0-2" || j.Status.FailedIndexes == nil || *j.Status.FailedIndexes != "3" {
		return fmt.Errorf("completed indexes are %q, want 0-2, and the failed ones 3", j.Status.CompletedIndexes)
	}
	if err := restore(); err != nil {
		return err
	}
	return w.again(ctx, r, b, key)
}

// forge puts a file in place of a record that is signed, which says something else. It
// returns what puts the record back.
func forge(path, aside string) (restore func() error, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	const mark = `"payload": "`
	at := bytes.Index(text, []byte(mark))
	if at < 0 {
		return nil, fmt.Errorf("%s is not signed", path)
	}
	text[at+len(mark)+40] ^= 1 // another letter of the encoding
	// A new file, as the server keeps the checksum of an object with its file.
	if err := os.Rename(path, aside); err != nil {
		return nil, err
	}
	return func() error { return os.Rename(aside, path) }, os.WriteFile(path, text, 0o644)
}
