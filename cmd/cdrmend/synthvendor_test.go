package main

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/synth"

	gocmp "github.com/google/go-cmp/cmp"
)

// trunkFailures are flags for trunks that fail to register, where a log shows it.
const trunkFailures = " --failures timeout=0.3,server_error=0.3,unknown=0.2"

// vendorDefects are flags for a lot of what can go wrong in the files of each vendor.
var vendorDefects = map[string]string{
	synth.AmazonConnect: "--lost 0.08 --no-cdr 0.05 --unanswered 0.1 --withdrawn 0.05 --no-voice 0.1 --superseded 0.1" + " --media" + mediaDefects,
	synth.Asterisk:      "--lost 0.1 --no-cdr 0.05 --unanswered 0.1" + trunkFailures + " --media" + mediaDefects,
	synth.FreePBX:       "--lost 0.1 --no-cdr 0.05 --unanswered 0.1" + trunkFailures + " --media" + mediaDefects,
	synth.FreeSWITCH:    "--lost 0.08 --no-cdr 0.05 --unanswered 0.1" + trunkFailures + " --media" + mediaDefects,
	synth.Twilio:        "--lost 0.05 --short 0.05 --duplicate 0.05 --no-cdr 0.05 --unanswered 0.1 --withdrawn 0.08 --superseded 0.1",
}

// TestARunJudgesEachCallOfAVendorsNight runs a night of each vendor in the vendor's
// own files. Every leg has the verdict that follows from what was planted.
func TestARunJudgesEachCallOfAVendorsNight(t *testing.T) {
	for _, vendor := range synth.Vendors() {
		for _, flags := range []string{"--legs 200", "--legs 200 --seed 5 --margins --files 3 --cdr-files 2"} {
			t.Run(vendor+" "+flags, func(t *testing.T) {
				t.Parallel()
				args := strings.Fields("--only --profile " + vendor + " --lines 16 " + vendorDefects[vendor] + " " + flags)
				dir := t.TempDir()
				cdrmend(t, append([]string{"synth", "--dir", dir}, args...)...)
				n := vendorNight(t, args)

				got := found(t, filepath.Join(dir, "cdrmend.yaml"), dir)
				want := n.Planted()
				want.Lapses = got.Lapses
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("cdrmend synth %s (-planted +found):\n%s", strings.Join(args, " "), diff)
				}
				if diff := gocmp.Diff(inOrder(n.Verdicts()), verdictsIn(t, dir)); diff != "" {
					t.Errorf("cdrmend synth %s, verdicts (-planted +found):\n%s", strings.Join(args, " "), diff)
				}
			})
		}
	}
}

// TestALogOfFailuresAloneIsNoEvidenceOfANightWithoutOne runs the usual night, whose log
// has no failure.
func TestALogOfFailuresAloneIsNoEvidenceOfANightWithoutOne(t *testing.T) {
	args := strings.Fields("--profile freeswitch --legs 200")
	dir := t.TempDir()
	cdrmend(t, append([]string{"synth", "--dir", dir}, args...)...)
	want, got := nightFrom(t, args).Planted(), found(t, filepath.Join(dir, "cdrmend.yaml"), dir)
	if diff := gocmp.Diff(want, got); diff != "" || want.Findings[synth.Finding{Class: "input_missing"}] != 1 {
		t.Errorf("(-planted +found):\n%s", diff)
	}
}

// vendorNight returns the night of some flags, which has each defect of its vendor.
func vendorNight(t *testing.T, args []string) *synth.Night {
	t.Helper()
	n := nightFrom(t, args)
	for d := range synth.NumDefects {
		if n.Has(d) && n.Rates[d] == 0 {
			t.Errorf("the night of %v has no defect %s", args, d)
		}
	}

	kinds := map[string]int{}
	for _, v := range n.Verdicts() {
		kinds[v.Verdict]++
	}
	logs := strings.Contains(string(n.Config("")), "registrations:")
	if len(n.Verdicts()) < 150 || len(kinds) < 3 || kinds["missing"] < 5 || kinds["excluded"] < 5 || logs && len(n.Planted().Outages) < 2 {
		t.Fatalf("the night of %v proves little: %v, %+v", args, kinds, n.Planted())
	}
	return n
}

