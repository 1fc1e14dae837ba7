package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/outside"
)

// hourlyNights are nights with something that a day sees and an hour does not. The day
// between two others is judged as a day, and as 24 hours.
var hourlyNights = []struct {
	name  string
	flags string
	edit  func(t *testing.T, dir string)
}{
	{"many defects", manyDefects + " --legs 1200", nil},
	{"no id is in both sources, 10 calls an hour", "--only --legs 240", strangeIDs},
	{"a third of the calls has a clock 60 s ahead, 10 calls an hour", "--only --legs 240 --short 0.3", fastClock},
	{"no record says that a call was answered, 2 calls an hour", "--only --legs 48", noAnswers},
	{"all calls have the conversation 0, 29 calls an hour", "--only --legs 700", oneConversation},
	{"a manifest filed three hours later, a conversation of six hours, a line that registers every 15 hours", "--only --legs 240 --lost 0.2", beyondMargins},
}

const hourlyDay = "2026-11-21"

// TestHoursDifferFromTheDayOnlyByNamedRules compares 24 runs of an hour with the run of
// their day. Each verdict and outage that differs must have a rule, and the page must have
// the table of these rules.
func TestHoursDifferFromTheDayOnlyByNamedRules(t *testing.T) {
	outside.Long(t)
	var lock sync.Mutex
	rows := map[string]int{}
	t.Run("nights", func(t *testing.T) {
		for i, night := range hourlyNights {
			t.Run(night.name, func(t *testing.T) {
				t.Parallel()
				day, hours := judgedTwice(t, strings.Fields(night.flags), night.edit)
				differences := differing(t, day, hours)
				if len(differences) == 0 {
					t.Error("nothing differs, so the night shows nothing")
				}
				lock.Lock()
				defer lock.Unlock()
				for d, n := range differences {
					rows[fmt.Sprintf("%d| %s | %s | %s | %s | %d |", i, night.name, d.rule, d.day, d.hours, n)] += n
				}
			})
		}
	})

	page := string(deployed(t, "hours.md"))
	var table strings.Builder
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		_, row, _ = strings.Cut(row, "|")
		table.WriteString("|" + row + "\n")
	}
	if !t.Failed() && !strings.Contains(page, "|---|---|---|---|---|\n"+table.String()+"\n") {
		t.Errorf("deploy/hours.md does not have this table:\n%s", table.String())
	}
	for rule := range hourRules {
		if !strings.Contains(page, "| **"+rule+"** |") {
			t.Errorf("deploy/hours.md does not explain %q", rule)
		}
	}
}

