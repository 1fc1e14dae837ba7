package job_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/job"
	"cdrmend/internal/outside"
	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

const sifting = `name: night
fail_on: none
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: cdrmend, lookahead: 4h}]
  cdrs:
    - {name: c, url: "in/c/date={date}/", profile: cdrmend}
    - {name: d, url: "in/d/date={date}/", profile: cdrmend, one_recording_per: leg}
  registrations: [{name: r, url: "in/r/date={date}/", profile: cdrmend}]
output: {url: out/, tables: [csv]}
policy: {coverage_tolerance: TOLERANCEs}
`

// sift makes up a night of very few calls around one midnight, which agree in what
// rules look at: in ends, lines, parties, recordings and conversations. So nearly
// every row of the days beside the interval could matter.
type sift struct {
	*rand.Rand
	files     files
	tolerance int
	alike     bool        // all have one line and one length, and nearly all no id in common
	length    int         // of them, in seconds
	next      record.Time // when the next one ends
	midnight  record.Time
}

func siftNight(seed uint64) files {
	s := &sift{Rand: rand.New(rand.NewPCG(seed, 7)), files: files{}}
	s.tolerance = 1 + s.IntN(3)
	s.files["cdrmend.yaml"] = strings.Replace(sifting, "TOLERANCE", strconv.Itoa(s.tolerance), 1)
	s.files["in/d/.keep"] = ""
	s.midnight = []record.Time{interval.Start, interval.End}[s.IntN(2)]
	s.alike, s.length = s.IntN(3) > 0, 1+s.IntN(4*s.tolerance)
	if s.alike {
		s.chain()
	}
	for range s.IntN(4) {
		s.leg()
		s.entry()
	}
	for _, day := range []string{"19", "20", "21"} {
		if s.IntN(4) == 0 { // nothing but white space
			s.files["in/m/date=2026-11-"+day+"/blank.jsonl"] = "\n"
		}
	}
	return s.files
}

// one returns one of a few texts, or none.
func (s *sift) one(name string, of int) string {
	if n := s.IntN(of + 1); n < of {
		return name + strconv.Itoa(n)
	}
	return ""
}

// chain adds calls and recordings that end a tolerance after each other: that is as
// far as a rule looks from one of them to the next.
func (s *sift) chain() {
	step := time.Duration(s.tolerance) * time.Second
	s.next = s.midnight.Add(time.Duration(s.IntN(s.length)) * time.Second)
	s.leg()
	for range 4 {
		s.next = s.next.Add(step)
		switch s.IntN(4) {
		case 0:
			s.leg()
		case 1, 2:
			s.entry()
		}
	}
	s.alike = false
}

// ids returns how many ids calls have.
func (s *sift) ids() int {
	if s.alike {
		return 20
	}
	return 4
}

func (s *sift) line() string {
	if s.alike {
		return "l"
	}
	return s.one("l", 1)
}

// span returns times near midnight in whole seconds. A call that ends a multiple of
// the tolerance after another one is as far away as a rule can look.
func (s *sift) span() (start, answer, end record.Time) {
	if s.alike {
		end = s.next
		start = end.Add(-time.Duration(s.length) * time.Second)
		return start, start, end
	}
	end = s.midnight.Add(time.Duration(s.IntN(9)-4) * time.Duration(s.tolerance) * time.Second)
	if s.IntN(3) == 0 {
		end = end.Add(time.Duration(s.IntN(3)-1) * time.Second)
	}
	start = end.Add(-time.Duration(1+s.IntN(4)*s.tolerance) * time.Second)
	answer = start
	if s.IntN(3) == 0 {
		answer = end.Add(-time.Second)
	}
	return start, answer, end
}

func (s *sift) leg() {
	start, answer, end := s.span()
	folder := []string{"c", "c", "d"}[s.IntN(3)]
	name := fmt.Sprintf("in/%s/date=%s/legs.csv", folder, date(start))
	if s.files[name] == "" {
		s.files[name] = "conversation_id,leg_id,recording_ids,trunk_id,line_id,ani,dnis,start_time,answer_time,end_time\n"
	}
	row := []string{s.one("c", s.ids()), s.one("leg", 3), "", s.one("t", 1), s.line(), s.one("+4930", 1), s.one("+4940", 1), start.String(), answer.String(), end.String()}
	if s.IntN(3) == 0 && !s.alike {
		row[2] = s.one("r", 4)
	}
	s.files[name] += strings.Join(row, ",") + "\n"
}

