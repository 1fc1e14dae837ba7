package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/job"
	"cdrmend/internal/record"
	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

const crossing = `
name: night
fail_on: none
sources:
  manifests:
    - {name: f, url: in/f/, profile: cdrmend}
    - {name: g, url: "in/g/{org}/year={year}/month={month}/day={day}/hour={hour}/", org: acme, profile: genesys-cloud, lookback: 30h, lookahead: 20h}
    - {name: m, url: "in/m/date={date}/", profile: cdrmend, lookahead: 30h}
  cdrs:
    - {name: c, url: "in/c/date={date}/", profile: cdrmend, lookback: 48h}
    - {name: d, url: "in/d/date={date}/hour={hour}/", org: acme, profile: cdrmend, lookback: 30h, lookahead: 30h, one_recording_per: leg}
    - {name: e, url: "in/e/date={date}/", profile: genesys-conversation-detail}
  registrations:
    - {name: r, url: "in/r/date={date}/", profile: cdrmend}
media: {check: exists}
output: {url: out/, tables: [csv, parquet]}
`

// A teller makes up rows of some days that have few ids and share them.
type teller struct {
	*rand.Rand
	conversations, recordings int // how many there are
	files                     files
}

func (r *teller) perhaps(v string) string {
	if r.IntN(5) == 0 {
		return ""
	}
	return v
}

func (r *teller) conversation() string { return fmt.Sprintf("c%d", r.IntN(r.conversations)) }

func (r *teller) recording() string {
	return fmt.Sprintf("aaaaaaaa-0000-0000-0000-%012d", r.IntN(r.recordings))
}

func (r *teller) org() string { return []string{"", "acme", "acme", "other"}[r.IntN(4)] }

// start is a time of the interval or, as often, of the days beside it.
func (r *teller) start() record.Time {
	const hour = 3600e6
	start := interval.Start + record.Time(r.Int64N(24*hour))
	if r.IntN(2) == 0 {
		start += []record.Time{-24 * hour, 24 * hour}[r.IntN(2)]
	}
	return start
}

func (r *teller) entry(start record.Time) string {
	recording := r.recording()
	return fmt.Sprintf(`{"org_id":%q,"recording_id":%q,"conversation_id":%q,"trunk_id":%q,"line_id":%q,"start_time":%q,"end_time":%q,"media_type":%q,"media_key":%q,"duration_ms":%s}`,
		r.org(), r.perhaps(recording), r.perhaps(r.conversation()), r.perhaps("t1"), "l1", r.perhaps(start.String()), r.perhaps(start.Add(time.Minute).String()),
		[]string{"", "call", "email", "fax"}[r.IntN(4)], r.perhaps("x/"+recording+".wav"), []string{"60000", "null", `"x"`}[r.IntN(3)])
}

func (r *teller) talk(start record.Time) string {
	var spans []string
	for range r.IntN(3) {
		from := start.Add(time.Duration(r.IntN(60)) * time.Second)
		spans = append(spans, from.String()+"/"+from.Add(10*time.Second).String())
	}
	return strings.Join(spans, ";")
}

func (r *teller) leg(start record.Time) string {
	var listed []string
	for range r.IntN(4) {
		listed = append(listed, r.recording())
	}
	return strings.Join([]string{
		r.org(), r.perhaps(r.conversation()), r.perhaps(fmt.Sprint("leg", r.IntN(3))), strings.Join(listed, ";"), r.perhaps(fmt.Sprint("t", r.IntN(3))), "l1",
		r.perhaps(start.String()), start.String(), r.perhaps(start.Add(time.Minute).String()), r.perhaps("true"), r.perhaps(start.String()), r.talk(start),
	}, ",")
}

const sharedHeader = "org_id,conversation_id,leg_id,recording_ids,trunk_id,line_id,start_time,answer_time,end_time,recorded,updated_at,talk\n"

func date(t record.Time) string { return t.Std().Format("2006-01-02") }

