package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/outside"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// dashboard is what the tests look at in a dashboard of Grafana.
type dashboard struct {
	UID        string
	Templating struct {
		List []struct{ Name, AllValue, Definition string }
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	FieldConfig              struct {
		Defaults struct{ Unit, NoValue string }
	}
	Targets []struct {
		RefID, Expr string
		Instant     bool
	}
}

func readDashboard(t *testing.T) *dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(deployed(t, "grafana", "cdrmend.json"), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

func TestPanelsSayWhatTheyShowAndStandSideBySide(t *testing.T) {
	taken := map[[2]int]string{}
	ids := map[int]bool{}
	for _, p := range readDashboard(t).Panels {
		if ids[p.ID] {
			t.Errorf("%s: another panel has its id %d", p.Title, p.ID)
		}
		ids[p.ID] = true

		at := p.GridPos
		if at.X < 0 || at.W < 1 || at.H < 1 || at.X+at.W > 24 {
			t.Errorf("%s stands outside of the grid: %+v", p.Title, at)
		}
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s stands on %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}

		// Whoever is woken up reads a panel without the code.
		if len(p.Title) < 10 || len(p.Description) < 40 || !strings.HasSuffix(p.Description, ".") || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("panel %q lacks a title, a description, a unit or a query: %+v", p.Title, p)
		}
		if p.Type != "timeseries" && p.FieldConfig.Defaults.NoValue == "" {
			t.Errorf("panel %q does not say what it means that there is no value", p.Title)
		}
	}
}

// A share of calls whose number is not known would be one that nobody can know.
func TestNoShareIsOfAtLeastSoManyCalls(t *testing.T) {
	shares := 0
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			if !regexp.MustCompile(`cdrmend_calls_(expected|recorded|intact)\b`).MatchString(q.Expr) {
				continue
			}
			if strings.Contains(q.Expr, "/") {
				shares++
				for _, m := range regexp.MustCompile(`cdrmend_calls_(?:expected|recorded|intact)\{[^}]*\}`).FindAllString(q.Expr, -1) {
					if !strings.Contains(m, `total="known"`) {
						t.Errorf("panel %q divides by what may be a lower bound: %s", p.Title, q.Expr)
					}
				}
				if p.FieldConfig.Defaults.Unit != "percentunit" || !strings.HasPrefix(q.Expr, "floor(10000 * ") && !strings.HasPrefix(q.Expr, "ceil(10000 * ") {
					t.Errorf("panel %q does not round its share to the safe side: %s", p.Title, q.Expr)
				}
				continue
			}
			if strings.Contains(q.Expr, `total="at least"`) && !strings.Contains(p.Title, "at least") {
				t.Errorf("panel %q shows a lower bound like a fact", p.Title)
			}
		}
	}
	if shares < 3 {
		t.Errorf("only %d queries are shares", shares)
	}
}

func TestTheDashboardIsProvisioned(t *testing.T) {
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			JSONData                     map[string]string `yaml:"jsonData"`
		} `yaml:"datasources"`
	}
	if err := yaml.UnmarshalWithOptions(deployed(t, "grafana", "provisioning", "datasources", "cdrmend.yaml"), &sources, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if len(sources.Datasources) != 1 || sources.APIVersion != 1 || sources.Datasources[0].Type != "prometheus" || sources.Datasources[0].URL == "" {
		t.Errorf("the data sources are %+v", sources)
	}

	var boards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type, Folder    string
			AllowUIUpdates        bool              `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int               `yaml:"updateIntervalSeconds"`
			Options               map[string]string `yaml:"options"`
		} `yaml:"providers"`
	}
	if err := yaml.UnmarshalWithOptions(deployed(t, "grafana", "provisioning", "dashboards", "cdrmend.yaml"), &boards, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if len(boards.Providers) != 1 || boards.APIVersion != 1 || boards.Providers[0].Type != "file" || boards.Providers[0].Options["path"] == "" {
		t.Errorf("the dashboards are %+v", boards)
	}
	if d := readDashboard(t); d.UID != "cdrmend" || len(d.Templating.List) != 2 {
		t.Errorf("the dashboard %q has the variables %+v", d.UID, d.Templating.List)
	}
}

// watchedNights runs nights on all ways to Prometheus: the sample night and one whose
// number of calls is not known, into files; one that is pushed, and one that stops.
func watchedNights(t *testing.T, textfiles, gateway string) {
	t.Helper()
	dir := demoNight(t)
	t.Setenv("CDRMEND_METRICS_TEXTFILE", filepath.Join(textfiles, "demo.prom"))
	cdrmend(t, "run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--from", "2026-11-18", "--to", "2026-11-21", "--quiet")

	small := t.TempDir()
	put := func(name, text string) { write(t, filepath.Join(small, name), []byte(text)) }
	put("cdrmend.yaml", `name: small
sources:
  manifests: [{name: m, url: m/, profile: cdrmend}]
  cdrs: [{name: c, url: c/, profile: cdrmend}]
output: {url: out/, tables: [csv]}
`)
	put("m/a.json", `[{"recording_id":"r1","conversation_id":"c1","trunk_id":"T1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`)
	put("c/a.csv", alarmLegs+"c1,1,r1,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z,true\nc2,1,r2,T1,2026-11-20T11:00:00Z,2026-11-20T11:00:00Z,2026-11-20T11:05:00Z,true\n")
	put("c/cut.csv", alarmLegs+`c3,1,"r3`) // nobody knows how many calls it had
	again := []string{"run", "--config", filepath.Join(small, "cdrmend.yaml"), "--interval", "2026-11-20", "--quiet"}
	t.Setenv("CDRMEND_METRICS_TEXTFILE", filepath.Join(textfiles, "small.prom"))
	cdrmend(t, again...)

	t.Setenv("CDRMEND_METRICS_TEXTFILE", "")
	t.Setenv("CDRMEND_METRICS_PUSHGATEWAY", gateway)
	t.Setenv("CDRMEND_NAME", "pushed")
	cdrmend(t, append(again, "--output", filepath.Join(small, "pushed"))...)

	if err := os.RemoveAll(filepath.Join(small, "m")); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	w := &world{args: append(again, "--output", filepath.Join(small, "pushed")), environ: os.Environ(), stdout: io.Discard, stderr: &errs, now: time.Now}
	if code := run(t.Context(), w); code != exitFailed || strings.Contains(errs.String(), "was not sent") {
		t.Fatalf("a run without its inputs exits with %d: %s", code, errs.String())
	}
}

// serving starts a program that listens at an address, and returns the address.
func serving(t *testing.T, program string, args func(address string) []string) string {
	t.Helper()
	address := objecttest.FreePort(t)
	var output bytes.Buffer
	stop, err := objecttest.Start(&output, os.Environ(), outside.Program(t, program), args(address)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s says\n%s", program, output.String())
		}
	})
	return address
}

