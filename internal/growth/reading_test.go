package growth

import (
	"bufio"
	"fmt"
	"strings"
)

// reading are structures that cost while objects are read or their parts set aside.
var reading = []structure{
	{name: "lists of ones as CDRs", n: 250_000, write: func(w *night, n int) {
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(int) { b.WriteByte('1') }) })
	}},
	{name: "lists of ones as manifests", n: 250_000, write: func(w *night, n int) {
		w.put(manifests, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(int) { b.WriteByte('1') }) })
	}},
	{name: "lists of ones as registrations", n: 250_000, write: func(w *night, n int) {
		w.put(logs, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(int) { b.WriteByte('1') }) })
	}},
	{name: "empty objects as CDRs", n: 125_000, write: func(w *night, n int) {
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(int) { b.WriteString("{}") }) })
	}},
	{name: "empty objects as manifests", n: 125_000, write: func(w *night, n int) {
		w.put(manifests, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(int) { b.WriteString("{}") }) })
	}},
	{name: "empty objects as manifests in lines", n: 125_000, write: func(w *night, n int) {
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) { lines(b, n, func(int) { b.WriteString("{}") }) })
	}},
	{name: "empty objects as registrations", n: 125_000, write: func(w *night, n int) {
		w.put(logs, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(int) { b.WriteString("{}") }) })
	}},
	{name: "empty conversations", n: 125_000, write: func(w *night, n int) {
		w.settings.cdrProfile = "genesys-conversation-detail"
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(int) { b.WriteString("{}") }) })
	}},
	{name: "recordings without metadata files", n: 2500, write: func(w *night, n int) {
		w.recordings(n, func(i int) string { return fmt.Sprintf("in-%d-20261120-%06d-r%d.wav", i%100, i%60, i) })
		w.lost(n)
	}},
	{name: "recordings whose names say nothing", n: 2500, write: func(w *night, n int) {
		w.recordings(n, func(i int) string { return fmt.Sprintf("%d.wav", i) })
		w.lost(n)
	}},
	{name: "a manifest in CSV that lacks columns", n: 12_500, write: func(w *night, n int) {
		w.manifestsIn("csv", "")
		w.put(manifests, "x.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "id,start")
			lines(b, n, func(i int) { fmt.Fprintf(b, "%s,%s", uuid("r", i), clock(i)) })
		})
		w.listing(n)
	}, dense: &density{60, "a short row lacks three fields, of which two are repaired"}},
	{name: "a manifest in CSV of short rows", n: 12_500, write: func(w *night, n int) {
		w.manifestsIn("csv", "")
		w.put(manifests, "x.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "id,call")
			lines(b, n, func(i int) { b.WriteString([]string{"a", "a,b,c"}[i%2]) })
		})
	}, dense: &density{100, "each row is a reject"}},
	{name: "a manifest in CSV that ends in a quote", n: 12_500, write: func(w *night, n int) {
		w.manifestsIn("csv", "")
		w.put(manifests, "x.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "id,call")
			b.WriteString(`r,"`)
			lines(b, n, func(i int) { fmt.Fprintf(b, `%d,""`, i) })
		})
	}},
	{name: "a manifest in XML", n: 6250, write: func(w *night, n int) {
		w.manifestsIn("xml", "  document: {entries: /x/r}\n")
		w.put(manifests, "x.xml", func(b *bufio.Writer) {
			b.WriteString("<x>")
			for i := range n {
				fmt.Fprintf(b, "<r><id>%s</id><start>%s</start></r>\n", uuid("r", i), clock(i))
			}
			b.WriteString("</x>")
		})
		w.listing(n)
	}, dense: &density{60, "a short entry lacks three fields, of which two are repaired"}},
	{name: "lines of one byte", n: 125_000, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) { lines(b, n, func(int) { b.WriteString("1") }) })
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) { lines(b, n, func(int) { b.WriteString("1") }) })
		w.put(logs, "x.jsonl.zst", func(b *bufio.Writer) { lines(b, n, func(int) { b.WriteString("1") }) })
	}},
	{name: "rejects of two reasons in turn", n: 6250, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) { lines(b, n, func(i int) { b.WriteString([]string{"1", "!"}[i%2]) }) })
	}, dense: &density{100, "each row is a reject of another reason than the one before it"}},
	{name: "rejects of two reasons in a manifest", n: 6250, write: func(w *night, n int) {
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) { lines(b, n, func(i int) { b.WriteString([]string{"1", "!"}[i%2]) }) })
	}, dense: &density{100, "each row is a reject of another reason than the one before it"}},
	{name: "rows with a cell too few", n: 62_500, write: func(w *night, n int) {
		w.put(cdrs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "conversation_id,leg_id")
			lines(b, n, func(int) { b.WriteString("1") })
		})
	}},
	{name: "short rows of CDRs", n: 6250, write: func(w *night, n int) {
		w.put(cdrs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "conversation_id,leg_id,recorded")
			lines(b, n, func(i int) { fmt.Fprintf(b, "%x,1,", i) })
		})
	}, dense: &density{100, "a row of ten bytes is a row of two tables"}},
	{name: "short entries", n: 2500, write: func(w *night, n int) {
		w.put(manifests, "x.json.zst", func(b *bufio.Writer) { list(b, n, func(i int) { b.WriteString(`{"state":1}`) }) })
	}, dense: &density{300, "an entry of twelve bytes lacks five fields, which are five findings"}},
	{name: "values that do not parse, in every cell", n: 2500, write: func(w *night, n int) {
		w.put(cdrs, "x.csv.zst", func(b *bufio.Writer) {
			fmt.Fprintln(b, "conversation_id,leg_id,start_time,answer_time,end_time,duration_ms,talk_ms,talk,pauses,recorded,updated_at,sip_status")
			lines(b, n, func(i int) { fmt.Fprintf(b, "%x,1,x,x,x,x,x,x,x,x,x,x", i) })
		})
	}, dense: &density{150, "each cell of two bytes is a finding"}},
	{name: "long values that do not parse", n: 250, write: func(w *night, n int) {
		text := again("y", 20_000)
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1","start_time":"%s","recorded":"%s","talk_ms":"%s"}`, i, text, text, text)
			})
		})
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"recording_id":"r%d","start_time":"%s","end_time":"%s"}`, i, text, text)
			})
		})
	}},
	{name: "long values in every field", n: 250, write: func(w *night, n int) {
		id, text := again("i", 500), again("t", 4000)
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"%d%s","leg_id":"%d%s","trunk_id":"%d%s","line_id":"%d%s","direction":"%d%s","ani":"%d%s",%s}`, i, id, i, id, i, id, i, id, i, text, i, text, times(i, i+9))
			})
		})
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"recording_id":"%d%s","conversation_id":"%d%s","media_type":"%d%s","media_key":"%d%s",%s}`, i, id, i, id, i, text, i, text, times(i, i+9))
			})
		})
	}},
	{name: "lists of recordings beyond the limit", n: 8, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1",%s,"recording_ids":`, i, times(i, i+9))
				list(b, 300_000, func(k int) { fmt.Fprintf(b, "%d", k) })
				b.WriteString("}")
			})
		})
	}},
	{name: "lists of a thousand recordings", n: 100, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1","recorded":true,%s,"recording_ids":`, i, times(i, i+9))
				list(b, 1000, func(k int) { fmt.Fprintf(b, "%d", i*1000+k) })
				b.WriteString("}")
			})
		})
	}, dense: &density{100, "each of the ids is missing, which is a finding"}},
	{name: "one list of users in every leg", n: 100, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1",%s,"user_ids":`, i, times(i, i+9))
				list(b, 1000, func(k int) { fmt.Fprintf(b, `"%s"`, uuid("u", k)) })
				b.WriteString("}")
			})
		})
	}},
	{name: "other users in every leg", n: 100, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1",%s,"user_ids":`, i, times(i, i+9))
				list(b, 1000, func(k int) { fmt.Fprintf(b, `"%s"`, uuid("u", i*1000+k)) })
				b.WriteString("}")
			})
		})
	}},
	{name: "spans of talk and pauses in turn", n: 100, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1",%s,"talk":`, i, times(0, 9000))
				list(b, 1000, func(k int) { fmt.Fprintf(b, `{"start":"%s","end":"%s"}`, clock(k*8), clock(k*8+6)) })
				b.WriteString(`,"pauses":`)
				list(b, 1000, func(k int) { fmt.Fprintf(b, `{"start":"%s","end":"%s"}`, clock(k*8+2), clock(k*8+4)) })
				b.WriteString("}")
			})
		})
	}},
	{name: "deep values that do not parse", n: 20, write: func(w *night, n int) {
		deep := strings.Repeat("[", 900) + `"` + again("z", 40_000) + `"` + strings.Repeat("]", 900)
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) { fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1","start_time":%s}`, i, deep) })
		})
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) { fmt.Fprintf(b, `{"recording_id":"c%d","start_time":%s}`, i, deep) })
		})
		w.put(logs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) { fmt.Fprintf(b, `{"time":"%s","status":%s}`, clock(i), deep) })
		})
	}},
	{name: "deep nesting in every row", n: 500, write: func(w *night, n int) {
		deep := strings.Repeat(`{"a":[`, 450) + strings.Repeat("]}", 450)
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"1","more":%s,%s}`, i, deep, times(i, i+9))
			})
		})
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) { fmt.Fprintf(b, `{"recording_id":"c%d","more":%s,%s}`, i, deep, times(i, i+9)) })
		})
	}},
	{name: "one member spelled many times", n: 100, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d"`, i)
				for k := range 9_900 {
					fmt.Fprintf(b, `,"leg_id":"%d"`, k)
				}
				b.WriteString("}")
			})
		})
	}},
	{name: "many unknown members, of no row", n: 50, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				b.WriteString(`{"x":1`)
				for k := range 9_900 {
					fmt.Fprintf(b, `,"y%d":""`, k)
				}
				b.WriteString("}")
			})
		})
	}},
	{name: "a list spelled many times", n: 12_500, write: func(w *night, n int) {
		w.put(manifests, "x.json.zst", func(b *bufio.Writer) {
			b.WriteString(`{"format":"cdrmend.manifest/1"`)
			for i := range min(n/100+1, 9_000) {
				b.WriteString(`,"recordings":`)
				list(b, 100, func(k int) { fmt.Fprintf(b, `{"recording_id":"r%d-%d"}`, i, k) })
			}
			b.WriteString("}")
		})
		w.settings.cdrProfile = "genesys-conversation-detail"
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) {
			b.WriteString(`{"a":1`)
			for i := range min(n/100+1, 9_000) {
				b.WriteString(`,"conversations":`)
				list(b, 100, func(k int) { fmt.Fprintf(b, `{"conversationId":"r%d-%d"}`, i, k) })
			}
			b.WriteString("}")
		})
	}},
	{name: "escapes in every value", n: 500, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"conversation_id":"c%d","leg_id":"%s","direction":"%s","recorded":"%s"}`, i, strings.Repeat(`\u0001`, 80), strings.Repeat(`\u0001`, 600), strings.Repeat(`\u0001`, 33))
			})
		})
		w.put(manifests, "x.jsonl.zst", func(b *bufio.Writer) {
			lines(b, n, func(i int) {
				fmt.Fprintf(b, `{"recording_id":"c%d","leg_id":"%s","media_type":"%s"}`, i, strings.Repeat(`\u0001`, 80), strings.Repeat(`\u0001`, 600))
			})
		})
	}},
	{name: "white space", n: 625_000, write: func(w *night, n int) {
		w.put(cdrs, "x.json.zst", func(b *bufio.Writer) { b.WriteString("[" + again(" ", n) + "]") })
		w.put(manifests, "x.json.zst", func(b *bufio.Writer) { b.WriteString("[" + again(" ", n) + "]") })
		w.put(logs, "x.csv.zst", func(b *bufio.Writer) { b.WriteString(again("\n", n)) })
	}},
	{name: "one endless text", n: 625_000, write: func(w *night, n int) {
		w.put(cdrs, "x.jsonl.zst", func(b *bufio.Writer) { b.WriteString(`{"a":"` + again("a", n)) })
		w.put(manifests, "x.json.zst", func(b *bufio.Writer) { b.WriteString(`[{"a":"` + again("a", n)) })
		w.put(logs, "x.csv.zst", func(b *bufio.Writer) { b.WriteString("time,status\n\"" + again("a", n)) })
	}},
	{name: "bytes that are nothing", n: 625_000, write: func(w *night, n int) {
		w.put(cdrs, "x.csv.gz", func(b *bufio.Writer) { b.WriteString(again("\x00", n)) })
		w.put(manifests, "x.json.gz", func(b *bufio.Writer) { b.WriteString(again("\x00", n)) })
		w.put(logs, "x.jsonl.gz", func(b *bufio.Writer) { b.WriteString(again("\x00", n)) })
	}},
	{name: "many small documents", n: 500, write: func(w *night, n int) {
		for i := range n {
			w.put(manifests, fmt.Sprintf("%d.json", i), func(b *bufio.Writer) {
				fmt.Fprintf(b, `{"recording_id":"r%d","conversation_id":"c%d",%s}`, i, i, times(i, i+9))
			})
		}
	}, dense: &density{40, "each object has its lines in inputs.jsonl and a repaired document"}},
	{name: "long keys", n: 150, write: func(w *night, n int) {
		deep := strings.Repeat(again("k", 200)+"/", 4)
		for i := range n {
			w.put(manifests, fmt.Sprintf("%s%d.json", deep, i), func(b *bufio.Writer) { fmt.Fprintf(b, `{"recording_id":"r%d"}`, i) })
			w.put(cdrs, fmt.Sprintf("%s%d.json", deep, i), func(b *bufio.Writer) { fmt.Fprintf(b, `[{"conversation_id":"r%d"}]`, i) })
		}
	}, dense: &density{1000, "every row of a table names its object, and a key has 1,000 bytes"}},
	{name: "rows of an object with a long key", n: 625, write: func(w *night, n int) {
		deep := strings.Repeat(again("k", 200)+"/", 4)
		w.put(cdrs, deep+"x.csv", func(b *bufio.Writer) {
			fmt.Fprintln(b, "conversation_id,leg_id,start_time,answer_time,end_time")
			lines(b, n, func(i int) { fmt.Fprintf(b, "c%d,1,%s,%s,%s", i, clock(i), clock(i), clock(i+60)) })
		})
	}, dense: &density{50, "every row of a table names its object, and a key has 1,000 bytes"}},
	{name: "pages of conversation details", n: 500, write: func(w *night, n int) {
		w.settings.cdrProfile = "genesys-conversation-detail"
		for i := range n {
			w.put(cdrs, fmt.Sprintf("%d.json", i), func(b *bufio.Writer) {
				fmt.Fprintf(b, `{"totalHits":%d,"cursor":"x","conversations":[{"conversationId":"c%d","participants":[{"purpose":"customer","sessions":[{"sessionId":"s%d"}]}]}]}`, n, i, i)
			})
		}
	}, dense: &density{40, "each object has its lines in inputs.jsonl"}},
}