func (s *sift) entry() {
	start, _, end := s.span()
	name := fmt.Sprintf("in/m/date=%s/entries.jsonl", date(start))
	when := fmt.Sprintf(`"end_time":%q`, end)
	if s.IntN(4) == 0 { // known by arithmetic
		when = fmt.Sprintf(`"duration_ms":%d`, int64(end-start)/1000)
	}
	recording, conversation := s.one("r", 4), s.one("c", s.ids())
	if s.IntN(2) == 0 || s.alike {
		recording, conversation = fmt.Sprint("alone", s.IntN(9)), fmt.Sprint("alone", s.IntN(9))
	}
	s.files[name] += fmt.Sprintf(`{"recording_id":%q,"conversation_id":%q,"leg_id":%q,"trunk_id":%q,"line_id":%q,"ani":%q,"dnis":%q,"start_time":%q,%s,"state":%q}`,
		recording, conversation, s.one("leg", 3), s.one("t", 1), s.line(), s.one("+4930", 1), s.one("+4940", 1), start, when, []string{"", "", "", "", "", "", "failed", "pending"}[s.IntN(8)]) + "\n"
}

// TestNoRowThatCouldMatterIsDropped decides many small nights with all rows and
// without those that were dropped. SIFT sets how many.
func TestNoRowThatCouldMatterIsDropped(t *testing.T) {
	nights := uint64(outside.Pick(12, 60))
	if text := os.Getenv("SIFT"); text != "" {
		nights, _ = strconv.ParseUint(text, 10, 64)
	}
	log := &sums{}
	for seed := range nights {
		n := newNight(t, siftNight(seed))
		kept := n.run()
		want := n.tree(outputPrefix + "runs/" + kept.RunID)
		log.look(kept, want["findings.csv"])
		if err := os.RemoveAll(filepath.Join(n.dir, "out")); err != nil {
			t.Fatal(err)
		}
		sifted := n.run(func(j *job.Job) {
			j.Log = slog.New(log)
			j.Tune(intake.Tuning{FilterEvery: 1 + int(seed%3)})
		})
		if diff := cmp.Diff(want, n.tree(outputPrefix+"runs/"+sifted.RunID)); diff != "" {
			t.Errorf("night %d: -all rows kept +some dropped:\n%s\n%v", seed, diff, siftNight(seed))
		}
	}
	if rows, likes := log.rows.Load(), log.likes.Load(); rows < int64(nights)/4 || likes < int64(nights)/10 {
		t.Errorf("%d rows were dropped and %d calls have a look-alike in %d nights: they show too little", rows, likes, nights)
	}
	t.Logf("%d rows dropped, %d look-alikes, %d contested in %d nights", log.rows.Load(), log.likes.Load(), log.contests.Load(), nights)
}

// The recording at 00:00:05 looks like that of the call that ends at 00:00:03, and not
// like that of the call that ends at 00:00:07 alone: the recording at 00:00:09 looks
// like that one, too. So what ends three times the tolerance after a call counts.
func TestARecordingThatMakesAnotherCallAmbiguousIsKept(t *testing.T) {
	const header = "conversation_id,trunk_id,line_id,start_time,answer_time,end_time\n"
	entry := func(id, start, end string) string {
		return fmt.Sprintf(`{"recording_id":%q,"conversation_id":%[1]q,"trunk_id":"t","line_id":"l","start_time":"2026-11-21T%sZ","end_time":"2026-11-21T%sZ"}`+"\n", id, start, end)
	}
	n := newNight(t, files{
		"cdrmend.yaml":                 strings.Replace(sifting, "TOLERANCE", "2", 1),
		"in/d/.keep":                   "",
		"in/c/date=2026-11-20/c.csv":   header + "c1,t,l,2026-11-20T23:59:58Z,2026-11-20T23:59:58Z,2026-11-21T00:00:03Z\n",
		"in/c/date=2026-11-21/c.csv":   header + "c2,t,l,2026-11-21T00:00:02Z,2026-11-21T00:00:02Z,2026-11-21T00:00:07Z\n",
		"in/m/date=2026-11-21/m.jsonl": entry("e1", "00:00:00", "00:00:05") + entry("e2", "00:00:04", "00:00:09"),
	})
	r := n.run(func(j *job.Job) { j.Tune(intake.Tuning{FilterEvery: 1}) })
	if got := n.table(r, "findings").only(t, []string{"class", "detail"}).String(); !strings.Contains(got, "missing_recording,like=e1\n") {
		t.Errorf("got the findings\n%swant that c1 is like e1", got)
	}
}