// ask sends a query to Prometheus, and returns the series of its answer.
func ask(t *testing.T, address, path string, form url.Values) []map[string]string {
	t.Helper()
	resp, err := http.Get("http://" + address + path + "?" + form.Encode())
	if err != nil {
		return nil // it has not begun to listen
	}
	defer resp.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil // nor has it read its data
	}
	if answer.Status != "success" {
		t.Errorf("%s: %s", form.Get("query"), answer.Error)
	}
	var series []map[string]string
	for _, r := range answer.Data.Result {
		series = append(series, r.Metric)
	}
	return series
}

// TestEveryPanelOfTheDashboardShowsSomething asks a real Prometheus, which scrapes a real
// node exporter and a real Pushgateway, for what each panel asks.
func TestEveryPanelOfTheDashboardShowsSomething(t *testing.T) {
	textfiles := t.TempDir()
	node := serving(t, "prometheus-node-exporter", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--collector.disable-defaults", "--collector.textfile", "--collector.textfile.directory=" + textfiles}
	})
	gateway := serving(t, "prometheus-pushgateway", func(address string) []string { return []string{"--web.listen-address=" + address} })
	await(t, "the Pushgateway answers", func() bool {
		resp, err := http.Get("http://" + gateway + "/-/ready")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	watchedNights(t, textfiles, "http://"+gateway)

	rules, err := filepath.Abs(filepath.Join("..", "..", "deploy", "prometheus", "cdrmend.rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "prometheus.yml"), fmt.Appendf(nil, `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - {job_name: node, static_configs: [{targets: [%q]}]}
  - {job_name: push, honor_labels: true, static_configs: [{targets: [%q]}]}
`, rules, node, gateway))
	prometheus := serving(t, "prometheus", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(dir, "data")}
	})

	names := map[string]bool{}
	await(t, "Prometheus has all metrics, and alerts on them", func() bool {
		for _, s := range ask(t, prometheus, "/api/v1/query", url.Values{"query": {"cdrmend_stopped"}}) {
			names[s["name"]] = true
		}
		return len(names) == 3 && len(ask(t, prometheus, "/api/v1/query", url.Values{"query": {`ALERTS{alertname="CdrmendMissesRecordings"}`}})) > 0
	})
	if diff := cmp.Diff([]string{"demo", "pushed", "small"}, slices.Sorted(maps.Keys(names))); diff != "" {
		t.Errorf("the configurations (-want +got):\n%s", diff)
	}

	shown := map[string][]string{}
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			form := url.Values{"query": {strings.ReplaceAll(q.Expr, "$name", ".+")}}
			path := "/api/v1/query"
			if !q.Instant {
				now := time.Now().Add(time.Second) // the end is rounded down, and the first sample may be of this second
				path = "/api/v1/query_range"
				form.Set("start", fmt.Sprint(now.Add(-time.Minute).Unix()))
				form.Set("end", fmt.Sprint(now.Unix()))
				form.Set("step", "1")
			}
			series := ask(t, prometheus, path, form)
			if len(series) == 0 {
				t.Errorf("panel %q, query %s, shows nothing: %s", p.Title, q.RefID, form.Get("query"))
			}
			for _, s := range series {
				if !slices.Contains(shown[p.Title], s["name"]) {
					shown[p.Title] = append(shown[p.Title], s["name"])
				}
			}
		}
	}

	// A configuration must not vanish from what is looked at first, and a lower bound must
	// be in no share.
	for title, want := range map[string][]string{
		"Did last night run?": {"demo", "pushed", "small"}, "Age of the newest commit": {"demo", "pushed", "small"},
		"How the newest run ended": {"demo", "pushed", "small"}, "Nights that are missing": {"demo", "pushed", "small"},
		"Open, critical": {"demo", "pushed", "small"}, "Open, major": {"demo", "pushed", "small"}, "Open, minor": {"demo", "pushed", "small"},
		"Known to be recorded, where the number of calls is known": {"demo"}, "Possibly recorded, at most": {"demo"},
		"Number of calls not known: recorded, of at least": {"pushed", "small"},
	} {
		slices.Sort(shown[title])
		if diff := cmp.Diff(want, shown[title]); diff != "" {
			t.Errorf("panel %q shows (-want +got):\n%s", title, diff)
		}
	}
}

// await waits until something holds, for as long as a loaded machine may need.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(time.Minute); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("after a minute it is still not so that %s", what)
		}
	}
}
