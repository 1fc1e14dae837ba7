package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/outside"
	"cdrmend/internal/synth"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// nightsInARow are the flags of three nights for each way to deliver some. Rates are
// high, so that many of the few calls that last over midnight have a defect.
var nightsInARow = map[string]string{
	"lines":               manyDefects + " --legs 1600 --files 5 --cdr-files 3",
	"damaged batches":     manyDefects + " --legs 1600 --files 5 --cdr-files 3 --manifests json --rejected 0.1 --truncated-batch 0.4 --export-failed 0.4 --margins",
	"hours":               manyDefects + " --legs 1600 --manifests json --hourly --files 48 --truncated-batch 0.2 --export-failed 0.2 --margins",
	"parquet":             manyDefects + " --legs 800 --manifests parquet --files 3 --cdr-files 2",
	"sidecars":            manyDefects + " --legs 800 --profile genesys-cloud --truncated 0.03 --metadata-lost 0.03",
	"sidecars and media":  manyDefects + " --legs 400 --profile genesys-cloud --cdrs csv --truncated 0.03 --metadata-lost 0.03 --media --media-lost 0.05" + mediaDefects + " --media-short 0.03",
	"lines and media":     manyDefects + " --legs 800 --files 5 --cdr-files 3 --media --media-short 0.03" + mediaDefects,
	synth.AmazonConnect:   vendorFlags(synth.AmazonConnect),
	synth.Asterisk:        vendorFlags(synth.Asterisk),
	synth.FreePBX:         vendorFlags(synth.FreePBX) + " --margins",
	synth.FreeSWITCH:      vendorFlags(synth.FreeSWITCH),
	synth.Twilio:          vendorFlags(synth.Twilio),
	"sidecars of an hour": "--legs 300 --profile genesys-cloud --only --lost 0.5",
}

func vendorFlags(vendor string) string {
	return "--only --profile " + vendor + " --lines 16 --legs 500 --files 3 --cdr-files 2 " + vendorDefects[vendor]
}

// TestARunFindsWhatWasPlantedInEachNight runs three nights in a row. Calls last from
// one into the next.
func TestARunFindsWhatWasPlantedInEachNight(t *testing.T) {
	outside.Long(t)
	for name, flags := range nightsInARow {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append(strings.Fields(flags), "--nights", "3")
			dir := t.TempDir()
			cdrmend(t, append([]string{"synth", "--dir", dir}, args...)...)

			n, overnight := nightFrom(t, args), 0
			for night := range 3 {
				interval := n.Day.AddDate(0, 0, night).Format(time.DateOnly)
				got := foundIn(t, filepath.Join(dir, "cdrmend.yaml"), dir, interval, "2026-11-24T00:00:00Z")
				want := n.PlantedIn(night)
				if got.Lapses > want.Lapses {
					t.Errorf("%s: a run shows %d lapses, of %d", interval, got.Lapses, want.Lapses)
				}
				want.Lapses = got.Lapses
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("%s of cdrmend synth %s (-planted +found):\n%s", interval, strings.Join(args, " "), diff)
				}
				for _, leg := range readCSV(t, dir, "calls") {
					if leg["end_time"] > interval+"T24" {
						overnight++
					}
				}
				if wanted := n.VerdictsIn(night); wanted != nil {
					if diff := gocmp.Diff(inOrder(wanted), verdictsIn(t, dir)); diff != "" {
						t.Errorf("%s of cdrmend synth %s, verdicts (-planted +found):\n%s", interval, strings.Join(args, " "), diff)
					}
				}
			}
			if overnight < 3 {
				t.Errorf("%d legs of cdrmend synth %s end after midnight, so this proves little", overnight, strings.Join(args, " "))
			}
		})
	}
}

