package growth

import (
	"bufio"
	"fmt"
	"strings"
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
	{name: "request that covers one conversation, no leg named", n: 100, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c","leg_id":"%d","recorded":true,%s`, i, times(0, 4000))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c",%s`, i, times(0, 4000))
		})
		w.asks("discover", "--conversation", "c", "--out", w.path("answer/pack"))
	}, dense: &density{1000, "each call and recording of a production has its rows, metadata and explanation"}},
	{name: "request that covers one document", n: 100, write: func(w *night, n int) {
		w.pairs(n)
		w.asks("discover", "--from", day, "--out", w.path("answer/pack"))
	}, dense: &density{1000, "each call and recording of a production has its rows, metadata and explanation"}},
	{name: "request that covers calls without recordings", n: 1000, write: func(w *night, n int) {
		w.lost(n)
		w.asks("discover", "--verdict", "missing", "--out", w.path("answer/pack"))
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
}

// asks has a command measured in place of a run, on what one run left.
func (n *night) asks(args ...string) {
	n.t.Helper()
	n.runOnce()
	n.settings.command = append(args, "--config", n.path("cdrmend.yaml"))
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
