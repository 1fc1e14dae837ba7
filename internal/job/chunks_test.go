package job_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/intake"
	"cdrmend/internal/job"
	"cdrmend/internal/outside"
)

// formatsConfig has a source for each shape of rows.
const formatsConfig = `name: night
fail_on: none
sources:
  manifests:
    - {name: m, url: "in/m/date={date}/", profile: cdrmend}
  cdrs:
    - {name: c, url: "in/c/date={date}/", profile: cdrmend}
    - {name: d, url: "in/d/date={date}/", profile: genesys-conversation-detail}
  registrations:
    - {name: r, url: "in/r/date={date}/", profile: cdrmend}
    - {name: h, url: "in/h/date={date}/", profile: http-client-log}
    - {name: l, url: "in/l/date={date}/", profile: text.yaml}
output: {url: out/, tables: [csv]}
`

// longest is how long a record may be in the nights of every format.
const longest = 700

// writer makes up the text of one object.
type writer struct {
	*rand.Rand
	strings.Builder
	n int // rows so far
}

// pick returns one of some texts.
func (w *writer) pick(texts ...string) string { return texts[w.IntN(len(texts))] }

// minute returns a time of the night.
func (w *writer) minute(second int) string {
	return fmt.Sprintf("2026-11-20T%02d:%02d:%02dZ", w.n%24, w.n%60, second)
}

func (w *writer) entry() string {
	return fmt.Sprintf(`{"recording_id":"r%d","conversation_id":"c%[1]d"%s,"start_time":%q,"end_time":%q,"direction":"é\"%[1]d"%s}`, w.n,
		w.pick("", `,"trunk_id":"t"`, `,"trunk_id":null`, ` , "duration_ms" : -1`), w.minute(5), w.pick(w.minute(9), "", "soon"), w.pick("", `,"x":[1,{"y":"}\n"}]`))
}

func (w *writer) leg() string {
	return fmt.Sprintf(`{"conversation_id":"c%d","leg_id":"l%[1]d","trunk_id":"t%d","recorded":%s,"start_time":%q,"answer_time":%[4]q,"end_time":%q,"recording_ids":["r%[1]d"]}`,
		w.n, w.IntN(3), w.pick("true", "false", `"maybe"`), w.minute(0), w.pick(w.minute(10), "never"))
}

func (w *writer) csvLeg() string {
	return fmt.Sprintf("c%d,%s,t%d,%s,%s,%[5]s,%s,%s", w.n, w.pick("l", "\"l \"\"1\"\"\"", "\"two\r\nlines\n\""), w.IntN(3),
		w.pick("true", "\"true\"", "maybe", "a\"b"), w.minute(0), w.minute(10), w.pick("", "x", "\"\n\n,\"", "y,z"))
}

func (w *writer) conversation() string {
	session := func(id, media string) string {
		return fmt.Sprintf(`{"sessionId":"s%d%s","mediaType":%q,"sessionDnis":"sip:1;tgrp=t%d","recording":true,"segments":[{"segmentStart":%q,"segmentEnd":%q}]}`,
			w.n, id, media, w.IntN(3), w.minute(0), w.pick(w.minute(20), "never"))
	}
	return fmt.Sprintf(`{"conversationId":"d%d","conversationEnd":%q,"participants":[{"purpose":"customer","sessions":[%s,%s,%s]}]}`,
		w.n, w.minute(30), session("a", "voice"), session("b", w.pick("voice", "chat")), session("c", "VOICE"))
}

func (w *writer) event() string {
	return fmt.Sprintf(`{"time":%q,"trunk_id":"t%d","line_id":"l","status":%s,"expiry_seconds":60,"access_token":"a.b.c"}`,
		w.minute(0), w.IntN(3), w.pick("403", "200", "null", "0"))
}

func (w *writer) csvEvent() string {
	return fmt.Sprintf("%s,t%d,l,%s,\"said \"\"no\"\"\n\"", w.minute(0), w.IntN(3), w.pick("403", "200", ""))
}

func (w *writer) request() string {
	return fmt.Sprintf(`{"time":%q,"method":"POST","path":%q,"status":%s,"request":{"expiry_seconds":60}}`, w.minute(0),
		w.pick("/api/v2/telephony/sip/lines/l/registrations", "/oauth/token", "/else"), w.pick("403", "200", "null"))
}

func (w *writer) logLine() string {
	return w.minute(0) + w.pick(" l 403 denied.", " l 200 granted.", " l 503", "", " l 403 \xff.")
}

// lines writes rows with everything between them that may be: blank lines, line
// ends of both kinds, rows that are broken or too long.
func (w *writer) lines(rows int, row func(*writer) string, most int) {
	for ; w.n < rows; w.n++ {
		text := row(w)
		switch w.IntN(20) {
		case 0:
			text = text[:w.IntN(len(text))]
		case 1:
			text = struckAt(w.Rand, text)
		case 2:
			text = strings.Replace(text, "c", strings.Repeat("c", w.IntN(most)), 1)
		case 3:
			text = w.pick(" \t", "\r", "", strings.Repeat(" ", most), "\r\n\r\n\r")
		}
		w.WriteString(text + w.pick("\n", "\n", "\r\n", "\n\n"))
	}
}

