package job_test

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/object"
)

// wave returns a WAV of µ-law with so many channels, that says it lasts so long and has
// audio for another time.
func wave(channels int, said, is time.Duration) string {
	bytes := func(d time.Duration) uint32 { return uint32(d.Milliseconds()) * 8 * uint32(channels) }
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, 36+bytes(said))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 7)
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, 8000)
	b = binary.LittleEndian.AppendUint32(b, 8000*uint32(channels))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint16(b, 8)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, bytes(said))
	return string(append(b, slices.Repeat([]byte{0x55}, int(bytes(is)))...))
}

// calls returns a night of calls of 20 s, one a minute from ten o'clock on, each with a
// recording that has this media object.
func calls(check string, audio ...string) files {
	content := files{"in/c/date=2026-11-20/calls.csv": callsHeader, "cdrmend.yaml": fmt.Sprintf(callsConfig, check)}
	for i, media := range audio {
		content.addCall(i, media)
	}
	return content
}

const callsConfig = `name: night
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: cdrmend}]
media: {check: %s}
output: {url: out/, tables: [csv, parquet]}
`

const callsHeader = "conversation_id,start_time,answer_time,end_time,recording_ids\n"

func (f files) addCall(i int, media string) {
	start := time.Date(2026, 11, 20, 10, i, 0, 0, time.UTC)
	end := start.Add(20 * time.Second)
	f["in/c/date=2026-11-20/calls.csv"] += fmt.Sprintf("c%02d,%s,%[2]s,%s,r%02[1]d\n", i, start.Format(time.RFC3339), end.Format(time.RFC3339))
	f[fmt.Sprintf("in/m/date=2026-11-20/r%02d.json", i)] = fmt.Sprintf(`{"format": "cdrmend.manifest/1", "recordings": [{"recording_id": "r%02d", "conversation_id": "c%02[1]d", "trunk_id": "t", "start_time": %q, "end_time": %q, "media_key": "date=2026-11-20/r%02[1]d.wav"}]}`,
		i, start.Format(time.RFC3339), end.Format(time.RFC3339))
	f[fmt.Sprintf("in/m/date=2026-11-20/r%02d.wav", i)] = media
}

const seconds20 = 20 * time.Second

// looked notes which media objects a run asks for, and denies some of them.
func looked(keys *[]string, denied ...string) func(*job.Job) {
	var mu sync.Mutex
	return func(j *job.Job) {
		for i, s := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: s, part: func(info object.Info) error {
				mu.Lock()
				defer mu.Unlock()
				base := info.Key[strings.LastIndex(info.Key, "/")+1:]
				*keys = append(*keys, base)
				if slices.Contains(denied, base) {
					return fmt.Errorf("reading %q: %w", info.Key, fs.ErrPermission)
				}
				return nil
			}}
		}
	}
}

func (n *night) rows(runID, table string, columns ...string) []string {
	n.t.Helper()
	var list []string
	for _, row := range readTable(n.t, n.tree(outputPrefix + "runs/" + runID)[table+".csv"]).only(n.t, columns).rows {
		list = append(list, strings.Join(row, " "))
	}
	return list
}

