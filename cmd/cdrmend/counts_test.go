package main

import (
	"archive/zip"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/outside"
)

// A number of one with the plural of a noun or a verb, or a part of one with the plural.
var wrongCount = regexp.MustCompile(`(?:^|[^0-9.,:/-])1 (?:\w+ )?(?:calls|legs|findings|runs|files|bytes|objects|rows|entries|recordings|registrations|trunks|outages|intervals|records|tables|documents|packs|` +
	`inputs|lines|values|things|links|ids|hours|days|causes|warnings|timestamps|commits|partitions|are|have|were|belong|lie|stand|coincide)\b|of 1 (?:calls|objects|rows|inputs)\b|\b1 call [^.;]* are\b`)

// One night with one of everything, and one with nothing: no text that a person reads
// counts one call as calls.
func TestNoTextCountsOneAsMany(t *testing.T) {
	outside.Long(t)
	const leg = "conversation_id,leg_id,trunk_id,recording_ids,start_time,answer_time,end_time\n"
	nights := map[string]map[string]string{
		"one missing call": {
			"m/date=2026-11-20/a.jsonl": "", "c/date=2026-11-20/a.csv": leg + "c1,l1,t1,r1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n",
			"r/date=2026-11-20/a.jsonl": `{"time":"2026-11-20T09:00:00Z","trunk_id":"t1","status":200,"expiry_seconds":60}` + "\n" + `{"time":"2026-11-20T09:59:00Z","trunk_id":"t1","status":403}` + "\n",
		},
		"one recorded call": {
			"m/date=2026-11-20/a.jsonl": `{"recording_id":"r1","conversation_id":"c1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}` + "\n",
			"c/date=2026-11-20/a.csv":   leg + "c1,l1,t1,r1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n",
			"r/date=2026-11-20/a.jsonl": "",
		},
		"one call in doubt": {
			"m/date=2026-11-20/a.jsonl": `{"recording_id":"r9","conversation_id":"c9","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:0`,
			"c/date=2026-11-20/a.csv":   leg + "c1,l1,t1,r1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n",
			"r/date=2026-11-20/a.jsonl": `{"time":"junk","trunk_id":"t1","status":200}` + "\n",
		},
		"no call": {"m/date=2026-11-20/a.jsonl": "", "c/date=2026-11-20/a.csv": leg, "r/date=2026-11-20/a.jsonl": ""},
	}
	program := filepath.Join(built(t), "cdrmend")
	for name, files := range nights {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files["accepted.csv"] = "finding_id,reason,by\nfnd-0000000000000000,r,b\n"
			files["night.yaml"] = "name: night\nsources:\n  manifests: [{name: m, url: 'm/date={date}/', profile: cdrmend}]\n  cdrs: [{name: c, url: 'c/date={date}/', profile: cdrmend}]\n" +
				"  registrations: [{name: r, url: 'r/date={date}/', profile: cdrmend}]\noutput: {url: out/, tables: [csv]}\npolicy: {accepted: accepted.csv, required_fields: [recording_id]}\n"
			for path, text := range files {
				path = filepath.Join(dir, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}

			texts := map[string]string{}
			call := func(args ...string) {
				cmd := exec.Command(program, append(args, "--config", "night.yaml")...)
				cmd.Dir = dir
				out, _ := cmd.Output()
				texts[strings.Join(args, " ")] = string(out)
			}
			call("config", "check", "--sources")
			call("run", "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z", "--dry-run")
			call("run", "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z")
			texts["the first run"] = texts["run --interval 2026-11-20 --as-of 2026-11-25T00:00:00Z"]
			call("run", "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z")
			call("ls")
			call("verify", "--recompute", "--inputs")
			if name != "no call" {
				call("explain", "c1")
			}
			call("history", "2026-11-20")
			call("report", "--from", "2026-11-19", "--to", "2026-11-21", "-o", "span.html")
			call("audit", "--from", "2026-11-19", "--to", "2026-11-21", "--target", "99.5", "--retention", "--media", "--page", "audit.html", "--pdf", "audit.pdf")

			runs, _ := filepath.Glob(filepath.Join(dir, "out/interval=*/runs/*"))
			if len(runs) != 1 {
				t.Fatalf("%d runs were committed: %s", len(runs), texts["run --interval 2026-11-20 --as-of 2026-11-25T00:00:00Z"])
			}
			for _, file := range []string{filepath.Join(runs[0], "report.html"), filepath.Join(dir, "span.html"), filepath.Join(dir, "audit.html")} {
				html, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				body, _, _ := strings.Cut(string(html), `<script type="application/json"`)
				_, body, _ = strings.Cut(body, "</head>")
				texts[filepath.Base(file)] = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, "\n")
			}
			texts["findings.xlsx"] = sheetTexts(t, filepath.Join(runs[0], "findings.xlsx"))
			for _, file := range []string{filepath.Join(runs[0], "report.pdf"), filepath.Join(dir, "audit.pdf")} {
				if pdf, err := exec.Command("pdftotext", file, "-").Output(); err == nil {
					texts[filepath.Base(file)] = string(pdf)
				} else if os.Getenv("CI") != "" {
					t.Fatal(err)
				}
			}

			for what, text := range texts {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s says nothing", what)
				}
				for line := range strings.Lines(text) {
					if wrongCount.MatchString(strings.TrimSpace(line)) {
						t.Errorf("%s says: %s", what, strings.TrimSpace(line))
					}
				}
			}
		})
	}
}

// sheetTexts returns the texts of a workbook, one in a line.
func sheetTexts(t *testing.T, path string) string {
	t.Helper()
	book, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	var b strings.Builder
	for _, part := range book.File {
		if !strings.HasPrefix(part.Name, "xl/worksheets/") {
			continue
		}
		f, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(f); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if text, ok := token.(xml.CharData); ok {
				b.WriteString(string(text) + "\n")
			}
		}
		_ = f.Close()
	}
	return b.String()
}
