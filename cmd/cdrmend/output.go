package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/token"

	"github.com/spf13/pflag"
)

// output is an output that a command reads, and how its files are named.
type output struct {
	committed.Output
	url    string         // for messages
	base   string         // prefix of the names of files: a directory's path or a bucket's URL
	config *policy.Config // nil when only a URL was given
}

func outputFlags(f *pflag.FlagSet) {
	f.String("config", "", "configuration that names the output, when no OUTPUT_URL is given (or CDRMEND_CONFIG)")
	f.String("keys", "", "JWKS file with the public keys that may have signed commit records; others are refused")
	logFlags(f)
}

// openOutput opens the output that an argument names, or else the
// configuration.
func openOutput(ctx context.Context, w *world, flags *pflag.FlagSet, url string) (*output, error) {
	o := &output{}
	var err error
	var t policy.Template
	var s3 policy.S3

	// A URL needs no configuration. With --config it takes the S3 settings, the
	// keys and the scratch directory from there; CDRMEND_CONFIG alone does not
	// count, as it may be about another output.
	if path, _ := flags.GetString("config"); url == "" || path != "" {
		cfg, err := loadConfig(w, flags)
		if err != nil {
			return nil, err
		}
		o.config, o.Scratch = cfg, cfg.Scratch
		t, s3 = cfg.Output.URL, cfg.Output.S3
	}
	if o.Keys, err = signatureKeys(flags, o.config); err != nil {
		return nil, err
	}

	if url != "" {
		if t, err = policy.ParseTemplate(url, ""); err == nil && !t.Fixed() {
			err = errors.New("it holds a placeholder")
		}
		if err != nil {
			return nil, usagef("OUTPUT_URL is not valid, want one such as s3://bucket/prefix/ or a directory: %w", err)
		}
	}

	store, err := openStore(ctx, t, s3, object.Options{})
	if err != nil {
		return nil, fmt.Errorf("opening the output: %w", err)
	}

	o.Store, o.Root = store, t.Prefix()
	o.url, o.base = store.String()+t.Prefix(), store.String()
	if t.Dir() != "" { // programs that get the paths may run in another directory
		if o.base, err = filepath.Abs(t.Dir()); err != nil {
			return nil, err
		}
		o.base += string(filepath.Separator)
	}
	return o, nil
}

// openIntervals opens an output as openOutput does, and returns the intervals of it
// that the flags choose, too.
func openIntervals(ctx context.Context, w *world, flags *pflag.FlagSet, url string) (*output, []string, error) {
	out, err := openOutput(ctx, w, flags, url)
	if err != nil {
		return nil, nil, err
	}
	labels, err := out.chooseLabels(ctx, flags)
	return out, labels, err
}

// signatureKeys returns the keys that may have signed commit records: those of
// --keys, else those of the configuration, else nil.
func signatureKeys(flags *pflag.FlagSet, cfg *policy.Config) (*token.Keys, error) {
	keys, err := readKeys(flags)
	if keys != nil || err != nil || cfg == nil {
		return keys, err
	}
	return cfg.Signing.Keys, nil
}

// path returns a file of the output as people and other programs name it.
func (o *output) path(key string) string {
	// In a bucket the slashes are part of the key.
	if o.Store.String() == o.base {
		return o.base + key
	}
	return o.base + filepath.FromSlash(key)
}

// chooseLabels returns the intervals of the output that --interval, or --from
// and --to, name; without these all of them.
func (o *output) chooseLabels(ctx context.Context, flags *pflag.FlagSet) ([]string, error) {
	one, _ := flags.GetString("interval")
	from, _ := flags.GetString("from") // not every command has these two
	to, _ := flags.GetString("to")
	if one != "" && (from != "" || to != "") {
		return nil, usagef("--interval goes with neither --from nor --to")
	}

	// A list, not a map: of two wrong flags always the same one is reported.
	for _, f := range []struct{ flag, label string }{{"--interval", one}, {"--from", from}, {"--to", to}} {
		if _, ok := policy.ParseLabel(f.label); f.label != "" && !ok {
			return nil, usagef("%s %q is no date like 2026-11-20, or 2026-11-20T08", f.flag, f.label)
		}
	}

	if one != "" {
		return []string{one}, nil
	}
	all, err := o.Labels(ctx)
	if err != nil {
		return nil, err
	}

	// The order of labels as texts is that of their times.
	return slices.DeleteFunc(all, func(label string) bool { return label < from || to != "" && label >= to }), nil
}