func wantRows(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestACallIsRecordedOnlyAsFarAsItsAudioLasts(t *testing.T) {
	t.Parallel()
	n := newNight(t, calls("header",
		wave(1, seconds20, seconds20),
		wave(1, 0, 0),
		"<!DOCTYPE html><html><body>503 Service Unavailable</body></html>",
		wave(1, seconds20, seconds20/4),
		wave(1, seconds20/2, seconds20/2),
	))
	r := n.run()
	wantRows(t, "findings", n.rows(r.RunID, "findings", "class", "severity", "status", "recording_id", "detail"),
		"media_cut minor open r03 span=20000;media=5000;byte=40044",
		"media_cut minor open r04 span=20000;media=10000",
		"media_not_audio critical open r01 byte=44;found=WAV without a sample",
		"media_not_audio critical open r02 byte=0;found=HTML",
		"missing_recording critical open r01 void=media_not_audio",
		"missing_recording critical open r02 void=media_not_audio",
		"short_recording major open  15000",
		"short_recording major open  10000")
	wantRows(t, "calls", n.rows(r.RunID, "calls", "conversation_id", "verdict", "covered_ms"),
		"c00 complete 20000", "c01 missing ", "c02 missing ", "c03 partial 5000", "c04 partial 10000")
	wantRows(t, "recordings", n.rows(r.RunID, "recordings", "recording_id", "status", "media_format", "media_channels", "media_duration_ms"),
		"r00 intact wav 1 20000", "r01 open   ", "r02 open   ", "r03 intact wav 1 5000", "r04 intact wav 1 10000")
}

// With the other checks nobody asks for a byte, and tables have the columns that they
// always had.
func TestOtherChecksLookIntoNothing(t *testing.T) {
	t.Parallel()
	for _, check := range []string{"none", "exists", "size"} {
		var asked []string
		n := newNight(t, calls(check, wave(1, 0, 0)))
		r := n.run(looked(&asked))
		wantRows(t, check, asked)
		wantRows(t, check, n.rows(r.RunID, "calls", "verdict"), "complete")
		header, _, _ := strings.Cut(n.tree(outputPrefix + "runs/" + r.RunID)["recordings.csv"], "\n")
		if strings.Contains(header, "media_format") || !strings.HasSuffix(header, ",entry") {
			t.Errorf("with %s the columns are %s", check, header)
		}
		if n.commits()[0].Media != nil {
			t.Errorf("with %s the record names what is in media", check)
		}
	}
}

func TestNobodyAsksTwiceForWhatWasHeard(t *testing.T) {
	t.Parallel()
	n := newNight(t, calls("header", wave(1, seconds20, seconds20), wave(1, seconds20, seconds20)))
	var first []string
	n.run(looked(&first))
	slices.Sort(first)
	wantRows(t, "first", first, "r00.wav", "r01.wav")

	more := calls("header", wave(1, seconds20, seconds20), wave(1, seconds20, seconds20), wave(1, 0, 0))
	n.deliver(files{
		"in/c/date=2026-11-20/calls.csv": more["in/c/date=2026-11-20/calls.csv"],
		"in/m/date=2026-11-20/r02.json":  more["in/m/date=2026-11-20/r02.json"],
		"in/m/date=2026-11-20/r02.wav":   more["in/m/date=2026-11-20/r02.wav"],
	}, lateDelivery)
	var second []string
	r := n.run(looked(&second))
	wantRows(t, "second", second, "r02.wav")
	wantRows(t, "calls", n.rows(r.RunID, "calls", "verdict"), "complete", "complete", "missing")

	// A run that knew nothing writes the same bytes.
	other := newNight(t, more)
	other.deliver(files{"in/m/date=2026-11-20/r02.json": more["in/m/date=2026-11-20/r02.json"], "in/m/date=2026-11-20/r02.wav": more["in/m/date=2026-11-20/r02.wav"], "in/c/date=2026-11-20/calls.csv": more["in/c/date=2026-11-20/calls.csv"]}, lateDelivery)
	again := other.run()
	same(t, "run", other.tree(outputPrefix+"runs/"+again.RunID), n.tree(outputPrefix+"runs/"+r.RunID))
}

func TestADenialIsAskedForAgainUntilItIsLifted(t *testing.T) {
	t.Parallel()
	n := newNight(t, calls("header", wave(1, seconds20, seconds20), wave(1, seconds20, seconds20)))
	var asked []string
	first := n.run(looked(&asked, "r01.wav"))
	wantRows(t, "findings", n.rows(first.RunID, "findings", "class", "severity", "recording_id", "detail"),
		"media_unreadable critical r01 code=AccessDenied", "missing_recording critical r01 void=media_unreadable")

	asked = nil
	second := n.run(looked(&asked, "r01.wav"))
	if !second.NoOp || second.RunID != first.RunID {
		t.Errorf("with the same denial the next run is %q, no-op %t, want %q", second.RunID, second.NoOp, first.RunID)
	}
	wantRows(t, "asked while denied", asked, "r01.wav")

	asked = nil
	third := n.run(looked(&asked))
	wantRows(t, "asked once lifted", asked, "r01.wav")
	if third.NoOp || third.RunID == first.RunID {
		t.Errorf("once the denial is lifted the run is %q, no-op %t", third.RunID, third.NoOp)
	}
	wantRows(t, "calls", n.rows(third.RunID, "calls", "verdict"), "complete", "complete")
	history := readTable(t, n.tree(outputPrefix)[n.commits()[1].History[0].Path]).only(t, []string{"class", "state", "closed_commit"})
	for _, row := range history.rows {
		if row[1] != "closed" || row[2] != "2" {
			t.Errorf("%s is %s by commit %s, want closed by commit 2", row[0], row[1], row[2])
		}
	}

	asked = nil
	if r := n.run(looked(&asked)); !r.NoOp || len(asked) > 0 {
		t.Errorf("an unchanged night asks for %q, no-op %t", asked, r.NoOp)
	}
}

// What was heard is only a shortcut: without it the run is the same.
func TestWhatWasHeardMayBeLost(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(n *night, path string){
		"gone": func(n *night, path string) {
			if err := os.Remove(filepath.Join(n.dir, filepath.FromSlash(path))); err != nil {
				n.t.Fatal(err)
			}
		},
		"changed": func(n *night, path string) { n.deliver(files{path: "PAR1"}, delivered) },
	} {
		n := newNight(t, calls("header", wave(1, seconds20, seconds20), wave(1, seconds20, seconds20)))
		n.run()
		damage(n, "out/"+n.commits()[0].Media.Path)
		n.deliver(files{"in/m/date=2026-11-20/r01.wav": wave(1, seconds20, seconds20/2)}, lateDelivery)
		var asked []string
		r, err := n.job(looked(&asked)).Run(t.Context(), interval)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(asked)
		wantRows(t, name, asked, "r00.wav", "r01.wav")
		wantRows(t, name, n.rows(r.RunID, "calls", "verdict"), "complete", "partial")
	}
}

func TestFewerChannelsThanUsualAreNoticed(t *testing.T) {
	t.Parallel()
	audio := slices.Repeat([]string{wave(2, seconds20, seconds20)}, 19)
	n := newNight(t, calls("header", append(audio, wave(1, seconds20, seconds20))...))
	r := n.run()
	wantRows(t, "findings", n.rows(r.RunID, "findings", "class", "severity", "recording_id", "detail"), "media_channels minor r19 channels=1;usual=2")

	few := newNight(t, calls("header", append(audio[:18], wave(1, seconds20, seconds20))...))
	wantRows(t, "of 19", few.rows(few.run().RunID, "findings", "class"))
}

// An entry of a margin decides nothing about its media.
func TestMediaOfMarginsAreNotLookedInto(t *testing.T) {
	t.Parallel()
	content := calls("header", wave(1, seconds20, seconds20))
	content["in/m/date=2026-11-21/x.json"] = strings.ReplaceAll(content["in/m/date=2026-11-20/r00.json"], "2026-11-20", "2026-11-21")
	content["in/m/date=2026-11-21/r00.wav"] = wave(1, 0, 0)
	n := newNight(t, content)
	var asked []string
	n.run(looked(&asked))
	wantRows(t, "asked", asked, "r00.wav")
}

// The sample follows from the keys. Calls with a finding are looked into, whatever the
// sample says.
func TestASampleIsLookedIntoAndWhateverHasAFinding(t *testing.T) {
	t.Parallel()
	content := calls("{header: {sample: 0.25}}", slices.Repeat([]string{wave(1, seconds20, seconds20)}, 40)...)
	n := newNight(t, content)
	var first []string
	r := n.run(looked(&first))
	if len(first) < 4 || len(first) > 20 {
		t.Fatalf("of 40 recordings %d are looked into: %q", len(first), first)
	}
	media := r.Summary.Media
	if media.Recordings != 40 || media.Heard != int64(len(first)) {
		t.Errorf("the summary says %+v of %d", media, len(first))
	}
	heard := 0
	for _, row := range n.rows(r.RunID, "recordings", "media_format") {
		if row == "wav" {
			heard++
		}
	}
	if heard != len(first) {
		t.Errorf("the table shows %d of %d", heard, len(first))
	}

	// A call whose recording ends too early is one to look into.
	slices.Sort(first)
	suspect := 0
	for slices.Contains(first, fmt.Sprintf("r%02d.wav", suspect)) {
		suspect++
	}
	name := fmt.Sprintf("in/m/date=2026-11-20/r%02d.json", suspect)
	content[name] = strings.Replace(content[name], ":20Z", ":08Z", 1)
	again := newNight(t, content)
	var second []string
	again.run(looked(&second))
	want := append(slices.Clone(first), fmt.Sprintf("r%02d.wav", suspect))
	slices.Sort(want)
	slices.Sort(second)
	wantRows(t, "with a finding", second, want...)
}

// hushed makes audio silent: µ-law 0xff is no sound.
func hushed(audio string) string { return audio[:44] + strings.Repeat("\xff", len(audio)-44) }

// half makes the second of two channels silent.
func half(audio string) string {
	b := []byte(audio)
	for i := 45; i < len(b); i += 2 {
		b[i] = 0xff
	}
	return string(b)
}

func TestAChannelWithoutASoundIsFoundByDecoding(t *testing.T) {
	t.Parallel()
	content := calls("decode", wave(2, seconds20, seconds20), half(wave(2, seconds20, seconds20)), hushed(wave(1, seconds20, seconds20)))
	content["in/m/date=2026-11-20/r02.wav"] = hushed(wave(1, seconds20, seconds20))
	n := newNight(t, content)
	r := n.run()
	wantRows(t, "findings", n.rows(r.RunID, "findings", "class", "severity", "recording_id", "detail"),
		"media_silent major r01 channels=2;of=2;silence=0", "media_silent major r02 channels=1;of=1;silence=20000")
	wantRows(t, "calls", n.rows(r.RunID, "calls", "verdict"), "complete", "complete", "complete")
	if m := r.Summary.Media; m.Decoded != 3 || m.NotDecoded != 0 {
		t.Errorf("the summary says %+v", m)
	}

	// What only the header was looked at of is decoded once decoding is asked for.
	header := newNight(t, calls("header", hushed(wave(1, seconds20, seconds20))))
	header.run()
	header.deliver(files{"cdrmend.yaml": strings.Replace(header.tree("")["cdrmend.yaml"], "header", "decode", 1)}, delivered)
	later := header.run()
	wantRows(t, "later", header.rows(later.RunID, "findings", "class"), "media_silent")
}

// Media that are too small for their entry are empty, whatever is in them. Nobody looks
// into them, so that no number says that they hold something.
func TestEmptyMediaAreNotLookedInto(t *testing.T) {
	t.Parallel()
	content := calls("header", wave(1, seconds20, seconds20), wave(1, 0, 0), wave(1, 0, 0))
	for _, name := range []string{"in/m/date=2026-11-20/r01.json", "in/c/date=2026-11-20/calls.csv"} {
		content[name] = strings.ReplaceAll(content[name], "10:01:20Z", "10:02:20Z") // longer than a minute
	}
	n := newNight(t, content)
	var asked []string
	r := n.run(looked(&asked))
	slices.Sort(asked)
	wantRows(t, "asked", asked, "r00.wav", "r02.wav")
	wantRows(t, "findings", n.rows(r.RunID, "findings", "class", "recording_id", "detail"),
		"media_missing r01 bytes=44", "media_not_audio r02 byte=44;found=WAV without a sample",
		"missing_recording r01 void=media_missing", "missing_recording r02 void=media_not_audio")
	if m := r.Summary.Media; m.Recordings != 3 || m.Heard != 1 || m.NoAudio != 1 {
		t.Errorf("the summary says %+v", m)
	}
}