// judgedTwice makes three nights and returns directories with the results of the second:
// of the day, and of its hours.
func judgedTwice(t *testing.T, flags []string, edit func(*testing.T, string)) (day, hours string) {
	t.Helper()
	dir := t.TempDir()
	cdrmend(t, append([]string{"synth", "--dir", dir, "--nights", "3", "--hourly", "--files", "24"}, flags...)...)
	if edit != nil {
		edit(t, dir)
	}

	config, err := os.ReadFile(filepath.Join(dir, "cdrmend.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config = bytes.Replace(config, []byte("\noutput:\n"), []byte("\noutput:\n  tables: [csv]\n"), 1)
	config = append(config, "report: {extra: []}\nevidence: {keep: none}\n"...)
	for _, unit := range []string{"24h", "1h"} {
		path := filepath.Join(dir, unit+".yaml")
		write(t, path, append(config, "interval: "+unit+"\n"...))
		cdrmend(t, "run", "--config", path, "--from", hourlyDay, "--to", "2026-11-22", "--as-of", "2026-11-25T00:00:00Z",
			"--output", filepath.Join(dir, unit), "--fail-on", "none", "--quiet")
	}
	return filepath.Join(dir, "24h"), filepath.Join(dir, "1h")
}

// TestHoursAndTheirDayInOneOutputAreNotSummedUp: sums would count each call twice.
func TestHoursAndTheirDayInOneOutputAreNotSummedUp(t *testing.T) {
	t.Chdir(t.TempDir())
	cdrmend(t, "synth", "--dir", ".", "--hourly", "--only", "--legs", "48")
	config, err := os.ReadFile("cdrmend.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "hours.yaml", append(config, "interval: 1h\n"...))
	for _, args := range []string{"cdrmend.yaml 2026-11-20", "hours.yaml 2026-11-20T08"} {
		config, interval, _ := strings.Cut(args, " ")
		cdrmend(t, "run", "--config", config, "--interval", interval, "--as-of", "2026-11-22T00:00:00Z", "--fail-on", "none", "--quiet")
	}
	for _, command := range []string{"audit", "report"} {
		_, errs, code := said(t, false, command, "out")
		if code != exitUsage || !strings.Contains(errs, "2026-11-20 and 2026-11-20T08 were committed for the same time") {
			t.Errorf("%s exits with %d and says %s", command, code, errs)
		}
		if _, errs, code := said(t, false, command, "out", "--from", "2026-11-20T08", "--to", "2026-11-20T09"); code != exitDone {
			t.Errorf("%s of the hour alone exits with %d and says %s", command, code, errs)
		}
	}
}

// difference is what a day says otherwise than its hours, and the rule that makes it.
type difference struct{ rule, day, hours string }

// differing counts the verdicts and outages that differ.
func differing(t *testing.T, day, hours string) map[difference]int {
	t.Helper()
	calls := func(r map[string]string) string { return r["source"] + " " + r["object_key"] + " " + r["row"] }
	counts := map[difference]int{}
	of := tableOf(t, hours, "calls", calls)
	all := tableOf(t, day, "calls", calls)
	if len(all) != len(of) {
		t.Errorf("the day has %d calls, its hours %d: each call belongs to one interval", len(all), len(of))
	}
	entries := tableOf(t, day, "recordings", func(r map[string]string) string { return r["object_key"] + " " + r["entry"] })
	for key, a := range all {
		b, ok := of[key]
		if !ok {
			t.Errorf("%s is in no hour", key)
			continue
		}
		if a["verdict"] == b["verdict"] {
			continue
		}
		d := difference{"", verdictOf(a), verdictOf(b)}
		switch {
		case a["conversation_id"] == "" && b["conversation_id"] != "":
			d.rule = "overused ids"
		case (a["verdict"] == "repaired" || a["verdict"] == "incomplete") && b["verdict"] == "complete" && slices.Max(filed(t, entries, a)) > 0:
			d.rule = "metadata of another hour"
		case a["verdict"] == "indeterminate" && a["reason"] == "strangers":
			d.rule = "strangers"
		case a["verdict"] == "indeterminate" && a["reason"] == "clock_offset":
			d.rule = "clocks"
		case a["verdict"] == "indeterminate" && a["reason"] == "unfit":
			d.rule = "sources without answers"
		case b["verdict"] == "indeterminate" && b["reason"] == "inputs" && b["start_time"] > hourlyDay+"T06":
			d.rule = "begun before the margin"
		case b["verdict"] == "missing" && slices.Max(append(filed(t, entries, a), 0)) > 1:
			d.rule = "filed after the margin"
		default:
			t.Errorf("no rule is named for this:\nday:   %v\nhours: %v", a, b)
		}
		counts[d]++
	}

	outage := func(r map[string]string) string { return r["outage_id"] }
	shown := func(r map[string]string) string {
		if r == nil {
			return "no outage"
		}
		return "an outage that ends by " + r["ended_by"]
	}
	alldayOutages, hourOutages := tableOf(t, day, "outages", outage), tableOf(t, hours, "outages", outage)
	for key := range merged(alldayOutages, hourOutages) {
		a, b := alldayOutages[key], hourOutages[key]
		if shown(a) == shown(b) {
			continue
		}
		d := difference{"", shown(a), shown(b)}
		if (a != nil) != (b != nil) || a["ended_by"] == "assumed" || b["ended_by"] == "assumed" {
			d.rule = "keys that renew"
		} else {
			t.Errorf("no rule is named for this:\nday:   %v\nhours: %v", a, b)
		}
		counts[d]++
	}
	for d := range counts {
		if d.rule != "" && !hourRules[d.rule] {
			t.Errorf("rule %q is not in the list", d.rule)
		}
	}
	return counts
}

// hourRules are the rules by which hours may differ from their day.
var hourRules = map[string]bool{
	"metadata of another hour": true, "strangers": true, "clocks": true, "sources without answers": true, "overused ids": true,
	"begun before the margin": true, "filed after the margin": true, "keys that renew": true,
}

func verdictOf(call map[string]string) string {
	if call["reason"] == "" {
		return call["verdict"]
	}
	return call["verdict"] + " (" + call["reason"] + ")"
}

func merged(maps2 ...map[string]map[string]string) map[string]bool {
	keys := map[string]bool{}
	for _, m := range maps2 {
		for k := range m {
			keys[k] = true
		}
	}
	return keys
}

// filed returns in which hours after that of the call its recordings are filed.
func filed(t *testing.T, entries map[string]map[string]string, call map[string]string) []int {
	t.Helper()
	var hours []int
	for _, e := range entries {
		m := regexp.MustCompile(`hour=(\d\d)`).FindStringSubmatch(e["object_key"])
		started, err := strconv.Atoi(call["start_time"][len("2026-11-21T"):len("2026-11-21T00")])
		if e["conversation_id"] != call["conversation_id"] || m == nil || err != nil {
			continue
		}
		hour, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		hours = append(hours, hour-started)
	}
	slices.Sort(hours)
	return hours
}

// tableOf reads a table of all intervals below a directory, by key.
func tableOf(t *testing.T, dir, table string, key func(map[string]string) string) map[string]map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "interval=*", "runs", "*", table+".csv"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no table %s in %s: %v", table, dir, err)
	}
	all := map[string]map[string]string{}
	for _, path := range paths {
		for _, r := range rowsOfCSV(t, path) {
			all[key(r)] = r
		}
	}
	return all
}

func rowsOfCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(t, string(text))
}

