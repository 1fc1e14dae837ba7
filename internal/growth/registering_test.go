package growth

import (
	"bufio"
	"fmt"
)

// registering are structures of registration logs, and of legs beside them.
var registering = []structure{
	{name: "events of one line", n: 5000, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"l","status":%d`, clock(i), []int{200, 403}[i%2])
		})
	}, dense: &density{20, "every other event of sixty bytes is an outage"}},
	{name: "events of one line at one time", n: 5000, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"l","status":%d`, clock(5), []int{200, 403}[i%2])
		})
	}},
	{name: "challenges of one line within seconds", n: 5000, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%sT00:00:%02d.%06dZ","line_id":"l","status":401`, day, 5+i/200_000, i%200_000*5)
		})
	}},
	{name: "challenges and answers within seconds", n: 5000, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%sT00:00:%02d.%06dZ","line_id":"l","status":%d`, day, 5+i/200_000, i%200_000*5, []int{401, 407, 100, 403, 423, 408}[i%6])
		})
	}},
	{name: "one failure after which thousands are challenged", n: 5000, write: func(w *night, n int) {
		w.settings.policy = "  challenge_window: 1h\n"
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%sT00:00:%02d.%06dZ","line_id":"l","status":%d`, day, 5+i/200_000, i%200_000*5, []int{401, 180}[i%2])
		})
	}},
	{name: "registrations and removals in turn", n: 5000, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"l","status":200,"expiry_seconds":%d`, clock(i), i%2*60)
		})
	}},
	{name: "bindings that overlap", n: 5000, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"l","status":200,"expiry_seconds":%d`, clock(i), 100_000-i%1000)
		})
	}},
	{name: "lines of one organisation, legs that fit none", n: 2500, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t","line_id":"l%d","status":403`, clock(i), i)
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","line_id":"m%d",%s`, i, i, times(i, i+60))
		})
	}},
	{name: "lines of one trunk, legs with the trunk", n: 2500, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t","line_id":"l%d","status":403`, clock(i), i)
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","trunk_id":"t",%s`, i, times(i, i+60))
		})
	}},
	{name: "lines that register, legs with their trunk", n: 1250, write: func(w *night, n int) {
		w.events(4*n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t","line_id":"l%d","status":200,"expiry_seconds":3600`, clock(i/n*3000+i%7), i%n)
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","trunk_id":"t",%s`, i, times(i, i+60))
		})
	}},
	{name: "usernames of one trunk, legs with the trunk", n: 1250, write: func(w *night, n int) {
		w.events(4*n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t","username":"u%d","status":200,"expiry_seconds":3600`, clock(i/n*3000+i%7), i%n)
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","trunk_id":"t","line_id":"x",%s`, i, times(i, i+60))
		})
	}},
	{name: "keys without a trunk, legs with a line", n: 1250, write: func(w *night, n int) {
		w.events(2*n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"l%d","status":%d`, clock(i), i%n, []int{200, 403}[i/n%2])
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","trunk_id":"t",%s`, i, times(i, i+60))
		})
	}},
	{name: "outages of one line, legs that last all day", n: 1250, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"l","status":%d,"expiry_seconds":60`, clock(i*9), []int{200, 403}[i%2])
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"1","line_id":"l",%s`, i, times(i%600, 60_000))
		})
	}},
	{name: "outages of one trunk, entries that last all day", n: 1250, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t","status":%d,"expiry_seconds":60`, clock(i*9), []int{200, 403}[i%2])
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","trunk_id":"t",%s`, i, times(i%600, 60_000))
		})
	}},
	{name: "registrations that name trunks, entries without one", n: 1250, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t%d","line_id":"l","status":200`, clock(i), i)
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d","line_id":"l",%s`, i, i, times(i, i+9))
		})
	}},
	{name: "registrations of one line, entries without a time", n: 2500, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t","line_id":"l","status":200`, clock(i))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d","line_id":"l"`, i, i)
		})
	}, dense: &density{20, "an entry without times has four findings"}},
	{name: "registrations that name trunks, entries without a time", n: 2500, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t%d","line_id":"l","status":200`, clock(i), i)
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d","line_id":"l"`, i, i)
		})
	}, dense: &density{20, "an entry without times has four findings"}},
	{name: "registrations that name one trunk, legs without it", n: 450, write: func(w *night, n int) {
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","trunk_id":"t%d","line_id":"l%d","status":200`, clock(i), i, i)
		})
		w.legs(n, func(i int) string {
			return fmt.Sprintf(`"conversation_id":"c%d","leg_id":"%d","line_id":"l%d",%s`, i/900, i, i, times(i%900, 4000))
		})
		w.entries(n, func(i int) string {
			return fmt.Sprintf(`"recording_id":"r%d","conversation_id":"c%d",%s`, i, i/900, times(i%900, 4000))
		})
	}},
	{name: "requests and tokens of one client", n: 5000, write: func(w *night, n int) {
		w.settings.logProfile = "http-client-log"
		w.events(n, func(i int) string {
			if i%2 == 0 {
				return fmt.Sprintf(`"time":"%s","method":"POST","path":"/oauth/token","status":%d,"client_id":"c"`, clock(i), []int{200, 500}[i/2%2])
			}
			return fmt.Sprintf(`"time":"%s","method":"POST","path":"/api/v2/telephony/sip/lines/l%d/registrations","status":403,"client_id":"c"`, clock(i), i%100)
		})
	}},
	{name: "tokens that failed, of other clients", n: 5000, write: func(w *night, n int) {
		w.settings.logProfile = "http-client-log"
		w.events(n, func(i int) string {
			if i%2 == 0 {
				return fmt.Sprintf(`"time":"%s","method":"POST","path":"/oauth/token","status":500,"client_id":"c%d"`, clock(i), i)
			}
			return fmt.Sprintf(`"time":"%s","method":"DELETE","path":"/api/v2/telephony/sip/lines/l%d/registrations","status":200,"client_id":"d%d"`, clock(i), i%100, i)
		})
	}},
	{name: "one token in every event", n: 500, write: func(w *night, n int) {
		claims := `{"scope":"` + again("sip:manage ", 30_000) + `"}`
		w.events(n, func(i int) string {
			return fmt.Sprintf(`"time":"%s","line_id":"l%d","status":403,"token_claims":%s`, clock(i), i, claims)
		})
	}},
	{name: "scopes of a token, one by one", n: 100, write: func(w *night, n int) {
		w.put(logs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"time":"%s","line_id":"l%d","status":403,"token_claims":{"scope":`, clock(i), i)
				list(b, 9000, func(k int) { fmt.Fprintf(b, `"s%d"`, k) })
				b.WriteString("}}")
			})
		})
	}},
	{name: "causes of one outage", n: 5000, write: func(w *night, n int) {
		w.events(n, func(i int) string { return fmt.Sprintf(`"time":"%s","line_id":"l","status":%d`, clock(i), 400+i%200) })
	}},
	{name: "short events", n: 12_500, write: func(w *night, n int) {
		w.put(logs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "time,line_id,status")
			lines(b, n, func(i int) { fmt.Fprintf(b, "%d,%x,403", 1_795_132_800+i%80_000, i) })
		})
	}, dense: &density{60, "each event of twenty bytes is an outage"}},
	{name: "events that are none", n: 50_000, write: func(w *night, n int) {
		w.put(logs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "time,line_id,status")
			lines(b, n, func(i int) { b.WriteString("1,,") })
		})
	}},
}

// events writes a registration log whose members row returns.
func (n *night) events(count int, row func(i int) string) {
	n.put(logs, "events.jsonl.zst", func(b *bufio.Writer) { lines(b, count, func(i int) { fmt.Fprintf(b, "{%s}", row(i)) }) })
}