// everyFormat delivers objects of every format and packing: whole, cut, struck,
// and with another checksum.
func everyFormat(t *testing.T, rng *rand.Rand) files {
	night := files{"cdrmend.yaml": formatsConfig, "text.yaml": textProfile}
	for _, folder := range []string{"m", "c", "d", "r", "h", "l"} {
		night["in/"+folder+"/.keep"] = ""
	}
	deliver := func(name, text string) {
		text = []string{"", "\xef\xbb\xbf", "\r\n\n"}[rng.IntN(3)] + text
		for _, packing := range []string{"", ".gz", ".zst"} {
			day := []string{label, label, "2026-11-19"}[rng.IntN(3)]
			folder, base, _ := strings.Cut(name, "/")
			place := "in/" + folder + "/date=" + day + "/"
			stored := pack(t, packing, text)
			night[place+base+packing] = stored
			night[place+"cut-"+base+packing] = stored[:rng.IntN(len(stored))]
			night[place+"struck-"+base+packing] = struckAt(rng, stored)
			if packing == ".gz" {
				sum := len(stored) - 8
				night["in/"+folder+"/date="+label+"/sum-"+base+packing] = stored[:sum] + "\x00\x00\x00\x00" + stored[sum+4:]
			}
		}
	}
	const rows = 40
	write := func(name, before string, row func(*writer) string, most int) {
		w := &writer{Rand: rng}
		w.WriteString(before)
		w.lines(rows, row, most)
		if rng.IntN(2) == 0 {
			w.WriteString(row(w))
		}
		deliver(name, w.String())
	}
	const beyond = 3 * longest
	write("m/lines.jsonl", "", (*writer).entry, beyond)
	write("c/lines.jsonl", "", (*writer).leg, beyond)
	write("c/rows.csv", "conversation_id,leg_id,trunk_id,recorded,start_time,answer_time,end_time,\"recording\n\"\r\n", (*writer).csvLeg, longest/2)
	write("c/long.csv", "conversation_id,leg_id,trunk_id,recorded,start_time,answer_time,end_time,x\n", (*writer).csvLeg, beyond)
	write("d/lines.jsonl", "", (*writer).conversation, beyond)
	write("r/lines.jsonl", "", (*writer).event, beyond)
	write("r/rows.csv", "time,trunk_id,line_id,status,reason\n", (*writer).csvEvent, longest/2)
	write("h/lines.jsonl", "", (*writer).request, beyond)
	write("l/lines.log", "", (*writer).logLine, beyond)
	sound := func(name, before, between, after string, row func(*writer) string) {
		w := &writer{Rand: rng}
		w.WriteString(before)
		for ; w.n < rows; w.n++ {
			w.WriteString(row(w) + between)
		}
		deliver(name, w.String()+row(w)+after)
	}
	sound("m/sound.jsonl", "", "\n", "\n", (*writer).entry)
	sound("m/list.json", "[", ",\n", "]\n", (*writer).entry)
	sound("c/list.json", "[", ", 5,", "]\n", (*writer).leg)
	sound("d/list.json", "[", ",", "]\n", (*writer).conversation)
	return night
}

// under returns the files that have something in their paths, one after the
// other.
func under(all files, path string) (text string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.Contains(name, path) {
			text += all[name]
		}
	}
	return text
}

// What comes out is the same on any number of processors, with any number of
// requests in flight, and in chunks of any size: also of less than a row, so
// that nearly every row is one, and of pieces of rows that are too long.
func TestEveryByteIsTheSameWithAnyProcessorsConcurrencyAndChunks(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for seed := range uint64(outside.Pick(1, 2)) {
		rng := rand.New(rand.NewPCG(seed, 23))
		n := newNight(t, everyFormat(t, rng))
		outcome := func(processors, concurrency, chunk int) files {
			runtime.GOMAXPROCS(processors)
			n.run(func(j *job.Job) {
				j.Config.Concurrency, j.Config.Limits.RecordBytes = concurrency, longest
				j.Tune(intake.Tuning{ChunkSize: chunk})
			})
			out := n.tree("out")
			if err := os.RemoveAll(filepath.Join(n.dir, "out")); err != nil {
				t.Fatal(err)
			}
			return out
		}
		want := outcome(1, 1, 1<<30)
		for _, folder := range []string{"m", "c", "d", "r", "h", "l"} {
			if rejects := under(want, "/rejects/"+folder+"/"); strings.Count(rejects, "\n") < 20 {
				t.Errorf("the night is too sound: the rejects of %s are\n%s", folder, rejects)
			}
		}
		for _, how := range []struct{ processors, concurrency, chunk int }{
			{2, 1, 1}, {1, 3, 40}, {2, 64, 170 + int(seed)}, {1, 1, longest + 1}, {4, 2, 2000 + rng.IntN(500)}, {2, 64, 0},
		} {
			got := outcome(how.processors, how.concurrency, how.chunk)
			for name := range want {
				if got[name] != want[name] {
					t.Errorf("%s differs, seed %d, with %+v", name, seed, how)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d files, want %d, seed %d, with %+v", len(got), len(want), seed, how)
			}
			if t.Failed() {
				return
			}
		}
	}
}