// lines writes lines.
func lines(w *bufio.Writer, n int, line func(i int)) {
	for i := range n {
		line(i)
		_ = w.WriteByte('\n')
	}
}

// recordings writes media objects of a source without documents.
func (n *night) recordings(count int, name func(i int) string) {
	n.settings.manifests = "names.yaml"
	n.file("names.yaml", func(b *bufio.Writer) {
		b.WriteString("manifests:\n  documents: none\n  zone: UTC\n  media_pattern: 'in-(?P<ani>\\d+)-(?P<when>\\d{8}-\\d{6})-(?P<recording_id>[^/]+)\\.wav$'\n")
		b.WriteString("  fields: {start_time: [{from: when, then: [{time: ['%Y%m%d-%H%M%S']}]}], direction: [{value: inbound}]}\n")
	})
	audio := again("a", 300) // as large as an entry of a manifest
	for i := range count {
		n.put(manifests, name(i), func(b *bufio.Writer) { b.WriteString(audio) })
	}
}

// manifestsIn makes the profile of manifests in a format.
func (n *night) manifestsIn(format, more string) {
	n.settings.manifests = "export.yaml"
	n.file("export.yaml", func(b *bufio.Writer) {
		fmt.Fprintf(b, "manifests:\n  formats: [%s]\n%s  fields: {recording_id: [/id], conversation_id: [/call], start_time: [/start]}\n", format, more)
	})
}

// listing writes legs that list so many recordings, one each.
func (n *night) listing(count int) {
	n.legs(count, func(i int) string {
		return fmt.Sprintf(`"conversation_id":"%s","leg_id":"1","recorded":true,"trunk_id":"t","recording_ids":"%s",%s`, uuid("c", i), uuid("r", i), times(i, i+60))
	})
}
