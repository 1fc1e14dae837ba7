package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/outside"
	"cdrmend/internal/report"
	"cdrmend/internal/synth"

	"github.com/google/go-cmp/cmp"
)

// manyDefects are flags for a lot of what can go wrong in every format.
const manyDefects = "--lost 0.03 --short 0.03 --duplicate 0.03 --conflict 0.03 --no-cdr 0.03 --missing-id 0.06 --missing-end 0.03 " +
	"--invalid 0.03 --internal 0.03 --unrecorded 0.03 --missing-trunk 0.3 --superseded 0.1 --lines 60 " +
	"--failures client_gave_up=0.004,lapsed=0.004,not_permitted=0.004,unknown_line=0.004,credential_rejected=0.004,interval_too_brief=0.004,refresh_race=0.004,rejected=0.004,scope_missing=0.004,server_error=0.004,throttled=0.004," +
	"timeout=0.004,token_expired=0.004,token_inactive=0.004,token_not_yet_valid=0.004,unauthenticated=0.004,unknown=0.004,wrong_org=0.004"

// syntheticNights are the flags of a night for each way to deliver one.
var syntheticNights = map[string]string{
	"lines":              "--legs 4000 --files 12 --cdr-files 5",
	"lines and margins":  "--legs 1000 --files 4 --cdr-files 3 --margins",
	"batches":            "--legs 2000 --manifests json",
	"damaged lines":      "--legs 4000 --rejected 0.01 --truncated-batch 0.1",
	"damaged batches":    "--legs 4000 --manifests json --rejected 0.01 --truncated-batch 0.1 --export-failed 0.1",
	"parquet":            "--legs 4000 --manifests parquet --files 6",
	"sidecars":           "--legs 800 --profile genesys-cloud --truncated 0.03 --metadata-lost 0.03",
	"sidecars and media": "--legs 250 --profile genesys-cloud --cdrs csv --truncated 0.03 --metadata-lost 0.03 --media --media-lost 0.05 --margins" + mediaDefects + " --media-short 0.03",
	"lines and media":    "--legs 400 --files 5 --cdr-files 3 --media --media-short 0.03" + mediaDefects,
	"parquet and media":  "--legs 400 --manifests parquet --files 3 --cdr-files 2 --media --media-short 0.03" + mediaDefects,
}

// mediaDefects are rates of what can be wrong with media of all profiles that have some.
const mediaDefects = " --media-empty 0.03 --media-html 0.03 --media-cut 0.03 --media-one-channel 0.03"

func TestARunFindsWhatWasPlanted(t *testing.T) {
	for name, flags := range syntheticNights {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(manyDefects + " " + flags)
			dir := t.TempDir()
			cdrmend(t, append([]string{"synth", "--dir", dir}, args...)...)
			got := found(t, filepath.Join(dir, "cdrmend.yaml"), dir)
			want := planted(t, args)
			// Conversation details name no line that could lapse, and 250 legs do not meet a lapse.
			if got.Lapses > want.Lapses || got.Lapses > 0 != !strings.Contains(flags, "genesys-cloud") {
				t.Errorf("a run shows %d lapses, of %d", got.Lapses, want.Lapses)
			}
			want.Lapses = got.Lapses
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cdrmend synth %s (-planted +found):\n%s", strings.Join(args, " "), diff)
			}
		})
	}
}

// planted returns what the night of some flags has to show.
func planted(t *testing.T, args []string) synth.Planted {
	t.Helper()
	p := nightFrom(t, args).Planted()
	if len(p.Findings) < 10 || len(p.Outages) < 17 || p.Lapses == 0 {
		t.Fatalf("the night of %v proves little: %+v", args, p)
	}
	return p
}

// found runs the night and returns what came of it. Its results lie in dir.
func found(t *testing.T, config, dir string) synth.Planted {
	t.Helper()
	return foundIn(t, config, dir, "2026-11-20", "2026-11-22T00:00:00Z")
}

