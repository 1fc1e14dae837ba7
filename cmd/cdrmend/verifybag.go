package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"cdrmend/internal/bag"
	"cdrmend/internal/discover"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"

	"github.com/spf13/pflag"
)

// bagSuffixes are those of archives that verify takes for bags.
var bagSuffixes = []string{".zip", ".tar", ".tar.gz", ".tgz"}

// bagFlags are the flags of verify that say something about a bag, too; those of the log
// and --config, whose S3 settings open a bucket, are others.
var bagFlags = []string{"json", "quiet", "keys"}

// place is a bag to verify.
type place struct {
	bag.Tree
	close func() error
}

// findBag returns the bag that an argument of verify names, nil when it names none. What
// is not a bag is an output.
func findBag(ctx context.Context, w *world, flags *pflag.FlagSet, url string) (*place, error) {
	t, err := policy.ParseTemplate(url, "")
	if url == "" || err != nil || !t.Fixed() {
		return nil, nil // reading the output says what is wrong
	}

	if name := t.Dir(); name != "" {
		info, err := os.Stat(name)
		if err == nil && info.Mode().IsRegular() && isArchive(name) {
			archive, err := bag.OpenArchive(name)
			if err != nil {
				return nil, fmt.Errorf("opening the bag: %w", err)
			}
			return &place{archive, archive.Close}, nil
		}
	}

	var s3 policy.S3
	if path, _ := flags.GetString("config"); path != "" && t.Dir() == "" {
		cfg, err := loadConfig(w, flags)
		if err != nil {
			return nil, err
		}
		s3 = cfg.Output.S3
	}
	store, err := openStore(ctx, t, s3, object.Options{})
	if err != nil {
		return nil, fmt.Errorf("opening the output: %w", err)
	}
	if key := strings.TrimSuffix(t.Prefix(), "/"); t.Dir() == "" && isArchive(key) {
		p, err := fetchArchive(ctx, store, key)
		if !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
	}
	begun, err := bag.BegunIn(ctx, store, t.Prefix(), discover.BegunFile)
	if err != nil {
		return nil, fmt.Errorf("opening the output: %w", err)
	}
	if begun != nil {
		return nil, unfinished(store.String()+t.Prefix(), begun)
	}
	found, err := bag.Found(ctx, store, t.Prefix())
	if err != nil || !found {
		return nil, err
	}
	return &place{bag.Below(store, t.Prefix()), func() error { return nil }}, nil
}

// unfinished says how a production that was begun is completed.
func unfinished(place string, file []byte) error {
	b, err := discover.OpenBegun(file)
	if err != nil {
		return fmt.Errorf("%s has no bagit.txt, and its data/%s cannot be read: %w", place, discover.BegunFile, err)
	}
	return b.Unfinished(place)
}

// fetchedArchive is an archive that was read from a bucket.
type fetchedArchive struct {
	*bag.Archive
	url string
}

func (a fetchedArchive) String() string { return a.url }

// fetchArchive reads an archive from a bucket into a temporary file, as a zip has its list at
// its end, and is read several times.
func fetchArchive(ctx context.Context, store object.Store, key string) (*place, error) {
	_, body, err := store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	file, err := os.CreateTemp("", "cdrmend-bag-")
	if err != nil {
		return nil, fmt.Errorf("reading the bag: %w", err)
	}
	remove := func() error { return os.Remove(file.Name()) }
	if _, err := io.Copy(file, body); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the bag into a temporary file: %w; TMPDIR names a directory with room for it", err), file.Close(), remove())
	}
	if err := file.Close(); err != nil {
		return nil, errors.Join(err, remove())
	}
	archive, err := bag.OpenArchive(file.Name())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the bag: %w", err), remove())
	}
	return &place{fetchedArchive{archive, store.String() + key}, func() error { return errors.Join(archive.Close(), remove()) }}, nil
}

func isArchive(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(bagSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// verifyBag validates a bag and prints what was found.
func verifyBag(ctx context.Context, w *world, flags *pflag.FlagSet, p *place) (code int, err error) {
	defer func() { err = errors.Join(err, p.close()) }()
	if err := onlyBagFlags(flags, p); err != nil {
		return 0, err
	}

	keys, err := readKeys(flags)
	if err != nil {
		return 0, err
	}
	r, err := bag.Validate(ctx, p, "")
	if err != nil {
		return 0, err
	}
	production, err := discover.Check(ctx, p, keys, "")
	if err != nil {
		return 0, fmt.Errorf("reading the production: %w", err)
	}

	text := r.Text()
	switch {
	case production != nil:
		text += "\n" + production.Text()
	case keys != nil:
		text += "\nIt is no production of cdrmend: there is no signature that the keys could check.\n"
	}
	if err := w.print(flags, verifiedBag{r, production}, text); err != nil {
		return 0, err
	}
	switch {
	case r.State == bag.Invalid, production != nil && len(production.Problems) > 0:
		return exitFindings, nil
	case r.State == bag.Valid && (production != nil || keys == nil):
		return exitDone, nil
	}
	return exitFailed, nil
}

// verifiedBag is what verify prints of a bag.
type verifiedBag struct {
	*bag.Report
	Production *discover.Checked `json:"production,omitempty"` // nil: discover did not write it
}

// onlyBagFlags refuses flags that say something about an output.
func onlyBagFlags(flags *pflag.FlagSet, p *place) error {
	logging := pflag.NewFlagSet("", pflag.ContinueOnError)
	logFlags(logging)
	var wrong error
	flags.Visit(func(f *pflag.Flag) {
		remote := f.Name == "config" && strings.HasPrefix(p.String(), "s3://")
		if wrong == nil && !remote && !slices.Contains(bagFlags, f.Name) && logging.Lookup(f.Name) == nil {
			wrong = usagef("--%s is about an output of runs, and %s is a bag: leave it out", f.Name, p)
		}
	})
	return wrong
}
