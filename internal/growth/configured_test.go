package growth

import (
	"bufio"
	"fmt"
)

// configured are structures of files that the configuration names, and of lists in
// it. Who writes them is no attacker, but they grow too.
var configured = []structure{
	{name: "accepted findings by id", n: 5000, write: func(w *night, n int) {
		w.settings.policy = "  accepted: accepted.csv\n"
		w.file("accepted.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "finding_id,reason,by")
			lines(b, n, func(i int) { fmt.Fprintf(b, "fnd-%016x,known,me", i) })
		})
		w.lost(n)
	}},
	{name: "accepted findings by conversation", n: 5000, write: func(w *night, n int) {
		w.settings.policy = "  accepted: accepted.csv\n"
		w.file("accepted.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "finding_id,reason,by,class,org_id,conversation_id,recording_id")
			lines(b, n, func(i int) { fmt.Fprintf(b, ",known,me,missing_recording,,%s,", uuid("c", i)) })
		})
		w.lost(n)
	}},
	{name: "accepted findings of one conversation", n: 5000, write: func(w *night, n int) {
		w.settings.policy = "  accepted: accepted.csv\n"
		w.file("accepted.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "finding_id,reason,by,class,org_id,conversation_id,recording_id")
			lines(b, n, func(i int) { fmt.Fprintf(b, ",known,me,,,c%d,r%d", i/900, i) })
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"%d","recorded":true,%s`, i/900, i, times(i, i+60))
		})
	}},
	{name: "accepted findings of many organisations", n: 5000, write: func(w *night, n int) {
		w.settings.policy = "  accepted: accepted.csv\n"
		w.file("accepted.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "finding_id,reason,by,class,org_id,conversation_id,recording_id")
			lines(b, n, func(i int) { fmt.Fprintf(b, ",known,me,,o%d,c,", i+n) })
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"org_id":"o%d","conversation_id":"c","leg_id":"1","recorded":true,%s`, i, times(i, i+60))
		})
	}},
	{name: "lines of the policy", n: 10000, write: func(w *night, n int) {
		w.settings.policy = "  lines: lines.csv\n"
		w.file("lines.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "org_id,line_id,trunk_id")
			lines(b, n, func(i int) { fmt.Fprintf(b, ",%s,t%d", uuid("l", i), i%9) })
		})
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"%s","status":403`, clock(i), uuid("l", i))
		})
		w.lost(n)
	}},
	{name: "exclusions", n: 50, write: func(w *night, n int) {
		rules := "  exclusions:\n"
		for i := range n {
			rules += fmt.Sprintf("    - {reason: r%d, ani: \"+1%05d*\", direction: [inbound, outbound]}\n", i, i)
		}
		w.settings.policy = rules
		w.lost(n * 50)
	}},
	{name: "users of one exclusion", n: 500, write: func(w *night, n int) {
		rules := "  exclusions:\n    - reason: private\n      user:\n"
		for i := range n {
			rules += fmt.Sprintf("        - %s\n", uuid("x", i))
		}
		w.settings.policy = rules
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n/8, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1",%s,"user_ids":`, i, times(i, i+9))
				list(b, 900, func(k int) { fmt.Fprintf(b, `"%s"`, uuid("u", i*1000+k)) })
				b.WriteString("}")
			})
		})
	}},
}

// lost writes legs without recordings.
func (n *night) lost(count int) {
	n.put(cdrs, "lost.csv", func(b *bufio.Writer) {
		fmt.Fprintln(b, "conversation_id,leg_id,direction,ani,line_id,start_time,answer_time,end_time")
		lines(b, count, func(i int) {
			fmt.Fprintf(b, "%s,1,inbound,+49%07d,%s,%s,%s,%s", uuid("c", i), i, uuid("l", i), clock(i), clock(i), clock(i+60))
		})
	})
}
