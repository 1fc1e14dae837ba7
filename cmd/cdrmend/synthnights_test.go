package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/synth"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// nightsInARow are the flags of three nights for each way to deliver some. Rates are
// high, so that many of the few calls that last over midnight have a defect.
var nightsInARow = map[string]string{
	"lines":               manyDefects + " --legs 1600 --files 5 --cdr-files 3",
	"damaged batches":     manyDefects + " --legs 1600 --files 5 --cdr-files 3 --manifests json --rejected 0.1 --truncated-batch 0.4 --export-failed 0.4 --margins",
	"parquet":             manyDefects + " --legs 800 --manifests parquet --files 3 --cdr-files 2",
	"sidecars":            manyDefects + " --legs 800 --profile genesys-cloud --truncated 0.03 --metadata-lost 0.03",
	"sidecars and media":  manyDefects + " --legs 400 --profile genesys-cloud --cdrs csv --truncated 0.03 --metadata-lost 0.03 --media --media-lost 0.05",
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
