package growth

import (
	"bufio"
	"fmt"
	"strings"
)

// profiled are structures of what a profile of one's own can say: steps, lists inside
// records, joins, XML, pages.
var profiled = []structure{
	{name: "pages of a list that goes on", n: 500, write: func(w *night, n int) {
		w.own(&w.settings.cdrProfile, "cdrs: {formats: [json], document: {entries: /calls}, pages: {more: /next, total: /total, until: /to}, fields: {conversation_id: [/id]}}")
		for i := range n {
			w.put(cdrs, fmt.Sprintf("%d.json", i), func(b *bufio.Writer) {
				fmt.Fprintf(b, `{"total":%d,"next":"x","to":"%s","calls":[{"id":"c%d"}]}`, n, clock(i), i)
			})
		}
	}, dense: &density{40, "each object has its lines in inputs.jsonl"}},
	{name: "members around a list, each of them repeated", n: 18_000, write: func(w *night, n int) {
		w.own(&w.settings.cdrProfile, "cdrs: {formats: [json], document: {entries: /calls}, pages: {more: /next, total: /total, until: /to}, fields: {conversation_id: [/id]}}")
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) {
			b.WriteString(`{"calls":[{"id":"c"}]`)
			for i := range min(n, 9000) {
				fmt.Fprintf(b, `,"total":%d,"to":"%s"`, i, again("x", n/9000*100))
			}
			b.WriteString("}")
		})
	}},
	{name: "steps on every value", n: 2500, write: func(w *night, n int) {
		w.own(&w.settings.cdrProfile, `cdrs:
  formats: [jsonl]
  fields:
    conversation_id: [{join: [/a, {from: /b, then: [{match: '(x+)y'}, {map: {x: y}, else: '='}]}], with: "-", then: [{decode: url}]}]
    leg_id: [{from: /id, then: [{match: '^.*/([0-9]+)$'}]}]
    user_ids: [{from: /users, then: [{split: ","}]}]
    start_time: [{join: [/day, /at], with: " ", then: [{time: ["%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"]}]}]
    duration_ms: [{from: /d, then: [{unit: "hh:mm:ss"}]}]
  zone: UTC
  skip: [{reason: x, where: {/b: {match: '^(x|y)*z$'}}}]
`)
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"a":"%s","b":"%sy","id":"https://x/%d","users":"%s","day":"2026-11-20","at":"10:00:%02d","d":"0:01:%02d"}`, again("%41", 300), strings.Repeat("x", 300), i, again("u,", 300), i%60, i%60)
			})
		})
	}, dense: &density{20, "a row of a few hundred bytes is a row of two tables and a finding"}},
	{name: "records in lists inside elements", n: 2500, write: func(w *night, n int) {
		w.own(&w.settings.cdrProfile, "cdrs: {formats: [json], each: /parts/*/legs/*, fields: {conversation_id: [../../id], leg_id: [/id], user_ids: [/users/*/id]}}")
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) {
			list(b, 1, func(int) {
				b.WriteString(`{"id":"c","parts":`)
				list(b, 50, func(p int) {
					b.WriteString(`{"legs":`)
					list(b, n/50, func(i int) { fmt.Fprintf(b, `{"id":"%d-%d","users":[{"id":"u%d"},{"id":"v"}]}`, p, i, i) })
					b.WriteString("}")
				})
				b.WriteString("}")
			})
		})
	}, dense: &density{40, "each record of forty bytes is a row of two tables"}},
	{name: "lists inside elements, without records", n: 400_000, write: func(w *night, n int) {
		w.own(&w.settings.cdrProfile, "cdrs: {formats: [json], each: /parts/*/legs/*, fields: {conversation_id: [../../id]}}")
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) {
			b.WriteString(`[{"id":"c","parts":`)
			list(b, n, func(int) { b.WriteString(`{"legs":[]}`) })
			b.WriteString("}]")
		})
	}},
	{name: "lines of one record", n: 60_000, write: func(w *night, n int) {
		w.own(&w.settings.logProfile, traceProfile)
		w.put(logs, "x.log.zst", func(b *bufio.Writer) {
			fmt.Fprintf(b, "# %s\n", clock(1))
			lines(b, n, func(i int) { fmt.Fprintf(b, "to t%d", i) })
		})
	}},
	{name: "records of two lines", n: 100_000, write: func(w *night, n int) {
		w.own(&w.settings.logProfile, traceProfile)
		w.put(logs, "x.log.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) { fmt.Fprintf(b, "# %s\nto t 403", clock(i)) })
		})
	}},
	{name: "blank lines inside a record", n: 625_000, write: func(w *night, n int) {
		w.own(&w.settings.logProfile, traceProfile)
		w.put(logs, "x.log.zst", func(b *bufio.Writer) { fmt.Fprintf(b, "# %s\n%sto t 403\n", clock(1), again("\n", n)) })
	}},
	{name: "elements of XML", n: 2500, write: func(w *night, n int) {
		w.own(&w.settings.cdrProfile, "cdrs: {formats: [xml], document: {entries: /cdrs/cdr}, fields: {conversation_id: [/id], leg_id: [/@n], user_ids: [/users/user]}}")
		w.put(cdrs, "x.xml.zst", func(b *bufio.Writer) {
			b.WriteString("<cdrs>")
			for i := range n {
				fmt.Fprintf(b, `<cdr n="%d"><id>c%d</id><users><user>u</user><user>%d</user></users></cdr>`, i, i, i)
			}
			b.WriteString("</cdrs>")
		})
	}, dense: &density{40, "each record of eighty bytes is a row of two tables"}},
	{name: "children of one element of XML, in turn", n: 40_000, write: func(w *night, n int) {
		w.own(&w.settings.cdrProfile, "cdrs: {formats: [xml], document: {entries: /cdrs/cdr}, fields: {conversation_id: [/id], user_ids: [/a]}}")
		w.put(cdrs, "x.xml.zst", func(b *bufio.Writer) {
			b.WriteString("<cdrs><cdr><id>c</id>")
			for i := range n {
				fmt.Fprintf(b, "<a>%d</a><b>%d</b>", i, i)
			}
			b.WriteString("</cdr></cdrs>")
		})
	}},
}

// own writes a profile of one's own, and names it in the settings.
func (n *night) own(setting *string, text string) {
	*setting = "own.yaml"
	n.file("own.yaml", func(b *bufio.Writer) { _, _ = b.WriteString(text) })
}

// traceProfile is of a log whose records have several lines.
const traceProfile = "registrations: {formats: [text], begins: '^# ', line: '(?s)^# (?P<time>\\S+)\\n.*to (?P<trunk_id>\\S+) (?P<status>\\d{3})'}"