// foundIn runs one of several nights. It removes earlier results, so that readCSV finds
// one run.
func foundIn(t *testing.T, config, dir, interval, asOf string) synth.Planted {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	_, out := cdrmend(t, "run", "--config", config, "--interval", interval, "--as-of", asOf, "--json", "--output", filepath.Join(dir, "out"))
	var printed struct{ Runs []report.Run }
	if err := json.Unmarshal([]byte(out), &printed); err != nil {
		t.Fatal(err)
	}
	s := printed.Runs[0].Summary
	p := synth.Planted{
		Legs: int(s.Legs), Entries: rowsIn(t, dir, "recordings"), Excluded: int(s.Verdicts["excluded"]),
		Superseded: int(s.Balance["cdrs"].Superseded), Rejected: int(s.Balance["cdrs"].Rejected),
		Findings: map[synth.Finding]int{}, Outages: map[string]int{},
	}
	for _, row := range readCSV(t, dir, "outages") { // the summary counts those in which nobody was unregistered on their own
		p.Outages[row["cause"]]++
	}
	p.Lapses = p.Outages["lapsed"]
	delete(p.Outages, "lapsed")
	for _, row := range readCSV(t, dir, "findings") {
		f := synth.Finding{Class: row["class"]}
		switch f.Class {
		case "repaired_field", "missing_field", "conflict", "invalid_field":
			f.Field = row["field"]
		}
		p.Findings[f]++
	}
	return p
}

func rowsIn(t *testing.T, dir, table string) int { return len(readCSV(t, dir, table)) }

// readCSV returns the rows of a table of the one run in dir, by column.
func readCSV(t *testing.T, dir, table string) []map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "out", "interval=*", "runs", "*", table+".csv"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%d tables of %s, want 1: %v", len(paths), table, err)
	}
	return rowsOfCSV(t, paths[0])
}

func TestASyntheticNightInABucketIsTheSameNight(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "night", objecttest.Plain)
	for name, flags := range map[string]string{
		"lines":    "--legs 1000 --files 4 --cdr-files 2",
		"sidecars": "--legs 300 --profile genesys-cloud --media",
		"media":    "--legs 300 --files 4 --cdr-files 2 --media --media-short 0.03" + mediaDefects,
		"late":     "--legs 300 --profile genesys-cloud --media --late 0.3",
	} {
		t.Run(name, func(t *testing.T) {
			args := strings.Fields(manyDefects + " " + flags)
			dir, url := t.TempDir(), "s3://night/"+name+"/"
			if name == "late" { // what is in the bucket already stays, the next call adds the rest
				cdrmend(t, append([]string{"synth", "--dir", dir, "--s3", url, "--arrived-by", "2026-11-21T00:00:00Z"}, args...)...)
			}
			cdrmend(t, append([]string{"synth", "--dir", dir, "--s3", url}, args...)...)
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("beside the bucket there are %v, want the configuration alone: %v", entries, err)
			}
			want, got := planted(t, args), foundIn(t, filepath.Join(dir, "cdrmend.yaml"), dir, "2026-11-20", "2026-11-23T00:00:00Z")
			want.Lapses = got.Lapses // those that calls coincide with
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cdrmend synth %s (-planted +found):\n%s", strings.Join(args, " "), diff)
			}
		})
	}
}

// TestARunIsTheSameAtAnyConcurrency runs nights on one core and on several,
// with few requests in flight and with many: every byte below runs/ is the
// same.
func TestARunIsTheSameAtAnyConcurrency(t *testing.T) {
	outside.Long(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, flags := range []string{
		"--legs 1500 --files 7 --cdr-files 3 --rejected 0.01 --truncated-batch 0.2",
		"--legs 800 --manifests parquet --files 3 --cdr-files 2",
		"--legs 250 --profile genesys-cloud --truncated 0.05 --metadata-lost 0.05",
	} {
		dir := t.TempDir()
		cdrmend(t, append([]string{"synth", "--dir", dir}, strings.Fields(manyDefects+" "+flags)...)...)
		var want map[string]string
		for i, at := range []struct {
			cores    int
			inFlight string
		}{{1, "1"}, {1, "64"}, {2, "3"}, {8, "64"}} {
			runtime.GOMAXPROCS(at.cores)
			out := filepath.Join(dir, "out", strconv.Itoa(i))
			cdrmend(t, "run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20", "--as-of", "2026-11-22T00:00:00Z", "--quiet", "--output", out, "--concurrency", at.inFlight)
			got := runsIn(t, out)
			if want == nil {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got) < 12 {
				t.Errorf("cdrmend synth %s: %d files of the run on %d cores with %s requests in flight (-one core, one request +these):\n%s", flags, len(got), at.cores, at.inFlight, diff)
			}
		}
	}
}

// runsIn returns the hash of every file below runs/ of an output.
func runsIn(t *testing.T, out string) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := filepath.Join(out, "interval=2026-11-20", "runs")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, root)] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