// add appends a row to one of a few files of a folder.
func (r *teller) add(folder, suffix, header, row string) {
	name := fmt.Sprintf("in/%s/%d%s", folder, r.IntN(3), suffix)
	if r.files[name] == "" {
		r.files[name] = header
	}
	r.files[name] += row + "\n"
}

func (r *teller) addEntry() {
	start := r.start()
	switch r.IntN(6) {
	case 0:
		r.add("f", ".jsonl", "", r.entry(start))
	case 1, 2:
		folder := fmt.Sprintf("in/g/acme/year=2026/month=11/day=%s/hour=%d/conversation_id=%s/%s", start.Std().Format("02"), start.Std().Hour(), r.conversation(), r.recording())
		text := fmt.Sprintf(`{"recordingId":%q,"sipTrunkId":"","startTime":"","mediaType":"call"}`, r.perhaps(r.recording()))
		switch r.IntN(6) {
		case 0:
			r.files[folder+".wav"] = "audio"
			return
		case 1:
			text = "[" + text + "," + text + "]"
		case 2:
			text = text[:len(text)-r.IntN(10)]
		}
		r.files[folder+".wav_metadata.json"] = text
	case 3:
		name := fmt.Sprintf("in/m/date=%s/%d.json", date(start), r.IntN(1000))
		text := fmt.Sprintf(`{"format":"cdrmend.manifest/1","counts":{"total":%d},"recordings":[%s,%s],"org_id":%q}`, 2+r.IntN(2), r.entry(start), r.entry(start), r.org())
		if r.IntN(5) == 0 {
			text = strings.Replace(text, `,"org_id"`, `,"recordings":[`+r.entry(start)+`],"org_id"`, 1)
		}
		if r.IntN(5) == 0 {
			text = text[:len(text)-r.IntN(200)]
		}
		r.files[name] = text
	default:
		row := r.entry(start)
		if r.IntN(20) == 0 {
			row = row[:40]
		}
		r.add("m/date="+date(start), ".jsonl", "", row)
	}
}

func (r *teller) addLeg() {
	start := r.start()
	row := r.leg(start)
	if r.IntN(8) == 0 { // delivered with another day
		start = r.start()
	}
	hour := fmt.Sprintf("/hour=%d", start.Std().Hour())
	switch r.IntN(6) {
	case 0:
		r.add("e/date="+date(start), ".jsonl", "", fmt.Sprintf(
			`{"conversationId":%q,"conversationEnd":%q,"participants":[{"purpose":"customer","sessions":[{"sessionId":"leg1","mediaType":"voice","recording":true,"segments":[{"segmentType":"interact","segmentStart":%q,"segmentEnd":%q}]},{"sessionId":"leg2","mediaType":"chat"},{"sessionId":"leg3","sessionDnis":"sip:x;tgrp=t%d"}]}]}`,
			r.perhaps(r.conversation()), start.Add(time.Minute).String(), start.String(), start.Add(time.Minute).String(), r.IntN(3)))
	case 1, 2:
		r.add("d/date="+date(start)+hour, ".csv", sharedHeader, row)
	default:
		r.add("c/date="+date(start), ".csv", sharedHeader, row)
	}
	switch r.IntN(12) {
	case 0: // the same row again
		r.add("c/date="+date(r.start()), ".csv", sharedHeader, row)
	case 1:
		r.add("d/date="+date(start)+hour, ".csv", sharedHeader, row)
	case 2, 3: // nearly the same, which is another leg unless it has an id
		r.add("c/date="+date(start), ".csv", sharedHeader, strings.Replace(row, ",l1,", ",l2,", 1))
	case 4:
		r.add("c/date="+date(start), ".csv", sharedHeader, "too,few")
	}
}

// chain links the interval with the days beside by rows each of which shares
// an id with the next.
func (r *teller) chain(n int) {
	at := interval.Start.Add(-3 * time.Hour)
	row := func(conversation, recording int) string {
		return fmt.Sprintf(",chain%d,leg,chained%d,t1,l1,%s,%s,%s,true,,", conversation, recording, at, at, at.Add(time.Minute))
	}
	r.add("m/date="+label, ".jsonl", "", fmt.Sprintf(`{"conversation_id":"chain0","media_type":"call","start_time":%q}`, interval.Start))
	for i := range n {
		r.add("c/date="+date(at), ".csv", sharedHeader, row(i, i))
		r.add("c/date="+date(at), ".csv", sharedHeader, row(i+1, i))
	}
}

