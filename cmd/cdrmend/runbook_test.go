package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/wording"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write what RUNBOOK.md takes from the program anew")

const runbookFile = "../../deploy/RUNBOOK.md"

// alertRule is what the tests look at in a rule of Prometheus.
type alertRule struct {
	Alert       string `yaml:"alert"`
	Annotations struct {
		Description string `yaml:"description"`
		RunbookURL  string `yaml:"runbook_url"`
	} `yaml:"annotations"`
}

func alertRules(t *testing.T) []alertRule {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []alertRule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(deployed(t, "prometheus", "cdrmend.rules.yaml"), &rules); err != nil {
		t.Fatal(err)
	}
	var all []alertRule
	for _, g := range rules.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// runbookTexts are what the program says itself of each section of the runbook, by
// chapter and heading: its words stand in the runbook as they are, so that no second text
// can say something else.
func runbookTexts(t *testing.T) map[string]map[string]string {
	t.Helper()
	codes, alerts, classes := map[string]string{}, map[string]string{}, map[string]string{}
	for _, e := range exitMeanings {
		codes[fmt.Sprintf("Exit code %d", e.code)] = "**Means.** " + e.meaning + "\n"
	}
	for _, a := range alertRules(t) {
		alerts[a.Alert] = "**Means.** " + a.Annotations.Description + "\n"
	}
	for name, w := range wording.All().Classes {
		classes[name] = classText(name, w)
	}
	return map[string]map[string]string{"Exit codes": codes, "Alerts": alerts, "Findings": classes}
}

// classText tells of a class of findings: what it means, what to do, and where the detail
// of a finding asks for something else.
func classText(name string, w wording.Words) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Means.** %s", wording.Sentence(w.Sentence))
	if w.Severity != "" {
		fmt.Fprintf(&b, " Its severity is %s.", w.Severity)
	}
	fmt.Fprintf(&b, "\n\n**First.** %s", wording.Sentence(w.Remedy))
	if w.Command != "" {
		fmt.Fprintf(&b, " `%s`", runbookCommand(w.Command))
	}
	b.WriteByte('\n')

	var rows []string
	for _, d := range wording.All().Details {
		if d.Class != name || d.Remedy == "" {
			continue
		}
		form, means := "none", w.Sentence
		if d.Form != "" {
			form = "`" + d.Form + "`"
		}
		if d.Sentence != "" {
			means = d.Sentence
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", form, means, d.Remedy))
	}
	if len(rows) > 0 {
		b.WriteString("\n| detail | it means | first |\n|---|---|---|\n" + strings.Join(rows, ""))
	}
	return b.String()
}

func runbookCommand(command string) string {
	return strings.NewReplacer("{finding}", "ID", "{interval}", "INTERVAL", "{rows}", "INTERVAL").Replace(command) + " --config cdrmend.yaml"
}

// reasonsText is the table of the reasons for which runs stop.
func reasonsText() string {
	var b strings.Builder
	b.WriteString("| reason | first |\n|---|---|\n")
	for _, reason := range slices.Sorted(maps.Keys(nextSteps)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", reason, nextSteps[reason])
	}
	return b.String()
}

var runbookReasons = regexp.MustCompile(`(?s)(<!-- reasons -->\n).*?(<!-- end -->\n)`)

// chapterOf returns a chapter of the runbook.
func chapterOf(t *testing.T, runbook, name string) string {
	t.Helper()
	_, text, ok := strings.Cut(runbook, "\n## "+name+"\n")
	if !ok {
		t.Fatalf("RUNBOOK.md has no chapter %s", name)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text + "\n"
}

// sectionsOf returns the sections of a chapter by their headings.
func sectionsOf(chapter string) map[string]string {
	all := map[string]string{}
	for _, part := range strings.Split("\n"+chapter, "\n### ")[1:] {
		heading, text, _ := strings.Cut(part, "\n")
		all[heading] = text
	}
	return all
}

// byHand is the part of a section that people write: from the first of these words on.
func byHand(section string, words ...string) string {
	for _, word := range words {
		if i := strings.Index(section, word); i >= 0 {
			return section[i:]
		}
	}
	return section
}

// handWords are the words with which people begin in a chapter.
func handWords(chapter string) string {
	if chapter == "Findings" {
		return "**Ask.**"
	}
	return "**First.**"
}

// notGenerated are the sections that are about no single name of the program.
var notGenerated = []string{"Other codes", "Reasons of a stop"}

// TestTheRunbookHasASectionOnEverything holds the runbook to the exit codes, the alerts and
// the classes of findings that there are, and to what the program says of them. With
// -update it writes their words anew.
func TestTheRunbookHasASectionOnEverything(t *testing.T) {
	text := deployed(t, "RUNBOOK.md")
	if *update {
		text = runbookWith(t, text)
		if err := os.WriteFile(runbookFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for chapter, names := range runbookTexts(t) {
		sections := sectionsOf(chapterOf(t, string(text), chapter))
		for name := range sections {
			if names[name] == "" && !slices.Contains(notGenerated, name) {
				t.Errorf("%s: there is a section on %s, which does not exist", chapter, name)
			}
		}
		for name, said := range names {
			section, ok := sections[name]
			if !ok {
				t.Errorf("%s: there is no section on %s", chapter, name)
				continue
			}
			hand := byHand(section, handWords(chapter))
			if diff := cmp.Diff("\n"+said+"\n", strings.TrimSuffix(section, hand)); diff != "" {
				t.Errorf("%s: run the test with -update (-the program says, +the section says):\n%s", name, diff)
			}
		}
		for name, section := range sections {
			for _, word := range []string{"**Means.** ", "**First.** ", "**Ask.** ", "**Mended.** "} {
				if name != "Reasons of a stop" && strings.Count(section, word) != 1 {
					t.Errorf("the section on %s has %q %d times, want it once", name, word, strings.Count(section, word))
				}
			}
		}
	}
	if !strings.Contains(string(text), "<!-- reasons -->\n"+reasonsText()+"<!-- end -->\n") {
		t.Error("the reasons of a stop are not those of the program: run the test with -update")
	}
}

// runbookWith puts the words of the program into a runbook.
func runbookWith(t *testing.T, text []byte) []byte {
	t.Helper()
	for chapter, names := range runbookTexts(t) {
		was := chapterOf(t, string(text), chapter)
		is := was
		for name, section := range sectionsOf(was) {
			if said := names[name]; said != "" {
				head := "### " + name + "\n"
				is = strings.Replace(is, head+section, head+"\n"+said+"\n"+byHand(section, handWords(chapter)), 1)
			}
		}
		text = bytes.Replace(text, []byte(strings.TrimSuffix(was, "\n")), []byte(strings.TrimSuffix(is, "\n")), 1)
	}
	return runbookReasons.ReplaceAll(text, []byte("${1}"+reasonsText()+"${2}"))
}

// An alert whose reader has to look for what to do is half an alert.
func TestEveryAlertLinksToItsSection(t *testing.T) {
	sections := sectionsOf(chapterOf(t, string(deployed(t, "RUNBOOK.md")), "Alerts"))
	for _, a := range alertRules(t) {
		base, fragment, _ := strings.Cut(a.Annotations.RunbookURL, "#")
		if !strings.HasSuffix(base, "/deploy/RUNBOOK.md") || fragment != strings.ToLower(a.Alert) || sections[a.Alert] == "" {
			t.Errorf("%s links to %q, want its section of deploy/RUNBOOK.md", a.Alert, a.Annotations.RunbookURL)
		}
		if a.Annotations.Description == "" || strings.Contains(a.Annotations.Description, "{{") {
			t.Errorf("%s is described as %q, want a text that the runbook can repeat", a.Alert, a.Annotations.Description)
		}
	}
}

// TestCommandsOfTheDeploymentPagesAreUnderstood parses what pages ask people to type in a
// hurry.
func TestCommandsOfTheDeploymentPagesAreUnderstood(t *testing.T) {
	n := 0
	pages := slices.Concat(deployed(t, "RUNBOOK.md"), deployed(t, "README.md"))
	for _, m := range regexp.MustCompile("`cdrmend ([a-z]+(?: [^`]*)?)`").FindAllStringSubmatch(string(pages), -1) {
		words := strings.Fields(m[1])
		if words[0] == "help" {
			continue
		}
		i := slices.IndexFunc(commands(), func(c command) bool {
			return c.name == words[0] || len(words) > 1 && c.name == words[0]+" "+words[1]
		})
		if i < 0 {
			t.Errorf("there is no command of `cdrmend %s`", m[1])
			continue
		}
		flags := flagsOf(&commands()[i])
		flags.ParseErrorsAllowlist = pflag.ParseErrorsAllowlist{} // which completion needs
		if err := flags.Parse(words[1:]); err != nil {
			t.Errorf("`cdrmend %s`: %v", m[1], err)
		}
		n++
	}
	if n < 20 {
		t.Errorf("found only %d commands", n)
	}
}