// TestLateObjectsArriveAfterOthersAndReplaceNone writes three nights as they arrive, and
// runs the job each morning as one would. In the end it has found in each night what was
// planted, and committed what a single run over everything comes to.
func TestLateObjectsArriveAfterOthersAndReplaceNone(t *testing.T) {
	outside.Long(t)
	for name, flags := range map[string]string{
		"sidecars":         manyDefects + " --legs 200 --profile genesys-cloud --media --media-lost 0.05 --metadata-lost 0.03 --truncated 0.03",
		"lines":            manyDefects + " --legs 200 --files 20 --cdr-files 3",
		synth.FreePBX:      vendorFlags(synth.FreePBX),
		synth.Twilio:       vendorFlags(synth.Twilio) + " --files 40",
		"margins, batches": "--only --legs 200 --manifests json --files 20 --cdr-files 3 --margins --lost 0.1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append(strings.Fields(flags), "--nights", "3", "--late", "0.2")
			n, dir, whole := nightFrom(t, args), t.TempDir(), t.TempDir()
			config := filepath.Join(dir, "cdrmend.yaml")
			cdrmend(t, append([]string{"synth", "--dir", whole}, args...)...)
			want := stampedFiles(t, whole)

			had, sizes := map[string]stamped{}, map[int]bool{}
			for morning := 1; morning <= 7; morning++ {
				by := n.Day.AddDate(0, 0, morning).Add(6 * time.Hour)
				cdrmend(t, append([]string{"synth", "--dir", dir, "--arrived-by", by.Format(time.RFC3339)}, args...)...)
				had = checkArrived(t, want, had, dir, by)
				sizes[len(had)] = true
				if morning <= 6 {
					cdrmend(t, "run", "--config", config, "--as-of", by.Format(time.RFC3339), "--output", filepath.Join(dir, "mornings"), "--fail-on", "none", "--quiet")
				}
			}
			if len(had) != len(want) || len(sizes) < 4 { // three for the nights, and one for what is late
				t.Errorf("after seven mornings, in %d steps, there are %d files; all at once %d", len(sizes), len(had), len(want))
			}

			for night := range 3 {
				interval := n.Day.AddDate(0, 0, night).Format(time.DateOnly)
				got := foundIn(t, config, dir, interval, n.Settles().Format(time.RFC3339))
				wanted := n.PlantedIn(night)
				wanted.Lapses = got.Lapses
				if diff := gocmp.Diff(wanted, got); diff != "" {
					t.Errorf("%s of cdrmend synth %s (-planted +found):\n%s", interval, strings.Join(args, " "), diff)
				}

				// The run has the id of one of the mornings', so it has its bytes.
				runs, err := filepath.Glob(filepath.Join(dir, "out", "interval="+interval, "runs", "*"))
				if err != nil || len(runs) != 1 {
					t.Fatalf("%s has the runs %q: %v", interval, runs, err)
				}
				mornings, err := filepath.Glob(filepath.Join(dir, "mornings", "interval="+interval, "runs", "*"))
				if err != nil || len(mornings) < 2 || !slices.ContainsFunc(mornings, func(run string) bool { return filepath.Base(run) == filepath.Base(runs[0]) }) {
					t.Errorf("%s has the runs %q of six mornings, want several and %q: %v", interval, mornings, runs[0], err)
				}
			}
		})
	}
}

// checkArrived returns the files that are there at a time of those wanted in the end. What
// was there a day before is unchanged, and what is new has arrived since.
func checkArrived(t *testing.T, want, had map[string]stamped, dir string, by time.Time) map[string]stamped {
	t.Helper()
	has := stampedFiles(t, dir)
	for key, f := range has {
		if f != want[key] {
			t.Errorf("%s is %v by %s, and %v of all at once", key, f, by, want[key])
		}
		if _, ok := had[key]; key != "cdrmend.yaml" && (f.at.After(by) || len(had) > 0 && !ok && !f.at.After(by.AddDate(0, 0, -1))) {
			t.Errorf("%s comes by %s, and was to arrive at %s", key, by, f.at)
		}
	}
	for key := range had {
		if _, ok := has[key]; !ok {
			t.Errorf("%s is gone by %s", key, by)
		}
	}
	return has
}

// stamped is a file: its content, and when it was modified.
type stamped struct {
	sum string
	at  time.Time
}

// stampedFiles returns the files of nights by key, without results. The configuration has
// no time.
func stampedFiles(t *testing.T, dir string) map[string]stamped {
	t.Helper()
	found := map[string]stamped{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "mornings" || d.Name() == "out") {
			return cmp.Or(err, fs.SkipDir)
		}
		if d.IsDir() {
			return nil
		}

		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		key := strings.TrimPrefix(path, dir+string(filepath.Separator))
		f := stamped{fmt.Sprintf("%x", sha256.Sum256(content)), info.ModTime().UTC()}
		if key == "cdrmend.yaml" {
			f.at = time.Time{}
		}
		found[key] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// nightFrom returns the nights that flags describe.
func nightFrom(t *testing.T, args []string) *synth.Night {
	t.Helper()
	flags := pflag.NewFlagSet("synth", pflag.ContinueOnError)
	synthFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	n, err := nightOf(flags)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