// crowd adds rows of one id to a day beside, not too many yet or too many.
func (r *teller) crowd(n int) {
	var b strings.Builder
	b.WriteString("conversation_id,leg_id,start_time\n")
	for i := range n {
		fmt.Fprintf(&b, "crowd,%d,2026-11-19T20:00:00Z\n", i)
	}
	r.files["in/c/date=2026-11-19/crowd.csv"] = b.String()
}

// midnight is a time a few seconds before or after a border of the interval.
func (r *teller) midnight() record.Time {
	return []record.Time{interval.Start, interval.End}[r.IntN(2)].Add(time.Duration(r.IntN(7)-3) * time.Second)
}

// addLookAlike adds a call near midnight and a recording that has nothing in
// common with it but its line and its times. Sometimes the recording looks like
// another call, too, which may be of another day.
func (r *teller) addLookAlike(n int) {
	start, seconds := r.midnight(), 1+r.IntN(60)
	shifted := func() (start2, end record.Time) {
		start2 = start.Add(time.Duration(r.IntN(6)-3) * time.Second)
		return start2, start2.Add(time.Duration(seconds) * time.Second)
	}
	leg := func(conversation string) {
		start, end := shifted()
		r.add("c/date="+date(start), ".csv", sharedHeader, fmt.Sprintf(",%s,leg,,t1,alike%d,%s,%s,%s,true,,", conversation, n, start, start, end))
	}

	leg(fmt.Sprint("alike", n))
	if r.IntN(3) == 0 {
		leg(fmt.Sprint("rival", n))
	}
	start, end := shifted()
	r.add("m/date="+date(start), ".jsonl", "", fmt.Sprintf(`{"recording_id":"alone%d","conversation_id":"alone%[1]d","trunk_id":"t1","line_id":"alike%[1]d","start_time":%q,"end_time":%q,"media_type":"call"}`, n, start, end))
}

// addContest adds a call near midnight with more legs than recordings.
func (r *teller) addContest(n int) {
	start := r.midnight()
	for i := range 2 + r.IntN(3) {
		at := start.Add(time.Duration(20*i) * time.Second)
		folder := fmt.Sprintf("d/date=%s/hour=%d", date(at), at.Std().Hour())
		r.add(folder, ".csv", sharedHeader, fmt.Sprintf("acme,contest%d,leg%d,,t1,,%s,%s,%s,true,,", n, i, at, at, at.Add(time.Minute)))
	}
	r.add("m/date="+date(start), ".jsonl", "", fmt.Sprintf(`{"org_id":"acme","recording_id":"contested%d","conversation_id":"contest%[1]d","trunk_id":"t1","start_time":%q,"end_time":%q,"media_type":"call"}`, n, start, start.Add(time.Minute)))
}

// addVersions adds a call in two versions, each delivered with any day.
func (r *teller) addVersions(n int) {
	start := r.start()
	for version := range 2 {
		r.add("c/date="+date(r.start()), ".csv", sharedHeader, fmt.Sprintf(",version%d,leg,,t1,l1,%s,%s,%s,true,%s,", n, start, start, start.Add(time.Duration(60+version)*time.Second), start.Add(time.Duration(version)*time.Hour)))
	}
}

// addStrangers adds calls and recordings of the days beside the interval that have
// nothing to do with it.
func (r *teller) addStrangers(n int) {
	for i := range n {
		start := interval.Start.Add(time.Duration(r.IntN(1200)-1320) * time.Minute) // ends hours before midnight
		if r.IntN(2) == 0 {
			start = start.Add(47 * time.Hour)
		}
		r.add("c/date="+date(start), ".csv", sharedHeader, fmt.Sprintf(",stranger%d,leg,,t1,l1,%s,%s,%s,true,,", i, start, start, start.Add(time.Minute)))
		r.add("m/date="+date(start), ".jsonl", "", fmt.Sprintf(`{"recording_id":"strange%d","conversation_id":"stranger%[1]d","trunk_id":"t1","start_time":%q,"end_time":%q,"media_type":"call"}`, i, start, start.Add(time.Minute)))
	}
}

