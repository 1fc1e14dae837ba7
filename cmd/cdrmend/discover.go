package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"cdrmend/internal/bag"
	"cdrmend/internal/discover"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/report"

	"github.com/spf13/pflag"
)

var discoverCommand = command{
	name:    "discover",
	summary: "answer a discovery request: what it covers, and a production of it",
	usage:   "[OUTPUT_URL] [--request FILE] [TERMS] [--out PATH] [FLAGS]",
	text: `
Says which calls and recordings of the newest commits a request covers, and which of
them cannot be produced, with the reason. --out writes a production: a BagIt bag with
the metadata as it was exported and as it was repaired, the rows that concern it,
explanations, load files, an exception log with worksheets, the chain of custody and
what vouches for it.

  cdrmend discover --config cdrmend.yaml --user 4711 --from 2026-11-19 --to 2026-11-21 --zone America/New_York
  cdrmend discover --config cdrmend.yaml --request request.yaml --out production.zip
  cdrmend discover ./copy --number '*5550100' --verdict missing --out production/

A row is covered when it has one of the values of each term that is given, and
overlaps the span. So is what belongs to it: the recordings of a covered call, and the calls of a
covered recording. Times without an offset are those of --zone, else UTC. A telephone
number that begins with * stands for all that end like it.

--out takes a place that is empty, or one where the same production was begun: the
same command continues it, with the commits that it was begun with, and reads no
media again that is there in full, as far as a hash of it is known. An archive is
written anew. A place that is taken is named before anything is read.

Equal requests of equal commits give equal bytes, signatures aside. A name of a custodian
and the profile of the load file stand in a request file; flags add to it.

Exit codes: 0 done; 1 nothing is covered; 2 usage error, a request with a mistake, or
an --out that is taken; 3 failed: repeat the command to continue; 5 a committed file has
to be restored first.
`,
	flags: func(f *pflag.FlagSet) {
		outputFlags(f)
		f.String("request", "", "YAML file with the request")
		f.String("matter", "", "name or number of the matter")
		f.String("requester", "", "who asks")
		f.String("from", "", "day or time at which the span begins: 2026-11-19, or 2026-11-19T08:30")
		f.String("to", "", "day or time before which it ends")
		f.String("zone", "", "time zone of these, such as America/New_York")
		for _, word := range discover.Words {
			f.StringArray(word.Name, nil, word.Usage)
		}
		f.String("redact", "", "counsel (everything), ops (telephone numbers masked) or public (pseudonyms)")
		f.String("documents", "", "separate (none that also holds what is not covered) or whole")
		f.String("media", "none", "none, copy (into the production) or fetch (say where it is)")
		f.StringP("out", "o", "", "the production: a directory, a file that ends in .zip or .tar.gz, or s3://bucket/prefix/")
		f.StringArray("source", nil, "NAME=URL: the bucket or directory in which the keys of a source lie today; media.url for media")
		f.Bool("json", false, "print JSON")
		f.Bool("quiet", false, "show no progress")
	},
	run: discoverRequest,
}

func discoverRequest(ctx context.Context, w *world, flags *pflag.FlagSet) (int, error) {
	url, err := takeArguments(flags, flags.Args(), anOutput)
	if err != nil {
		return 0, err
	}
	path, _ := flags.GetString("request")
	request, err := discover.Load(path, func(r *discover.Request) { addTerms(flags, r) })
	if err != nil {
		return 0, usageError{err}
	}
	if request.Empty() {
		return 0, usagef("say what is asked for: --request FILE, terms such as --user ID, or --from and --to; see cdrmend discover --help")
	}
	media, err := mediaOf(flags)
	if err != nil {
		return 0, err
	}

	out, err := openOutput(ctx, w, flags, url)
	if err != nil {
		return 0, err
	}
	p, err := producer(ctx, w, flags, out, request)
	if err != nil {
		return 0, err
	}
	p.Media = media
	if to, _ := flags.GetString("out"); to != "" {
		if p.Bag, err = bagAt(ctx, to, url, out); err != nil {
			return 0, err
		}
		defer p.Bag.Discard()
	}
	answer, err := p.Run(ctx)
	if errors.Is(err, bag.ErrOccupied) {
		return 0, usagef("--out: %w", err)
	}
	if err != nil {
		return 0, err
	}
	code := exitDone
	if answer.Calls.Covered+answer.Recordings.Covered == 0 {
		code = exitFindings
	}
	return code, w.print(flags, answer, answer.Text())
}

// archives are what a production can be by the end of its name.
var archives = []archive{{".zip", bag.Zip}, {".tar.gz", bag.TarGzip}, {".tgz", bag.TarGzip}}

type archive struct {
	end  string
	open func(store object.Store, key, top, scratch string) (*bag.Writer, error)
}

