package job_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rowsText is a format of rows: what comes before, between and after them.
type rowsText struct {
	source, suffix, packing string
	head, between, tail     string
	row                     func(i int) string
}

const rowsOfEach = 2

// text returns the whole, and where its rows end.
func (f rowsText) text() (text string, ends []int) {
	text = f.head
	for i := range rowsOfEach {
		if i > 0 {
			text += f.between
		}
		text += f.row(i)
		ends = append(ends, len(text))
	}
	return text + f.tail, ends
}

func jsonLeg(i int) string {
	return fmt.Sprintf(`{"conversation_id":"c%d", "leg_id":"l%[1]d","x":[{"é":"\\}\""}],"start_time":"2026-11-20T10:0%[1]d:00Z"}`, i)
}

func jsonEvent(i int) string {
	return fmt.Sprintf(`{"time":"2026-11-20T10:0%d:00Z","line_id":"line","status":50%[1]d,"access_token":"secret"}`, i)
}

var rowsTexts = []rowsText{
	{"c", "array.json", "", "\xef\xbb\xbf[\n ", " ,\n ", "\n]\n", jsonLeg},
	{"c", "array.json", ".gz", "[", ",", "]", jsonLeg},
	{"c", "lines.jsonl", "", "", "\r\n\n", "\n", jsonLeg},
	{"c", "lines.jsonl", ".zst", "", "\n", "\n", jsonLeg},
	{"c", "rows.csv", "", "leg_id,x,start_time,\"conversation_id\"\r\n", "\r\n", "\r\n", csvLeg},
	{"c", "rows.csv", ".gz", "leg_id,x,start_time,\"conversation_id\"\n", "\n", "\n", csvLeg},
	{"r", "array.json", "", "[", ", ", "]", jsonEvent},
	{"r", "lines.jsonl", ".gz", "", "\n", "\n", jsonEvent},
	{"l", "rows.log", "", "", "\n", "\n", textEvent},
	{"l", "rows.log", ".gz", "", "\n", "\n", textEvent},
}

func csvLeg(i int) string {
	return fmt.Sprintf("l%d,\"a \"\"b\"\",\nc\",2026-11-20T10:0%[1]d:00Z,\"c%[1]d\"", i)
}

func textEvent(i int) string { return fmt.Sprintf("2026-11-20T10:0%d:00Z line 50%[1]d denied.", i) }

// TestEveryByteOfRowsThatAreCutIsUsedOrSetAside has objects of call records
// and of the registration log, each cut at another byte or damaged at random.
func TestEveryByteOfRowsThatAreCutIsUsedOrSetAside(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 12))
	night := files{"cdrmend.yaml": cutConfig, "text.yaml": textProfile, "in/g/.keep": "", "in/l/.keep": ""}
	for _, f := range rowsTexts {
		text, _ := f.text()
		maps.Copy(night, damaged(t, rng, text, f.packing, func(id string) string {
			return "in/" + f.source + "/date=2026-11-20/" + id + "-" + f.suffix + f.packing
		}))
	}
	n := newNight(t, night)
	r := n.run()
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	for _, leg := range n.table(r, "calls").only(t, []string{"object_key", "conversation_id"}).rows {
		if strings.Contains(leg[0], "cut") && !slices.Contains([]string{"", "c0", "c1", "c2"}, leg[1]) {
			t.Errorf("%s has the conversation %q", leg[0], leg[1])
		}
	}
	rows := usedRows(t, out["inputs.jsonl"])
	for _, f := range rowsTexts {
		for name, stored := range night {
			if name, ok := strings.CutPrefix(name, "in/"); ok && strings.HasPrefix(name, f.source+"/") && strings.HasSuffix(name, "-"+f.suffix+f.packing) {
				rejects := out["rejects/"+name+".jsonl"]
				left := checkAside(t, name, stored, rejects, f.source != "c")
				if strings.Contains(name, "cut") {
					checkCutRows(t, name, f, stored, left, rows[name])
				}
			}
		}
	}
}

// usedRows returns how many rows of each input were used.
func usedRows(t *testing.T, inputs string) map[string]int64 {
	used := map[string]int64{}
	for line := range strings.Lines(inputs) {
		var in struct {
			Source, Key   string
			Rows, Rejects int64
		}
		if err := json.Unmarshal([]byte(line), &in); err != nil {
			t.Fatal(err)
		}
		used[in.Source+"/"+in.Key] = in.Rows - in.Rejects
	}
	return used
}

// checkCutRows holds what was used of an object that was cut against the
// rows that are complete in it. Only a CSV row that was cut before its last
// cell, which is empty then, is one nevertheless.
func checkCutRows(t *testing.T, name string, f rowsText, stored, left string, used int64) {
	t.Helper()
	text, ends := f.text()
	content, whole := unpack(stored)
	if !strings.HasPrefix(text, content) {
		return // of the magic of a compression too little is left
	}
	length := len(content)
	if !whole && strings.HasPrefix(f.suffix, "rows.") {
		length-- // the stream may have broken off in a row unless its end follows
	}
	complete, end := 0, 0
	for complete < len(ends) && ends[complete] <= length {
		end = ends[complete]
		complete++
	}
	if f.suffix == "rows.csv" && f.packing == "" && strings.HasSuffix(content, "Z,") {
		complete, end = complete+1, len(content)
	}
	if int(used) != complete {
		t.Errorf("%s: %d rows were used, want %d, of %q", name, used, complete, content)
	}
	const between = " ,\r\n"
	switch left = strings.Trim(left, between); {
	case complete == 0 && !strings.HasPrefix(f.head, left),
		complete > 0 && complete < len(ends) && left != strings.Trim(text[:end], between):
		t.Errorf("%s: what was not set aside is\n%q, want\n%q", name, left, text[:end])
	}
}
