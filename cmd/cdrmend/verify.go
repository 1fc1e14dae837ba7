package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/replay"
	"cdrmend/internal/timestamp"
	"cdrmend/internal/verify"

	"github.com/spf13/pflag"
)

var verifyCommand = command{
	name:    "verify",
	summary: "check what was committed: records, signatures, files, inputs, results",
	usage:   "[OUTPUT_URL|BAG] [INTERVAL] [FLAGS]",
	text: `
Follows the commit records of each interval, holds every file against its hash,
and names each link that is broken. With --keys the records must be signed by
one of these public keys, or a record that is must vouch for them. --inputs
holds the input objects against what was read, and names those that the run did
not list; --recompute computes the
newest run of each interval again from them, or that of --commit, and compares
every table and document. It needs no more than the output, or a copy of it, the inputs, and
public keys; what a run was computed from stands in the output. With --offline
not even the inputs are needed, as far as the output keeps them in packs: a run
with evidence: {keep: all} keeps all of them.

  cdrmend verify s3://acme-compliance/cdrmend/ --keys keys.jwks.json
  cdrmend verify ./copy 2026-11-20 --keys keys.jwks.json
  cdrmend verify --config cdrmend.yaml --inputs --recompute
  cdrmend verify --config cdrmend.yaml --interval 2026-11-20 --commit 1 --recompute
  cdrmend verify ./copy --keys keys.jwks.json --recompute --offline
  cdrmend verify --config cdrmend.yaml --head 3b7f…
  cdrmend verify ./copy --keys keys.jwks.json --timestamp-roots roots.pem
  cdrmend verify ./copy --inputs --source genesys=./recordings --source cdr=s3://cdr-copy/

The journal of the output names every record, so a record that was removed shows.
The last entries of the journal itself can still be lost unseen. Keep the SHA-256
of the newest entry, which run and verify print, in another place, and give it to
--head later.

--timestamp-roots checks the tokens of time-stamping authorities that lie beside
journal entries: each must be over its entry, signed by a certificate for
timestamps that one of these roots vouched for at that time, and no older than
the token before it.

--keys also names every record that is unsigned though one was signed before it,
and what a person adopted or disowned.

A BAG is a directory or s3://bucket/prefix/ with bagit.txt, or a .zip, .tar,
.tar.gz or .tgz. It is checked against RFC 8493 (BagIt), whoever wrote it, and needs
no configuration. Files that a bag leaves to be fetched are named and not checked.
Of a production of discover its signature and records are checked, too, and its load
files, exceptions and documents are held against its tables. One that was begun and
not completed is named as unfinished.

  cdrmend verify pack.zip
  cdrmend verify ./pack

Exit codes: 0 verified; 1 something is wrong; 2 usage error; 3 something could
not be checked, such as files of a bag that have to be fetched.
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration for the output's URL, S3 settings, relative paths of sources, and keys (or CDRMEND_CONFIG)")
		f.String("interval", "", "exactly this interval")
		f.String("from", "", "first interval; without it the oldest")
		f.String("to", "", "interval after the last; without it all")
		f.String("keys", "", "JWKS file with the public keys that may have signed")
		f.String("timestamp-roots", "", "PEM file with the roots of time-stamping authorities that are trusted: check the tokens of the journal")
		f.String("head", "", "SHA-256 of a journal entry that the output must still have")
		f.Bool("inputs", false, "hold the inputs of the newest commits against what was read")
		f.Bool("recompute", false, "compute the newest commits again, and compare")
		f.Bool("offline", false, "with --recompute: read no source, but the packs of inputs that the output keeps")
		f.Int64("commit", 0, "number of the commit that --inputs and --recompute check, with --interval; without it the newest")
		f.StringArray("source", nil, "NAME=URL: the bucket or directory in which the keys of a source lie today; media.url for media")
		f.String("retention-until", "", "everything must be retained by Object Lock until this day, such as 2033-11-20")
		f.Bool("json", false, "print the report as JSON")
		f.Bool("quiet", false, "show no progress")
		logFlags(f)
	},
	run: verifyOutput,
}

// verifyConcurrency is how many requests are in flight without a
// configuration.
const verifyConcurrency = 64

func verifyOutput(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	url, err := takeArguments(flags, flags.Args(), anOutput, anInterval)
	if err != nil {
		return 0, err
	}
	if p, err := findBag(ctx, w, flags, url); p != nil || err != nil {
		if err != nil {
			return 0, err
		}
		return verifyBag(ctx, w, flags, p)
	}

	places, err := sourcePlaces(flags)
	if err != nil {
		return 0, err
	}
	until, err := retentionUntil(flags)
	if err != nil {
		return 0, err
	}

	head, err := journalHead(flags)
	if err != nil {
		return 0, err
	}
	roots, err := timestampRoots(flags)
	if err != nil {
		return 0, err
	}

	out, err := openOutput(ctx, w, flags, url)
	if err != nil {
		return 0, err
	}

	// A link in the output is something to name, and never a way to other files.
	out.Store = object.WithoutLinks(out.Store)
	labels, err := out.chooseLabels(ctx, flags)
	if err != nil {
		return 0, err
	}

	// Without any interval, also in a span, the journal may still say what was removed.
	all := !flags.Changed("interval") && !flags.Changed("from") && !flags.Changed("to")

	quiet, _ := flags.GetBool("quiet")
	target := &verify.Output{
		Store: out.Store, Root: out.Root, Labels: labels, Keys: out.Keys, RetainUntil: until,
		All: all, Head: head, Roots: roots,
		Concurrency: verifyConcurrency, Watch: w.progress(quiet),
	}
	target.From, _ = flags.GetString("from")
	target.To, _ = flags.GetString("to")
	how, err := replayOf(flags, out.Scratch)
	if err != nil {
		return 0, err
	}

	// An output has only the digest of the key that pseudonyms in its reports are
	// made with. The key itself comes from the configuration.
	if out.config != nil {
		target.Concurrency, how.Base, how.Report = out.config.Concurrency, filepath.Dir(out.config.Path), out.config.Report
	}
	how.Open = places.opener(out.config, object.NewLimiter(target.Concurrency))
	return verifyAndPrint(ctx, w, flags, target, how)
}

// replayOf returns how the flags want runs to be computed again.
func replayOf(flags *pflag.FlagSet, scratch string) (*verify.Replay, error) {
	how := &verify.Replay{Tool: toolVersion(), Scratch: scratch}
	how.Inputs, _ = flags.GetBool("inputs")
	how.Recompute, _ = flags.GetBool("recompute")
	how.Offline, _ = flags.GetBool("offline")
	if how.Offline && (how.Inputs || !how.Recompute || flags.Changed("source")) {
		return nil, usagef("--offline goes with --recompute, and with neither --inputs nor --source: it reads no source")
	}
	how.Commit, _ = flags.GetInt64("commit")
	if flags.Changed("commit") && (how.Commit < 1 || !flags.Changed("interval") || !how.Inputs && !how.Recompute) {
		return nil, usagef("--commit takes a number from 1 on, and goes with an interval and with --inputs or --recompute")
	}
	return how, nil
}

func verifyAndPrint(ctx context.Context, w *world, flags *pflag.FlagSet, target *verify.Output, how *verify.Replay) (int, error) {
	check, err := verify.Ledger(ctx, target)
	if err == nil && (how.Inputs || how.Recompute) {
		err = check.Replay(ctx, how)
	}
	if err != nil {
		return 0, err
	}

	r := check.Finish()
	text := safe(r.Text())
	if asJSON, _ := flags.GetBool("json"); asJSON {
		if text, err = jsonText(r); err != nil {
			return 0, err
		}
	}

	fmt.Fprint(w.stdout, text)
	switch {
	case len(r.Problems) > 0:
		return exitFindings, nil
	case !r.Verified:
		return exitFailed, nil
	}

	return exitDone, nil
}

// timestampRoots reads the file of --timestamp-roots, nil without one.
func timestampRoots(flags *pflag.FlagSet) (*timestamp.Roots, error) {
	name, _ := flags.GetString("timestamp-roots")
	if name == "" {
		return nil, nil
	}
	file, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("--timestamp-roots: %w", err)
	}
	roots, err := timestamp.ParseRoots(file)
	if err != nil {
		return nil, usagef("--timestamp-roots %s: %w", name, err)
	}
	return roots, nil
}

func journalHead(flags *pflag.FlagSet) (string, error) {
	text, _ := flags.GetString("head")
	if b, err := hex.DecodeString(text); err != nil || len(b) != 0 && len(b) != sha256.Size {
		return "", usagef("--head %q is no SHA-256 in hexadecimal, as run and verify print it", text)
	}
	return strings.ToLower(text), nil
}

func retentionUntil(flags *pflag.FlagSet) (time.Time, error) {
	text, _ := flags.GetString("retention-until")
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return until, usagef("--retention-until %q is no day like 2033-11-20", text)
	}
	return until, nil
}

// places holds the bucket or directory in which the keys of a source are, by the
// name of the source.
type places map[string]policy.Template

func sourcePlaces(flags *pflag.FlagSet) (places, error) {
	list, _ := flags.GetStringArray("source")
	all := places{}
	for _, text := range list {
		name, url, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, usagef("--source is not NAME=URL")
		}
		t, err := policy.ParseTemplate(url, "")
		if err == nil && (!t.Fixed() || t.Prefix() != "") {
			err = errors.New("it is neither a whole bucket nor a directory")
		}
		if err != nil {
			return nil, usagef("--source %s: %w", name, err)
		}
		all[name] = t
	}

	return all, nil
}

// opener returns a function that opens a source where --source says, else where
// the run read it. The S3 settings are those of the configuration for a source of
// that name.
func (p places) opener(cfg *policy.Config, limiter *object.Limiter) replay.OpenSource {
	return func(ctx context.Context, name string, url policy.Template, versions bool) (object.Store, error) {
		var s3 policy.S3
		if cfg != nil {
			s3 = cfg.Media.S3 // media is no source, so its name is not found below
			if i := slices.IndexFunc(cfg.Sources, func(s policy.Source) bool { return s.Name == name }); i >= 0 {
				s3 = cfg.Sources[i].S3
			}
		}

		if other, ok := p[name]; ok {
			url = other
		}
		return openStore(ctx, url, s3, object.Options{Versions: versions, Limiter: limiter})
	}
}
