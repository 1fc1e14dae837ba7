package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/metrics"
	"cdrmend/internal/report"

	"github.com/google/go-cmp/cmp"
)

// night is a command that did two intervals.
func night() *metrics.Night {
	summary := func(recorded int64) *report.Summary {
		return &report.Summary{
			Start: "2026-11-20T00:00:00.000000Z", Lost: 3,
			Coverage: report.Coverage{
				Recorded: recorded, Intact: 5, Of: 10, Total: report.AtLeast, WithoutCDR: 6,
				Proof: report.Proofs{ID: 4, Shared: 1}, Excluded: map[string]int64{"too short": 9},
			},
			Verdicts: map[string]int64{"missing": 2}, Outages: map[string]int64{"timeout": 1},
			Findings: []report.FindingCount{{Class: "missing_recording", Severity: "critical", Status: "open", Count: 2}},
			Partitions: []report.Partition{
				{Kind: "cdrs", State: report.Damaged}, {Kind: "cdrs", State: report.Damaged}, {Kind: "manifests", State: report.Complete},
			},
		}
	}
	return &metrics.Night{
		Name: "acme", Took: 90 * time.Second, Ended: time.Unix(1_795_305_600, 0),
		Runs: []*report.Run{
			{Objects: 1, Bytes: 20, Summary: summary(7), Journal: &report.Mark{Number: 8, SHA256: "ab"}},
			{Objects: 2, Bytes: 30, Summary: summary(8), Journal: &report.Mark{Number: 9, SHA256: "cd"}},
		},
	}
}

// samples are the lines of a text that are no comments.
func samples(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestTheFileHasANumberForEverythingThatIsWatched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cdrmend.prom")
	if err := metrics.WriteFile(path, night()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(`
cdrmend_calls{age="0",name="acme",verdict="missing"} 2
cdrmend_calls{age="1",name="acme",verdict="missing"} 2
cdrmend_calls_excluded{age="0",name="acme",reason="too short"} 9
cdrmend_calls_excluded{age="1",name="acme",reason="too short"} 9
cdrmend_calls_expected{age="0",name="acme",total="at least"} 10
cdrmend_calls_expected{age="1",name="acme",total="at least"} 10
cdrmend_calls_intact{age="0",name="acme",total="at least"} 5
cdrmend_calls_intact{age="1",name="acme",total="at least"} 5
cdrmend_calls_proved{age="0",name="acme",proof="id"} 4
cdrmend_calls_proved{age="0",name="acme",proof="shared"} 1
cdrmend_calls_proved{age="1",name="acme",proof="id"} 4
cdrmend_calls_proved{age="1",name="acme",proof="shared"} 1
cdrmend_calls_recorded{age="0",name="acme",total="at least"} 8
cdrmend_calls_recorded{age="1",name="acme",total="at least"} 7
cdrmend_duration_seconds{name="acme"} 90
cdrmend_findings{age="0",class="missing_recording",name="acme",severity="critical",status="open"} 2
cdrmend_findings{age="1",class="missing_recording",name="acme",severity="critical",status="open"} 2
cdrmend_input_bytes{age="0",name="acme"} 30
cdrmend_input_bytes{age="1",name="acme"} 20
cdrmend_input_objects{age="0",name="acme"} 2
cdrmend_input_objects{age="1",name="acme"} 1
cdrmend_input_partitions{age="0",kind="cdrs",name="acme",state="damaged"} 2
cdrmend_input_partitions{age="0",kind="manifests",name="acme",state="complete"} 1
cdrmend_input_partitions{age="1",kind="cdrs",name="acme",state="damaged"} 2
cdrmend_input_partitions{age="1",kind="manifests",name="acme",state="complete"} 1
cdrmend_interval_start_timestamp_seconds{age="0",name="acme"} 1.7951328e+09
cdrmend_interval_start_timestamp_seconds{age="1",name="acme"} 1.7951328e+09
cdrmend_journal_entry{name="acme",sha256="cd"} 9
cdrmend_last_success_timestamp_seconds{name="acme"} 1.7953056e+09
cdrmend_missing_recordings{age="0",name="acme"} 3
cdrmend_missing_recordings{age="1",name="acme"} 3
cdrmend_outages{age="0",cause="timeout",name="acme"} 1
cdrmend_outages{age="1",cause="timeout",name="acme"} 1
cdrmend_recordings_without_cdr{age="0",name="acme"} 6
cdrmend_recordings_without_cdr{age="1",name="acme"} 6
`), "\n")
	if diff := cmp.Diff(want, samples(string(text))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFileThatCannotBeReplacedIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "cdrmend.prom")
	if err := metrics.WriteFile(path, night()); err == nil || !strings.Contains(err.Error(), `"`+path+`"`) {
		t.Errorf("writing where there is no directory: %v", err)
	}
}

// gateway keeps what is pushed to it.
type gateway struct {
	answer         int
	method, path   string
	user, password string
	size           int64
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.method, g.path = r.Method, r.URL.Path
	g.user, g.password, _ = r.BasicAuth()
	g.size, _ = io.Copy(io.Discard, r.Body)
	w.WriteHeader(g.answer)
}

func TestAPushReplacesWhatIsThere(t *testing.T) {
	g := &gateway{answer: http.StatusOK}
	server := httptest.NewServer(g)
	defer server.Close()
	if err := metrics.Push(t.Context(), strings.Replace(server.URL, "//", "//me:swordfish@", 1), night()); err != nil {
		t.Fatal(err)
	}
	if g.method != http.MethodPut || g.path != "/metrics/job/cdrmend/name/acme" || g.size == 0 || g.user != "me" || g.password != "swordfish" {
		t.Errorf("got %+v", g)
	}
}

func TestSecretOfAGatewayIsInNoError(t *testing.T) {
	server := httptest.NewServer(&gateway{answer: http.StatusForbidden})
	url := strings.Replace(server.URL, "//", "//me:swordfish@", 1)
	refused := metrics.Push(t.Context(), url, night())
	server.Close()
	for _, err := range []error{refused, metrics.Push(t.Context(), url, night())} {
		if err == nil || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("got %v", err)
		}
	}
}
