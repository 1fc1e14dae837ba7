package growth

import (
	"bufio"
	"fmt"
)

// matching are structures that cost while legs and entries are decided. An id that
// more than 1,000 records carry means nothing, so that some of them grow by the
// number of conversations that are as large as they can be.
var matching = []structure{
	// At 1,000 the id of the conversation becomes overused, and each of its legs a
	// finding: a step, which the two sides of it do not have.
	oneConversation("legs and entries of one conversation", 250),
	oneConversation("legs and entries of one overused conversation", 1250),
	conversations("500 legs and 500 entries that overlap", "conversation", 500, 500, 0),
	conversations("500 legs and 500 entries that overlap, one for each leg", "leg", 500, 500, 0),
	conversations("900 legs and 60 entries, one for each leg", "leg", 900, 60, 0),
	conversations("60 legs and 900 entries that overlap", "conversation", 60, 900, 0),
	conversations("64 legs and 63 entries that compete", "leg", 64, 63, 0),
	conversations("900 legs one after the other", "leg", 900, 300, 100),
	{name: "legs that list one id, entries that have it", n: 2, write: func(w *night, n int) {
		w.legs(n*900, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","recording_ids":["r%d"],%s`, i, i/900, times(i%900, 4000))
		})
		w.entries(n*900, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"d%d",%s`, i/900, i, times(i%900, 4000))
		})
	}},
	{name: "legs that list one overused id", n: 5000, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","recording_ids":["r"],%s`, i, times(i, i+60))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r","conversation_id":"c%d",%s`, i, times(i, i+60))
		})
	}},
	{name: "legs with one leg id, entries that name it", n: 2, write: func(w *night, n int) {
		w.legs(n*900, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1",%s`, i/900, times(i%900, 4000+i%900))
		})
		w.entries(n*900, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","leg_id":"1","conversation_id":"c%d",%s`, i, i/900, times(i%900, 4000+i%900))
		})
	}},
	{name: "entries that name legs they do not come near", n: 2, write: func(w *night, n int) {
		w.legs(n*900, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"%d",%s`, i/900, i%2, times(i%2*40_000+i%900, i%2*40_000+i%900+60))
		})
		w.entries(n*900, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","leg_id":"1","conversation_id":"c%d",%s`, i, i/900, times(i%900, i%900+60))
		})
	}},
	{name: "versions of one leg", n: 5000, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c","leg_id":"1","updated_at":"%s",%s`, clock(i), times(5, 50))
		})
	}},
	halves("halves of one leg, started again and again", func(i, n int) (string, string) { return oneOf(i < n-1, "INVITE", "BYE"), "c" }),
	halves("halves of one leg id, started and stopped in turns", func(i, _ int) (string, string) { return oneOf(i%2 == 0, "INVITE", "BYE"), "c" }),
	halves("halves of one leg, stopped only", func(int, int) (string, string) { return "BYE", "c" }),
	{name: "rows that are equal and have no id", n: 5000, write: func(w *night, n int) {
		w.legs(n, func(int) string { return times(5, 50) })
	}},
	{name: "candidates for entries without an id", n: 2, write: func(w *night, n int) {
		w.legs(n*900, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"%d","recording_ids":["r%d"],%s`, i/900, i, i, times(i%900, 4000))
		})
		w.entries(n*900, func(i int) string { return fmt.Sprintf(`"conversation_id":"c%d",%s`, i/900, times(i%900, 4000)) })
	}},
	{name: "many candidates for one entry", n: 1, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n*10, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c","leg_id":"%d",%s,"recording_ids":`, i, times(i, 4000))
				list(b, 1000, func(k int) { fmt.Fprintf(b, `"r%d"`, i*1000+k) })
				b.WriteString("}")
			})
		})
		w.entries(n*200, func(i int) string { return fmt.Sprintf(`"conversation_id":"c",%s`, times(i, 4000)) })
	}, dense: &density{100, "each of the ids is missing, which is a finding"}},
	{name: "trunks for entries without one", n: 2, write: func(w *night, n int) {
		w.legs(n*900, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"%d","trunk_id":"t%d",%s`, i/900, i, i, times(i%900, 4000))
		})
		w.entries(n*900, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d",%s`, i, i/900, times(i%900, 4000))
		})
	}},
	{name: "one trunk in all legs, entries without one", n: 2, write: func(w *night, n int) {
		w.legs(n*900, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"%d","trunk_id":"t",%s`, i/900, i, times(i%900, 4000))
		})
		w.entries(n*900, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d",%s`, i, i/900, times(i%900, 4000))
		})
	}},
	{name: "conversations by the legs that list one id", n: 2, write: func(w *night, n int) {
		w.legs(n*900, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","recording_ids":["r%d"],%s`, i, i/900, times(i%900, 4000))
		})
		w.entries(n*900, func(i int) string { return fmt.Sprintf(`"recording_id":"r%d",%s`, i/900, times(i%900, 4000)) })
	}},
	{name: "legs that look like entries", n: 1250, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","line_id":"l","recorded":true,%s`, i, times(50, 500))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"d%d","line_id":"l%d",%s`, i, i, i, times(50, 500))
		})
	}},
	{name: "copies of one recording", n: 20, write: func(w *night, n int) {
		w.entries(n*900, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d",%s`, i/900, i, times(i, i+60))
		})
	}},
	{name: "rows of a hundred years", n: 5000, write: func(w *night, n int) {
		w.settings.hourly = true
		w.put(cdrs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "conversation_id,leg_id,start_time")
			lines(b, n, func(i int) { fmt.Fprintf(b, "c%d,1,%d", i, 700_000_000+i*36_000) })
		})
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n/4, func(i int) { fmt.Fprintf(b, `{"recording_id":"r%d","start_time":%d}`, i, 700_000_000+i*36_000) })
		})
	}, dense: &density{40, "each hour is a finding"}},
	{name: "a night of an unfit source", n: 25_000, write: func(w *night, n int) {
		w.put(cdrs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "conversation_id,leg_id,start_time,end_time")
			lines(b, n, func(i int) { fmt.Fprintf(b, "%s,1,%s,%s", uuid("c", i), clock(i), clock(i+60)) })
		})
	}},
	{name: "a night without a recording", n: 12_500, write: func(w *night, n int) {
		w.put(cdrs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "conversation_id,leg_id,start_time,answer_time,end_time")
			lines(b, n, func(i int) { fmt.Fprintf(b, "%s,1,%s,%s,%s", uuid("c", i), clock(i), clock(i), clock(i+60)) })
		})
	}},
	{name: "one long text in many sessions", n: 4, write: func(w *night, n int) {
		text := again("x", 200_000)
		w.details(n, func(b *bufio.Writer, c int) {
			fmt.Fprintf(b, `"conversationId":"c%d","conversationStart":"%s","participants":[{"purpose":"customer","sessions":`, c, text)
			list(b, 200, func(i int) { fmt.Fprintf(b, `{"sessionId":"s%d"}`, i) })
			b.WriteString("}]")
		})
	}},
	{name: "one long id in many sessions", n: 4, write: func(w *night, n int) {
		text := again("x", 200_000)
		w.details(n, func(b *bufio.Writer, c int) {
			fmt.Fprintf(b, `"conversationId":"%s","participants":[{"purpose":"customer","sessions":`, text)
			list(b, 200, func(i int) { fmt.Fprintf(b, `{"sessionId":"s%d"}`, i) })
			b.WriteString("}]")
		})
	}},
	{name: "sessions and segments of one conversation", n: 250, write: func(w *night, n int) {
		w.details(1, func(b *bufio.Writer, c int) { sessions(b, c, n, n, 1) })
	}},
	{name: "customers and agents of one conversation", n: 100, write: func(w *night, n int) {
		w.details(1, func(b *bufio.Writer, c int) { sessions(b, c, n, 1, n) })
	}},
	{name: "conversations of 60 customers and 60 agents", n: 20, write: func(w *night, n int) {
		w.details(n, func(b *bufio.Writer, c int) { sessions(b, c, 60, 1, 60) })
	}, dense: &density{40, "every leg lists the users and queues of all sessions"}},
	{name: "conversations of 30 customers, 100 segments", n: 20, write: func(w *night, n int) {
		w.details(n, func(b *bufio.Writer, c int) { sessions(b, c, 30, 100, 1) })
	}},
	{name: "queues of one conversation", n: 250, write: func(w *night, n int) {
		w.details(1, func(b *bufio.Writer, c int) {
			fmt.Fprintf(b, `"conversationId":"c%d","conversationEnd":"%s","participants":[{"purpose":"customer","sessions":`, c, clock(9000))
			list(b, n, func(i int) {
				fmt.Fprintf(b, `{"sessionId":"s%d","segments":[{"segmentStart":"%s","segmentEnd":"%s"}]}`, i, clock(i), clock(9000))
			})
			b.WriteString(`},{"purpose":"agent","sessions":[{"sessionId":"a","segments":`)
			list(b, n, func(i int) {
				fmt.Fprintf(b, `{"queueId":"q%d","segmentStart":"%s","segmentEnd":"%s"}`, i, clock(i), clock(9000))
			})
			b.WriteString(`}]}]`)
		})
	}},
	{name: "agents while a customer talks", n: 250, write: func(w *night, n int) {
		w.details(1, func(b *bufio.Writer, c int) {
			fmt.Fprintf(b, `"conversationId":"c%d","conversationEnd":"%s","participants":[`, c, clock(70_000))
			for i := range n {
				fmt.Fprintf(b, `{"purpose":"agent","sessions":[{"sessionId":"a%d","segments":[{"segmentType":"hold","segmentStart":"%s","segmentEnd":"%s"}]}]},`, i, clock(i*10), clock(i*10+5))
			}
			for i := range n {
				fmt.Fprintf(b, `{"purpose":"external","sessions":[{"sessionId":"e%d","segments":[{"segmentType":"interact","segmentStart":"%s","segmentEnd":"%s"}]}]},`, i, clock(i), clock(69_000))
			}
			b.WriteString(`{"purpose":"customer"}]`)
		})
	}},
}