func tellNight(seed uint64) files {
	r := &teller{Rand: rand.New(rand.NewPCG(seed, 3)), files: files{"cdrmend.yaml": crossing}}
	r.conversations, r.recordings = 100+r.IntN(5000), 100+r.IntN(5000)
	for _, folder := range []string{"d", "e", "f", "g/acme"} {
		r.files["in/"+folder+"/.keep"] = ""
	}
	for range 150 {
		r.addEntry()
		r.addLeg()
		start := r.start()
		r.add("r/date="+date(start), ".jsonl", "", fmt.Sprintf(`{"time":%q,"line_id":"l1","trunk_id":"t%d","status":%d}`, start, r.IntN(3), []int{200, 403}[r.IntN(2)]))
	}
	for n := range 10 {
		r.addLookAlike(n)
		r.addContest(n)
		r.addVersions(n)
	}
	r.addStrangers(300)
	r.chain(r.IntN(3))
	if seed%8 == 1 {
		r.chain(10)
	}
	if seed%6 == 0 {
		r.crowd(evidence.Overuse + int(seed/6))
	}
	return r.files
}

// sums adds up the numbers that a run logs of what it let go.
type sums struct {
	slog.Handler
	rows, again, rounds atomic.Int64

	likes, contests, superseded atomic.Int64 // in the results
}

// look counts what the results of a run have of the rules that look at other rows.
func (s *sums) look(r *report.Run, findings string) {
	s.likes.Add(int64(strings.Count(findings, ",like=")))
	s.contests.Add(int64(strings.Count(findings, ",contested,")))
	s.superseded.Add(r.Summary.Balance["cdrs"].Superseded)
}

func (s *sums) Enabled(context.Context, slog.Level) bool { return true }
func (s *sums) WithAttrs([]slog.Attr) slog.Handler       { return s }

func (s *sums) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "rows":
			s.rows.Add(int64(a.Value.Uint64()))
		case "read_again":
			s.again.Add(a.Value.Int64())
		case "rounds":
			s.rounds.Store(max(s.rounds.Load(), a.Value.Int64()))
		}
		return true
	})
	return nil
}

// Whether rows of the margins are let go shows nowhere in the output.
func TestRowsThatAreLetGoChangeNothing(t *testing.T) {
	log := &sums{}
	t.Run("nights", func(t *testing.T) {
		for seed := range uint64(12) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				n := newNight(t, tellNight(seed))
				kept := n.run()
				want := n.tree(outputPrefix + "runs/" + kept.RunID)
				log.look(kept, want["findings.csv"])
				if err := os.RemoveAll(filepath.Join(n.dir, "out")); err != nil {
					t.Fatal(err)
				}
				sifted := n.run(func(j *job.Job) {
					j.Log = slog.New(log)
					j.Tune(intake.Tuning{FilterEvery: 1 + int(seed%7), ChunkSize: int(seed%3) * 150})
				})
				if diff := cmp.Diff(want, n.tree(outputPrefix+"runs/"+sifted.RunID)); diff != "" {
					t.Errorf("-all rows kept +some let go:\n%s", diff)
				}
			})
		}
	})
	if log.rows.Load() < 5000 || log.again.Load() == 0 || log.rounds.Load() < 6 {
		t.Errorf("%d rows were let go, %d objects read again, in up to %d rounds: the nights show too little", log.rows.Load(), log.again.Load(), log.rounds.Load())
	}
	if likes, contests, superseded := log.likes.Load(), log.contests.Load(), log.superseded.Load(); likes < 20 || contests < 20 || superseded < 20 {
		t.Errorf("%d recordings look like those of lost calls, %d calls are contested, %d rows superseded: the nights show too little", likes, contests, superseded)
	}
}