// bagAt returns the writer of a bag at a path or URL, apart from the output, which has a URL or
// stands in the configuration.
func bagAt(ctx context.Context, to, url string, out *output) (*bag.Writer, error) {
	folder, file := strings.TrimSuffix(to, "/")+"/", ""
	end := slices.IndexFunc(archives, func(a archive) bool { return strings.HasSuffix(to, a.end) })
	if end >= 0 {
		file = path.Base(filepath.ToSlash(to))
		folder = cmp.Or(strings.TrimSuffix(to, file), "./")
	}

	t, err := policy.ParseTemplate(folder, "")
	if err == nil && !t.Fixed() {
		err = errors.New("it holds a placeholder")
	}
	if err != nil {
		return nil, usagef("--out %q is neither a path nor a URL such as s3://bucket/prefix/: %w", to, err)
	}
	if err := apartFromAll(t, file, url, out); err != nil {
		return nil, usagef("--out %q %w", to, err)
	}
	var s3 policy.S3
	if out.config != nil {
		s3 = out.config.Output.S3
	}
	store, err := openStore(ctx, t, s3, object.Options{MakeRoot: true})
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", to, err)
	}
	if end < 0 {
		return bag.InStore(store, t.Prefix(), out.Scratch), nil
	}
	return archives[end].open(store, t.Prefix()+file, strings.TrimSuffix(file, archives[end].end), out.Scratch)
}

// apartFromAll returns an error when a production would lie among the files of the output or of inputs.
func apartFromAll(folder policy.Template, file, url string, out *output) error {
	if out.config != nil {
		return policy.Apart(folder, file, out.config.Output.URL, out.config)
	}
	output, err := policy.ParseTemplate(url, "")
	if err != nil {
		return err
	}
	return policy.Apart(folder, file, output, nil)
}

// addTerms adds what flags say to a request.
func addTerms(flags *pflag.FlagSet, r *discover.Request) {
	for name, into := range map[string]*string{
		"matter": &r.Matter, "requester": &r.Requester, "from": &r.From, "to": &r.To, "zone": &r.Zone, "redact": &r.Redact, "documents": &r.Documents,
	} {
		if v, _ := flags.GetString(name); v != "" {
			*into = v
		}
	}
	for _, word := range discover.Words {
		values, _ := flags.GetStringArray(word.Name)
		r.Select.Add(word.Name, values...)
	}
}

func mediaOf(flags *pflag.FlagSet) (discover.Media, error) {
	name, _ := flags.GetString("media")
	media := discover.Media(name)
	if !slices.Contains([]discover.Media{discover.NoMedia, discover.CopyMedia, discover.FetchMedia}, media) {
		return media, usagef("--media %q is none of none, copy, fetch", name)
	}
	return media, nil
}

// producer returns what answers a request from an output.
func producer(ctx context.Context, w *world, flags *pflag.FlagSet, out *output, request *discover.Request) (*discover.Producer, error) {
	show, err := requestRedaction(out, request)
	if err != nil {
		return nil, err
	}
	places, err := sourcePlaces(flags)
	if err != nil {
		return nil, err
	}
	labels, expected, err := out.searchedFor(ctx, request)
	if err != nil {
		return nil, err
	}

	quiet, _ := flags.GetBool("quiet")
	log := w.logger(quiet)
	p := &discover.Producer{
		Out: &out.Output, Ledger: &ledger.Output{Store: out.Store, Root: out.Root, Keys: out.Keys}, Labels: labels, Expected: expected,
		Selection: discover.Select(request, show), Show: show, Tool: toolVersion(),
		Inputs: discover.Inputs{
			Concurrency: verifyConcurrency, Scratch: out.Scratch, Watch: w.progress(quiet),
			Warn: func(pack string, err error) {
				log.Warn("a pack of inputs is not what was committed: its inputs are requested from their sources", "pack", printable.Text(pack), "error", err)
			},
		},
	}
	if out.config != nil {
		p.Inputs.Base, p.Inputs.Concurrency = filepath.Dir(out.config.Path), out.config.Concurrency
	}
	p.Older = func(interval string, newest int64) {
		log.Warn("the production is continued with the commit that it was begun with, and the interval has a newer one: use another --out for a new production", "interval", interval, "newest", newest)
	}
	if out.config != nil {
		p.Signer = out.config.Signing.Signer
	}
	p.Inputs.Open = places.opener(out.config, object.NewLimiter(p.Inputs.Concurrency))
	return p, nil
}

// requestRedaction returns what a production may show: what the request says, and otherwise
// everything.
func requestRedaction(out *output, request *discover.Request) (policy.Report, error) {
	var show policy.Report
	if out.config != nil {
		show = out.config.Report
	}
	show.Redact = policy.RedactNothing
	if request.Redact != "" {
		show.Redact, _ = policy.ParseRedaction(request.Redact) // it was checked
	}
	if show.Redact == policy.RedactAll && show.PseudonymKey == nil {
		return show, usagef("redact: public needs a configuration with report.pseudonym_key: give --config FILE")
	}
	return show, nil
}

// searchedFor returns the intervals of an output that may have what a request asks for, and
// those that its span is made of, also those that are not there.
func (o *output) searchedFor(ctx context.Context, request *discover.Request) (searched []string, expected []policy.Interval, err error) {
	there, err := o.Labels(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, label := range slices.Backward(there) {
		newest, err := o.Newest(ctx, label)
		if err != nil {
			return nil, nil, err
		}
		if newest == nil {
			continue
		}
		var summary report.Summary
		if err := newest.Decode(ctx, report.SummaryFile, &summary); err != nil {
			return nil, nil, err
		}
		span, err := discover.IntervalOf(&summary)
		if err != nil {
			return nil, nil, fmt.Errorf("interval %s: %w", label, err)
		}
		if expected, err = discover.Expected(there, request.Span(), span.Duration()); err != nil {
			return nil, nil, usageError{err}
		}
		return discover.Labels(there, request.Span()), expected, nil
	}
	return nil, nil, errors.New("nothing is committed in " + o.url)
}