// oneConversation is a structure of one conversation whose legs and entries overlap.
func oneConversation(name string, n int) structure {
	return structure{name: name, n: n, write: func(w *night, n int) {
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c","leg_id":"%d",%s`, i, times(i%60, 4000+i%60))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c",%s`, i, times(i%60, 4000+i%60))
		})
	}}
}

// conversations is a structure of conversations with so many legs and entries each.
// Each leg begins so many seconds after the one before it.
func conversations(name, oneFor string, legs, entries, apart int) structure {
	return structure{name: name, n: 2, write: func(w *night, n int) {
		w.settings.oneFor = oneFor
		length := 4000
		if apart > 0 {
			length = apart
		}
		w.legs(n*legs, func(i int) string {
			at := i%legs*apart + i%7
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"%d","recorded":true,%s`, i/legs, i, times(at, at+length))
		})
		w.entries(n*entries, func(i int) string {
			at := i%entries*apart + i%11
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d",%s`, i, i/entries, times(at, at+length))
		})
	}}
}

// legs writes CDRs whose members row returns.
func (n *night) legs(count int, row func(i int) string) {
	n.put(cdrs, "legs.jsonl.zst", func(b *bufio.Writer) { lines(b, count, func(i int) { fmt.Fprintf(b, "{%s}", row(i)) }) })
}

