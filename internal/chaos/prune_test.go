package chaos

import (
	"maps"
	"math/rand/v2"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"cdrmend/internal/object/objecttest"
)

// erased is a recording that one document lists.
const erased = "erased-1"

func (n *night) deliverErased() {
	n.t.Helper()
	n.deliver("m/date=2026-11-20/erased.json", `{"format":"cdrmend.manifest/1","recordings":[{"recording_id":"`+erased+`","conversation_id":"erased-call"}]}`)
}

// prune starts to forget what a flag selects of an output.
func (n *night) prune(output string, env []string, selection ...string) *process {
	n.t.Helper()
	env = append(env, "CDRMEND_OUTPUT_URL="+n.output(output))
	return n.command(env, append([]string{
		"evidence", "prune", "--config", filepath.Join(n.dir, "cdrmend.yaml"),
		"--reason", "request 7", "--by", "J. Doe", "--apply",
	}, selection...)...)
}

// verified returns what verify says about an output, in which nothing may be broken.
func (n *night) verified(what, output string) string {
	n.t.Helper()
	p := n.command(nil, "verify", n.output(output), "--quiet")
	if code := p.wait(); code != 0 {
		n.t.Errorf("%s verify exits with %d:\n%s%s", what, code, p.stdout.String(), p.stderr.String())
	}
	return p.stdout.String()
}

// packsOf returns the packs and indexes among files.
func packsOf(stored files) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		if path.Base(path.Dir(name)) == "evidence" && path.Ext(name) != ".json" { // that is no pack
			list = append(list, name)
		}
	}
	return list
}

func prunes(stored files) (n int) {
	for name, text := range stored {
		if strings.HasPrefix(name, "journal/") && strings.Contains(text, `"kind": "prune"`) {
			n++
		}
	}
	return n
}

// TestKillBetweenTheEntryOfAPruneAndItsDeletionsIsCompletedByTheNext kills it before it
// deletes anything, and between a pack and its index.
func TestKillBetweenTheEntryOfAPruneAndItsDeletionsIsCompletedByTheNext(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	n := newNight(t, server, stories...)
	n.deliverErased()
	for name, test := range map[string]struct {
		suffix    string // of the file whose deletion never comes
		selection []string
		left      int // files of the packs that are there after the kill
		stay      int // and in the end
	}{
		"before anything is deleted":              {".zst", []string{"--before", "2026-12-01"}, 2, 0},
		"before an index is deleted":              {".parquet", []string{"--before", "2026-12-01"}, 1, 0},
		"before a rewritten pack is deleted":      {".zst", []string{"--recording", erased}, 4, 2},
		"before a rewritten pack's index is gone": {".parquet", []string{"--recording", erased}, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			output := strings.NewReplacer(" ", "-", "'", "").Replace(name)
			n := n.in(t)
			n.run(output)
			had := packsOf(n.stored(output))
			if len(had) != 2 {
				t.Fatalf("a run keeps %q, want a pack and its index", had)
			}

			h, env := n.hold(output, "DELETE", test.suffix, objecttest.Reset)
			p := n.prune(output, []string{env}, test.selection...)
			h.await(p)
			p.signal(syscall.SIGKILL)
			p.wait()
			close(h.release)
			total.add(&total.kills, 1)

			killed := n.stored(output)
			if left := packsOf(killed); len(left) != test.left || prunes(killed) != 1 {
				t.Errorf("after the kill %q are there, and %d entries forget packs, want %d files and an entry", left, prunes(killed), test.left)
			}
			said := n.verified("after the kill", output)
			if still := strings.Contains(said, "it is still there"); !strings.Contains(said, "was forgotten on purpose, by journal entry 2: request 7 (J. Doe)") || still != (test.suffix == ".zst") {
				t.Errorf("after the kill verify says\n%s", said)
			}

			n.prune(output, nil, test.selection...).wants(0, "a prune after the kill")
			stored := n.stored(output)
			left := packsOf(stored)
			if slices.ContainsFunc(had, func(name string) bool { return slices.Contains(left, name) }) || len(left) != test.stay {
				t.Errorf("in the end %q are there, want %d, and none of %q", left, test.stay, had)
			}
			if said := n.verified("in the end", output); !strings.Contains(said, "was forgotten on purpose") || strings.Contains(said, "still there") {
				t.Errorf("in the end verify says\n%s", said)
			}

			again := n.prune(output, nil, test.selection...)
			again.wants(0, "a prune of nothing")
			if !strings.Contains(again.stdout.String(), "No pack holds it") || len(n.stored(output)) != len(stored) {
				t.Errorf("a third prune does something:\n%s", again.stdout.String())
			}
		})
	}
}

// TestKillOfAPruneAtAnyMomentLosesNoRecord kills prunes until one ends. Whatever verify
// finds missing was forgotten by an entry.
func TestKillOfAPruneAtAnyMomentLosesNoRecord(t *testing.T) {
	inBothStores(t, func(t *testing.T, n *night) {
		n.deliverErased()
		for kills := 0; kills < pick(2, 40); {
			n.next()
			n.run("pruned")
			for ended := false; !ended; {
				p := n.prune("pruned", nil, "--recording", erased)
				if ended = p.endsWithin(rand.N(n.usual)); !ended {
					p.signal(syscall.SIGKILL)
					p.wait()
					kills++
					total.add(&total.kills, 1)
				} else {
					p.wants(0, "a prune that nothing disturbs")
				}
				n.verified("after a prune", "pruned")
			}
			if prunes(n.stored("pruned")) == 0 {
				t.Fatal("nothing was forgotten")
			}
		}
	})
}
