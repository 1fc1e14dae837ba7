package reconcile_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/stream"
	"cdrmend/internal/synth"
)

var unlimited stream.Limits

// benchNight is a night of one manifest and one CDR file.
func benchNight(legs int) *synth.Night {
	n := &synth.Night{
		Day: nighttest.Midnight, Legs: legs, Profile: synth.Cdrmend, Manifests: synth.JSONLines, CDRs: synth.CSV,
		ManifestFiles: 1, CDRFiles: 1, Lines: 100,
	}
	n.Rates[synth.Lost], n.Rates[synth.MissingTrunk] = 0.01, 1
	return n
}

// evidenceOf reads a night that benchNight made.
func evidenceOf(b testing.TB, n *synth.Night) *evidence.Evidence {
	b.Helper()
	path := filepath.Join(b.TempDir(), "cdrmend.yaml")
	if err := os.WriteFile(path, n.Config(""), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg, err := policy.Load(path, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	texts := intern.NewTable()
	day := record.Span{Start: record.TimeOf(nighttest.Midnight), End: record.TimeOf(nighttest.Midnight.AddDate(0, 0, 1))}
	ev := &evidence.Evidence{
		Interval: day, Org: texts.OfString(cfg.Org), Texts: texts, Policy: &cfg.Policy,
		Registrations: evidence.Registrations{Index: registration.NewIndex(&registration.States{}), Lines: registration.NewLines(nil, texts)},
	}
	for o := range n.Objects() {
		kind := slices.IndexFunc(cfg.Sources, func(s policy.Source) bool { return strings.Contains(s.URL.String(), strings.SplitAfter(o.Key, "/")[0]) })
		if cfg.Sources[kind].Kind == policy.Registrations {
			continue
		}
		var text bytes.Buffer
		if err := o.Write(&text); err != nil {
			b.Fatal(err)
		}
		s, number := cfg.Sources[kind], uint32(len(ev.Sources))
		ev.Sources = append(ev.Sources, evidence.Source{Kind: s.Kind, Name: s.Name, Org: ev.Org, Profile: s.Profile, Required: s.Required, Settled: true})
		ev.Partitions = append(ev.Partitions, evidence.Partition{Source: number, Span: day})
		ev.Objects = append(ev.Objects, evidence.Object{Source: number, Key: o.Key, Partition: number, Tabular: true})
		if s.Kind == policy.Manifests {
			addEntries(b, ev, number, text.Bytes())
		} else {
			addLegs(b, ev, number, text.Bytes())
		}
	}
	return ev
}

func addEntries(b testing.TB, ev *evidence.Evidence, n uint32, text []byte) {
	b.Helper()
	in := manifest.Input{Key: ev.Objects[n].Key, Stream: stream.Open(bytes.NewReader(text), int64(len(text)), &unlimited), Format: profile.JSONLines}
	in.Body = bufio.NewReader(in.Stream)
	batch, err := manifest.NewReader(ev.Sources[n].Profile, ev.Texts, ev.Sources[n].Required, &unlimited).Read(in)
	if err != nil {
		b.Fatal(err)
	}
	batch.Doc.Object, batch.Doc.Partition = n, n
	ev.Documents = []manifest.Document{batch.Doc}
	for _, block := range batch.Blocks() {
		for i := range block {
			ev.Entries, ev.OfEntries = append(ev.Entries, block[i].Entry), append(ev.OfEntries, block[i].Particulars)
		}
	}
}

func addLegs(b testing.TB, ev *evidence.Evidence, n uint32, text []byte) {
	b.Helper()
	batch, err := cdr.NewReader(ev.Sources[n].Profile, ev.Texts, &unlimited).Read(bufio.NewReader(bytes.NewReader(text)), profile.CSV, nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := range batch.Legs {
		l := &batch.Legs[i]
		l.Org, l.Ref.Object = ev.Org, n
	}
	for _, l := range batch.Legs {
		ev.Legs, ev.Particulars, ev.Updated = append(ev.Legs, l.Shown), append(ev.Particulars, l.Particulars), append(ev.Updated, l.Updated)
	}
	ev.Recordings, ev.Talk, ev.Extras = batch.Recordings, batch.Talk, batch.Extras
}

// copied returns evidence of its own, as what is decided is filled into it.
func copied(ev *evidence.Evidence) *evidence.Evidence {
	again := *ev
	again.Documents, again.Entries, again.Legs = slices.Clone(ev.Documents), slices.Clone(ev.Entries), slices.Clone(ev.Legs)
	again.Updated = slices.Clone(ev.Updated)
	again.Particulars, again.Recordings = slices.Clone(ev.Particulars), slices.Clone(ev.Recordings)
	again.Partitions, again.Sources = slices.Clone(ev.Partitions), slices.Clone(ev.Sources)
	return &again
}

// BenchmarkMatch is everything between evidence and decision: matching,
// repairs, findings and verdicts.
func BenchmarkMatch(b *testing.B) {
	n := benchNight(100_000)
	if testing.Short() {
		n.Legs = 10_000
	}
	ev := evidenceOf(b, n)
	planted := n.Planted()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		again := copied(ev)
		b.StartTimer()
		d := reconcile.Decide(again, evidence.Spread{Part: len(ev.Entries), Each: nighttest.InOrder, Pause: func() {}})
		found := 0
		for range d.Findings {
			found++
		}
		if want := planted.Findings[synth.Finding{Class: "missing_recording"}] + planted.Entries; found != want {
			b.Fatalf("%d findings, want %d", found, want)
		}
	}
	b.ReportMetric(float64(n.Legs)*float64(b.N)/b.Elapsed().Seconds(), "legs/s")
}