// entries writes a manifest of entries whose members row returns.
func (n *night) entries(count int, row func(i int) string) {
	n.put(manifests, "entries.json.zst", func(b *bufio.Writer) { list(b, count, func(i int) { fmt.Fprintf(b, "{%s}", row(i)) }) })
}

// details writes conversation details whose members conversation writes.
func (n *night) details(count int, conversation func(b *bufio.Writer, i int)) {
	n.settings.cdrProfile = "genesys-conversation-detail"
	n.settings.oneFor = "leg"
	n.put(cdrs, "details.json.zst", func(b *bufio.Writer) {
		list(b, count, func(i int) {
			b.WriteString("{")
			conversation(b, i)
			b.WriteString("}")
		})
	})
}

// sessions writes the members of a conversation with so many sessions of customers,
// and so many agents with so many segments each.
func sessions(b *bufio.Writer, c, customers, segments, agents int) {
	fmt.Fprintf(b, `"conversationId":"c%d","conversationEnd":"%s","participants":[{"purpose":"customer","sessions":`, c, clock(70_000))
	list(b, customers, func(i int) {
		fmt.Fprintf(b, `{"sessionId":"s%d","segments":[{"segmentStart":"%s","segmentEnd":"%s"}]}`, i, clock(i), clock(60_000+i))
	})
	b.WriteString("}")
	for a := range agents {
		fmt.Fprintf(b, `,{"purpose":"agent","userId":"%s","sessions":[{"sessionId":"a%d","segments":`, uuid("u", a), a)
		list(b, segments, func(i int) {
			at := (i + a) * 10 % 60_000
			fmt.Fprintf(b, `{"segmentType":"interact","queueId":"%s","segmentStart":"%s","segmentEnd":"%s"}`, uuid("q", a), clock(at), clock(at+5))
		})
		b.WriteString("}]}")
	}
	b.WriteString("]")
}

// halves returns a structure of rows of a SIP proxy, each with the method and the
// Call-ID that of returns.
func halves(name string, of func(i, n int) (method, call string)) structure {
	return structure{name: name, n: 5000, write: func(w *night, n int) {
		w.settings.cdrProfile = "sip-acc"
		w.put(cdrs, "acc.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "method,from_tag,to_tag,callid,sip_code,time")
			for i := range n {
				method, call := of(i, n)
				fmt.Fprintf(b, "%s,f,t,%s,200,%s\n", method, call, clock(i))
			}
		})
	}}
}

// oneOf returns one of two texts.
func oneOf(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
