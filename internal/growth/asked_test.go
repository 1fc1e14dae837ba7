package growth

import (
	"bufio"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// asked are structures of what is asked about a night that was committed: discovery
// requests, audits, holds and foreign bags. The command is measured, and the ordinary
// night beside it is a run.
var asked = []structure{
	{name: "request with recordings in one list", n: 2500, write: func(w *night, n int) {
		w.pairs(n)
		w.request(func(b *bufio.Writer) {
			values(b, "select:\n  recordings:\n", n, func(i int) string { return uuid("r", i) })
		})
	}},
	{name: "request with numbers as suffixes", n: 2500, write: func(w *night, n int) {
		w.pairs(n)
		w.request(func(b *bufio.Writer) {
			values(b, "select:\n  numbers:\n", n, func(i int) string { return fmt.Sprintf("*%07d", i) })
		})
	}},
	{name: "request with custodians", n: 300, write: func(w *night, n int) {
		w.pairs(10 * n)
		w.request(func(b *bufio.Writer) {
			b.WriteString("custodians:\n")
			for i := range n {
				fmt.Fprintf(b, "  - name: custodian %d\n", i)
				values(b, "    users:\n", 10, func(k int) string { return fmt.Sprintf("u%d", 10*i+k) })
			}
		})
	}},
	{name: "request with custodians that share a user", n: 2500, write: func(w *night, n int) {
		w.pairs(100)
		w.request(func(b *bufio.Writer) {
			b.WriteString("custodians:\n")
			for i := range n {
				fmt.Fprintf(b, "  - {name: custodian %d, users: [u7]}\n", i)
			}
		})
	}},
	{name: "request that covers one conversation, no leg named", n: 250, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c","leg_id":"%d","recorded":true,%s`, i, times(0, 4000))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c",%s`, i, times(0, 4000))
		})
		w.asks("discover", "--conversation", "c", "--out", w.path("answer/pack"))
	}, dense: &density{1000, "each call and recording of a production has its rows, metadata and explanation"}},
	{
		name: "request that covers one document", n: 1000, write: func(w *night, n int) {
			w.pairs(n)
			w.asks("discover", "--from", day, "--out", w.path("answer/pack"))
		}, dense: &density{1000, "each call and recording of a production has its rows, metadata and explanation"},
		slow: &density{60, "a production has a file for each conversation, with the reasons for what was decided about it"},
	},
	{name: "request that covers one conversation with findings", n: 250, write: func(w *night, n int) {
		w.legs(1, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c","leg_id":"%d","recorded":true,%s`, i, times(0, 4000))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c","trunk_id":7,"line_id":7,"duration_ms":"x","ani":7`, i)
		})
		w.asks("discover", "--conversation", "c", "--out", w.path("answer/pack"))
	}, dense: &density{1000, "each recording of a production has its rows, findings, metadata and explanation"}},
	{name: "request over intervals", n: 12, write: func(w *night, n int) {
		w.settings.hourly = true
		w.pairs(500)
		w.hours(n)
		w.asks("discover", "--recording", uuid("r", 7), "--json")
	}},
	{name: "request that covers calls without recordings", n: 1000, write: func(w *night, n int) {
		w.lost(n)
		w.asks("discover", "--verdict", "indeterminate", "--out", w.path("answer/pack"))
	}, dense: &density{1000, "each exception has a worksheet"}},
	{name: "bag of files in nested folders", n: 1000, write: func(w *night, n int) {
		w.bag(n)
		w.settings.command = []string{"verify", w.path("bag")}
	}},
	{name: "audit of trunks", n: 2500, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"%s","leg_id":"1","recorded":true,"trunk_id":"%s",%s`, uuid("c", i), uuid("t", i), times(i, i+60))
		})
		w.asks("audit", "--csv", w.path("answer/calls.csv"), "--page", w.path("answer/page.html"))
	}},
	{name: "audit of users of one call", n: 100, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			users := make([]string, 900)
			for k := range users {
				users[k] = fmt.Sprintf("u%d", i*900+k)
			}
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","user_ids":"%s",%s`, i, strings.Join(users, " "), times(i, i+60))
		})
		w.asks("audit", "--json")
	}},
	{name: "hold of recordings in one list", n: 500, write: func(w *night, n int) {
		w.pairs(n)
		w.file("request.yaml", func(b *bufio.Writer) {
			values(b, "select:\n  recordings:\n", n, func(i int) string { return uuid("r", i) })
		})
		w.asks("hold", "matter", "--request", w.path("request.yaml"))
	}},
	{name: "audit of matters with holds", n: 10, write: func(w *night, n int) {
		w.pairs(500)
		w.asks("audit", "--retention", "--holds", "--json")
		for i := range n {
			w.command("hold", fmt.Sprintf("matter-%d", i), "--recording", uuid("r", i), "--config", w.path("cdrmend.yaml"))
		}
	}},
}

// asks has a command measured in place of a run, on what one run left.
func (n *night) asks(args ...string) {
	n.t.Helper()
	n.runOnce()
	n.settings.command = append(args, "--config", n.path("cdrmend.yaml"))
}

// hours runs so many intervals of an hour, of which one has what was delivered.
func (n *night) hours(count int) {
	n.t.Helper()
	first := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	n.command("run", "--config", n.configure(), "--from", first.Format(hourForm), "--to", first.Add(time.Duration(count)*time.Hour).Format(hourForm), "--as-of", "2026-11-28T00:00:00Z", "--fail-on", "none")
}

const hourForm = "2006-01-02T15"

// command runs a command that is not measured.
func (n *night) command(args ...string) {
	n.t.Helper()
	out, err := exec.Command(cdrmend(n.t), args...).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && (!errors.As(err, &failed) || failed.ExitCode() != 4) { // 4: hours of which nothing was delivered
		n.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// request has an answer to a request file measured.
func (n *night) request(fill func(w *bufio.Writer)) {
	n.t.Helper()
	n.file("request.yaml", fill)
	n.asks("discover", "--request", n.path("request.yaml"))
}

// pairs writes legs with a user and a number, and their recordings in one document.
func (n *night) pairs(count int) {
	n.legs(count, func(i int) string {
		return fmt.Sprintf(`"conversation_id":"%s","leg_id":"1","recorded":true,"ani":"+49%07d","user_ids":"u%d",%s`, uuid("c", i), i, i, times(i, i+60))
	})
	n.entries(count, func(i int) string {
		return fmt.Sprintf(`"recording_id":"%s","conversation_id":"%s",%s`, uuid("r", i), uuid("c", i), times(i, i+60))
	})
}

// bag writes a bag with so many files, of which each tenth is a folder deeper.
func (n *night) bag(count int) {
	n.file("bag/bagit.txt", func(w *bufio.Writer) { fmt.Fprint(w, "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n") })
	n.file("bag/manifest-sha256.txt", func(w *bufio.Writer) {
		lines(w, count, func(i int) {
			name := "data/" + strings.Repeat("d/", i%10) + fmt.Sprint(i)
			n.file("bag/"+name, func(b *bufio.Writer) { fmt.Fprint(b, i) })
			fmt.Fprintf(w, "%s  %s", sumOf([]byte(fmt.Sprint(i))), name)
		})
	})
}

// values writes a list of YAML below a key.
func values(w *bufio.Writer, key string, n int, value func(i int) string) {
	_, _ = w.WriteString(key)
	for i := range n {
		fmt.Fprintf(w, "      - %q\n", value(i))
	}
}