// verdictsIn returns the verdicts of the one run in dir.
func verdictsIn(t *testing.T, dir string) []synth.Verdict {
	t.Helper()
	var all []synth.Verdict
	for _, row := range readCSV(t, dir, "calls") {
		all = append(all, synth.Verdict{
			Conversation: row["conversation_id"], Leg: row["leg_id"], Trunk: row["trunk_id"], Verdict: row["verdict"], Reason: row["reason"],
		})
	}
	return inOrder(all)
}

func inOrder(all []synth.Verdict) []synth.Verdict {
	slices.SortFunc(all, func(a, b synth.Verdict) int {
		return cmp.Or(cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Leg, b.Leg))
	})
	return all
}

// TestADraftFromTheFilesOfAVendorRunsItsNight guesses profiles from the files of each
// night and runs it with them. At most three things are to be checked, the draft says
// which, and what it took for them is right.
func TestADraftFromTheFilesOfAVendorRunsItsNight(t *testing.T) {
	for _, vendor := range synth.Vendors() {
		t.Run(vendor, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields("--only --profile " + vendor + " --legs 200 --lines 16 " + vendorDefects[vendor])
			dir := t.TempDir()
			cdrmend(t, append([]string{"synth", "--dir", dir}, args...)...)

			config := filepath.Join(dir, "cdrmend.yaml")
			draftInto(t, config, "cdrs", filepath.Join(dir, "cdr", "*", "*"), vendor)
			switch vendor {
			case synth.Twilio:
				draftInto(t, config, "manifests", filepath.Join(dir, "recordings", "*", "*"), vendor)
			case synth.Asterisk, synth.FreePBX, synth.FreeSWITCH:
				draftInto(t, config, "registrations", filepath.Join(dir, "registrations", "*", "*"), "(asterisk|freeswitch)")
			}

			n := vendorNight(t, args)
			got, want := found(t, config, dir), n.Planted()
			want.Lapses = got.Lapses
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("(-planted +found):\n%s", diff)
			}
			if diff := gocmp.Diff(withoutLegs(n.Verdicts()), withoutLegs(verdictsIn(t, dir))); diff != "" {
				t.Errorf("verdicts (-planted +found):\n%s", diff)
			}
		})
	}
}

// draftInto guesses a profile from samples and puts it into a configuration in place
// of the built-in one that the sources of the kind have.
func draftInto(t *testing.T, config, kind, samples, builtIn string) {
	t.Helper()
	paths, err := filepath.Glob(samples)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples %s: %v", samples, err)
	}
	draft := filepath.Join(filepath.Dir(config), kind+".yaml")
	cdrmend(t, append([]string{"profiles", "init", "--kind", kind, "-o", draft}, paths...)...)

	text, err := os.ReadFile(draft)
	if err != nil {
		t.Fatal(err)
	}
	if edits := strings.Count(string(text), "# EDIT "); edits > 3 {
		t.Errorf("%d edits of\n%s", edits, text)
	}

	before, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`(?s)(\n  ` + kind + `:\n.*?profile: )` + builtIn + `\b`)
	if !place.Match(before) {
		t.Fatalf("no %s of profile %s in\n%s", kind, builtIn, before)
	}
	if err := os.WriteFile(config, place.ReplaceAll(before, []byte("${1}"+kind+".yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// withoutLegs drops the ids of legs: samples do not tell which of several unique
// columns is meant.
func withoutLegs(all []synth.Verdict) []synth.Verdict {
	for i := range all {
		all[i].Leg = ""
	}
	slices.SortFunc(all, func(a, b synth.Verdict) int {
		return cmp.Or(cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Trunk, b.Trunk), cmp.Compare(a.Verdict, b.Verdict))
	})
	return all
}
