package verify

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/report"
	"cdrmend/internal/stream"

	"golang.org/x/sync/errgroup"
)

// comparison compares a committed run with the same run computed again.
type comparison struct {
	v      *Check
	r      *replayed
	again  *recomputed
	files  map[string]object.Info // of the run that was computed again, by path
	before map[string]ledger.File // of the committed run, by path
	after  map[string]ledger.File
}

func (v *Check) compareRuns(ctx context.Context, r *replayed, again *recomputed) error {
	c := &comparison{v: v, r: r, again: again, files: map[string]object.Info{}}
	for info, err := range again.store.List(ctx, again.prefix) {
		if err != nil {
			return err
		}
		c.files[strings.TrimPrefix(info.Key, again.prefix)] = info
	}

	info, ok := c.files["run.json"]
	if !ok {
		return errors.New(`"run.json" was not written when it was computed again`)
	}

	var m ledger.Manifest
	raw, err := content(ctx, again.store, info)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return err
	}

	c.before, c.after = byPath(r.manifest.Files), byPath(m.Files)
	if !again.sameBuild {
		v.note("interval %s was computed by build %q: its tables were compared cell by cell, its documents and rejects without compression, and its summary and reports not at all",
			r.chain.label, r.record.Tool)
	}

	if err := c.compareFiles(ctx); err != nil {
		return err
	}
	if err := c.compareHistory(ctx); err != nil {
		return err
	}

	v.count(func(rep *Report) { rep.Recomputed.Runs++ })
	return nil
}

func byPath(files []ledger.File) map[string]ledger.File {
	all := map[string]ledger.File{}
	for _, f := range files {
		all[f.Path] = f
	}
	return all
}

// compareFiles compares all files of both runs.
func (c *comparison) compareFiles(ctx context.Context) error {
	all := maps.Clone(c.before)
	maps.Copy(all, c.after)

	var others []func(context.Context) error
	for _, path := range slices.Sorted(maps.Keys(all)) {
		_, before := c.before[path]
		_, after := c.after[path]
		switch {
		case !after:
			c.differs(ResultLink, path, "it is not written when it is computed again")
		case !before:
			c.differs(ResultLink, path, "it is written when it is computed again, and was not committed")
		case schemaOf(path) == nil:
			others = append(others, func(ctx context.Context) error { return c.compareFile(ctx, path) })
		}
	}

	// Tables are compared row by row, whatever their format; all other files by
	// their contents.
	g, gctx := errgroup.WithContext(ctx)
	for _, s := range tables {
		g.Go(func() error { return c.compareTable(gctx, s) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return c.v.out.each(ctx, "comparing", others)
}

func (c *comparison) differs(link Link, path, format string, args ...any) {
	c.v.broken(c.r.chain, link, c.r.chain.prefix+c.r.folder+path, format, args...)
}

// compareFile compares a file that is not a table. Another build may compress
// differently, and say other things in its summary and its reports. Reports
// with pseudonyms cannot be compared without their key.
func (c *comparison) compareFile(ctx context.Context, path string) error {
	document := strings.HasPrefix(path, "manifests/")
	exact := document || strings.HasPrefix(path, "rejects/") || path == ledger.InputsFile
	key := &c.r.run.Config.Report

	switch {
	case !exact && !c.again.sameBuild:
		return nil
	case !exact && path != report.SummaryFile && key.PseudonymKeySHA256 != "" && key.PseudonymKey == nil:
		c.v.note("interval %s: its reports were not compared, as the key of their pseudonyms is not known", c.r.chain.label)
		return nil
	case c.before[path].SHA256 != c.after[path].SHA256:
		difference, err := c.difference(ctx, path)
		if err != nil {
			return err
		}
		if difference != "" {
			c.differs(ResultLink, path, "%s", difference)
			return nil
		}
	}

	c.v.count(func(r *Report) {
		if document {
			r.Recomputed.Documents++
		} else {
			r.Recomputed.Files++
		}
	})
	return nil
}

// difference returns where the contents of a file differ first. It is empty if
// only their compression differs, as that of another build may.
func (c *comparison) difference(ctx context.Context, path string) (string, error) {
	limits := &c.r.run.Config.Limits
	before, after := c.r.chain.objects[c.r.folder+path], c.files[path]

	want, err := c.v.out.Store.Open(ctx, before, 0)
	if err != nil {
		return "", err
	}
	defer want.Close()

	got, err := c.again.store.Open(ctx, after, 0)
	if err != nil {
		return "", err
	}
	defer got.Close()

	text, err := firstDifference(stream.Open(want, before.Size, limits), stream.Open(got, after.Size, limits))
	if text == "" && c.again.sameBuild {
		text = "its content is what is computed again, but not its compression, though the build is the same"
	}
	return text, err
}