// editLegs changes every row of the CDRs below a directory.
func editLegs(t *testing.T, dir string, edit func(row map[string]string)) {
	t.Helper()
	for _, path := range pathsBelow(t, filepath.Join(dir, "cdr")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(string(text), "\n")
		names := strings.Split(header, ",")
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		_ = w.Write(names) // a buffer takes everything
		for _, row := range rowsOfCSV(t, path) {
			edit(row)
			cells := make([]string, len(names))
			for i, name := range names {
				cells[i] = row[name]
			}
			_ = w.Write(cells)
		}
		w.Flush()
		write(t, path, out.Bytes())
	}
}

func pathsBelow(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// editTexts replaces texts in every file of a folder.
func editTexts(t *testing.T, dir string, pattern, replacement string) {
	t.Helper()
	for _, path := range pathsBelow(t, dir) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, regexp.MustCompile(pattern).ReplaceAll(text, []byte(replacement)))
	}
}

// strangeIDs makes the ids of CDRs those of another system.
func strangeIDs(t *testing.T, dir string) {
	editLegs(t, dir, func(r map[string]string) {
		r["conversation_id"], r["recording_ids"] = "other-"+r["conversation_id"], ""
		r["line_id"], r["ani"], r["dnis"] = "", "", "" // else they look alike
	})
}

// fastClock lets the clock of a third of the CDRs run 60 s ahead.
func fastClock(t *testing.T, dir string) {
	editLegs(t, dir, func(r map[string]string) {
		if r["leg_id"][0] > '4' {
			return
		}
		for _, name := range []string{"start_time", "answer_time", "end_time"} {
			r[name] = shifted(t, r[name], 60)
		}
	})
}

func noAnswers(t *testing.T, dir string) {
	editLegs(t, dir, func(r map[string]string) {
		for _, name := range []string{"answer_time", "talk_ms", "talk", "recorded"} {
			r[name] = ""
		}
	})
}

// oneConversation has the id that some systems write where they know none.
func oneConversation(t *testing.T, dir string) {
	editLegs(t, dir, func(r map[string]string) { r["conversation_id"], r["recording_ids"], r["leg_id"] = "0", "", "" })
	editTexts(t, filepath.Join(dir, "manifests"), `"(conversation_id)":"[^"]*"`, `"$1":"0"`)
	editTexts(t, filepath.Join(dir, "manifests"), `"recording_id":`, `"conversation_id":"0","recording_id":`)
}

func beyondMargins(t *testing.T, dir string) {
	lateFolder(t, dir)
	longConversations(t, dir)
	rareRegistrations(t, dir)
}

// lateFolder moves the manifests of an hour into the folder of an hour after the margin.
func lateFolder(t *testing.T, dir string) {
	day := filepath.Join(dir, "manifests", "date="+hourlyDay)
	for _, path := range pathsBelow(t, filepath.Join(day, "hour=08")) {
		if err := os.Rename(path, filepath.Join(day, "hour=11", "late-"+filepath.Base(path))); err != nil {
			t.Fatal(err)
		}
	}
}

// longConversations gives calls within an hour the conversation of a call six hours before.
func longConversations(t *testing.T, dir string) {
	legs := map[string]string{}
	editLegs(t, dir, func(r map[string]string) {
		hour, minute := r["start_time"][:13], r["start_time"][14:16]
		if hour == hourlyDay+"T06" {
			legs[minute[:1]] = r["conversation_id"]
		}
		if earlier := legs[minute[:1]]; hour == hourlyDay+"T12" && r["end_time"][:13] == hour && earlier != "" {
			r["conversation_id"] = earlier
		}
	})
}

// rareRegistrations replaces the log: one line registers every 15 hours, and fails once.
// Of three others the log has failures only.
func rareRegistrations(t *testing.T, dir string) {
	if err := os.RemoveAll(filepath.Join(dir, "registrations")); err != nil {
		t.Fatal(err)
	}
	for _, hour := range []string{"20T02 200 l", "20T17 200 l", "21T08 503 l a b c", "21T09 200 l", "22T00 200 l"} {
		words := strings.Fields(hour)
		var lines []byte
		for _, line := range words[2:] {
			lines = fmt.Appendf(lines, `{"time":"2026-11-%s:10:00.000000Z","org_id":"o","trunk_id":"t","line_id":"%s","status":%s,"expiry_seconds":57600}`+"\n", words[0], line, words[1])
		}
		write(t, filepath.Join(dir, "registrations", "date=2026-11-"+words[0][:2], "hour="+words[0][3:], "log.jsonl"), lines)
	}
}

func shifted(t *testing.T, text string, seconds int) string {
	t.Helper()
	if text == "" {
		return ""
	}
	const layout = "2006-01-02T15:04:05.000000Z"
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(time.Duration(seconds) * time.Second).Format(layout)
}
