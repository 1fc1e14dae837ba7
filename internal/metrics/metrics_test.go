package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
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
			Start: "2026-11-20T00:00:00.000000Z", End: "2026-11-21T00:00:00.000000Z", Lost: 3,
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
		Name: "acme", Took: 90 * time.Second, Ended: time.Unix(1_795_305_600, 0), PeakMemory: 1 << 20, Absent: new(int64(2)),
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
cdrmend_interval_end_timestamp_seconds{age="0",name="acme"} 1.7952192e+09
cdrmend_interval_end_timestamp_seconds{age="1",name="acme"} 1.7952192e+09
cdrmend_interval_start_timestamp_seconds{age="0",name="acme"} 1.7951328e+09
cdrmend_interval_start_timestamp_seconds{age="1",name="acme"} 1.7951328e+09
cdrmend_intervals_without_commit{name="acme"} 2
cdrmend_journal_entry{name="acme",sha256="cd"} 9
cdrmend_last_success_timestamp_seconds{name="acme"} 1.7953056e+09
cdrmend_memory_peak_bytes{name="acme"} 1.048576e+06
cdrmend_missing_recordings{age="0",name="acme"} 3
cdrmend_missing_recordings{age="1",name="acme"} 3
cdrmend_outages{age="0",cause="timeout",name="acme"} 1
cdrmend_outages{age="1",cause="timeout",name="acme"} 1
cdrmend_recordings_without_cdr{age="0",name="acme"} 6
cdrmend_recordings_without_cdr{age="1",name="acme"} 6
cdrmend_stopped{name="acme"} 0
`), "\n")
	if diff := cmp.Diff(want, samples(string(text))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A zero would say that no memory was used, and that no interval lacks a commit.
func TestWhatNobodyCanTellIsNoZero(t *testing.T) {
	n := night()
	n.PeakMemory, n.Absent = 0, nil
	path := filepath.Join(t.TempDir(), "cdrmend.prom")
	if err := metrics.WriteFile(path, n); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cdrmend_memory_peak_bytes", "cdrmend_intervals_without_commit"} {
		if strings.Contains(string(text), name) {
			t.Errorf("the file has %s", name)
		}
	}
}

func TestAFileThatCannotBeReplacedIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "cdrmend.prom")
	if err := metrics.WriteFile(path, night()); err == nil || !strings.Contains(err.Error(), `"`+path+`"`) {
		t.Errorf("writing where there is no directory: %v", err)
	}
}

func TestStopChangesOneMetricUntilTheNextNight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cdrmend.prom")
	read := func() []string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return samples(string(text))
	}
	stop := func(s *metrics.Stop) {
		t.Helper()
		if err := metrics.WriteStopped(path, s); err != nil {
			t.Fatal(err)
		}
	}

	stop(&metrics.Stop{Name: "acme", ExitCode: 5, Reason: "archived"})
	first := []string{`cdrmend_stopped{exit_code="5",name="acme",reason="archived"} 1`}
	if diff := cmp.Diff(first, read()); diff != "" {
		t.Errorf("without a file before (-want +got):\n%s", diff)
	}

	if err := metrics.WriteFile(path, night()); err != nil {
		t.Fatal(err)
	}
	before := read()
	stop(&metrics.Stop{Name: "acme", ExitCode: 3, Reason: "network"})
	stop(&metrics.Stop{Name: "acme", ExitCode: 3, Reason: "signal"})
	want := slices.Clone(before)
	want[slices.Index(want, `cdrmend_stopped{name="acme"} 0`)] = `cdrmend_stopped{exit_code="3",name="acme",reason="signal"} 1`
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Errorf("after a night (-want +got):\n%s", diff)
	}

	if err := metrics.WriteFile(path, night()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, read()); diff != "" {
		t.Errorf("after the next night (-want +got):\n%s", diff)
	}

	if err := os.WriteFile(path, []byte("half a line {"), 0o644); err != nil {
		t.Fatal(err)
	}
	stop(&metrics.Stop{Name: "acme", ExitCode: 5, Reason: "archived"})
	if diff := cmp.Diff(first, read()); diff != "" {
		t.Errorf("over a file that is not ours (-want +got):\n%s", diff)
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

func TestPushedStopReplacesNothingElse(t *testing.T) {
	g := &gateway{answer: http.StatusOK}
	server := httptest.NewServer(g)
	defer server.Close()
	if err := metrics.PushStopped(t.Context(), server.URL, &metrics.Stop{Name: "acme", ExitCode: 3, Reason: "signal"}); err != nil {
		t.Fatal(err)
	}

	// POST replaces only metrics of the same names, PUT would remove all others.
	if g.method != http.MethodPost || g.path != "/metrics/job/cdrmend/name/acme" || g.size == 0 {
		t.Errorf("got %+v", g)
	}
}

func TestGatewayBehindAPathAndAQueryIsReached(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI }))
	defer server.Close()
	if err := metrics.Push(t.Context(), server.URL+"/proxy/?token=x", night()); err != nil {
		t.Fatal(err)
	}
	if want := "/proxy/metrics/job/cdrmend/name/acme?token=x"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSecretOfAGatewayIsInNoError lets a gateway repeat what it was sent, redirect, and
// be gone.
func TestSecretOfAGatewayIsInNoError(t *testing.T) {
	secret := func(server string) string {
		return strings.Replace(server, "//", "//me:swordfish@", 1) + "/hidden-path?token=hidden-query"
	}
	reached := 0
	answer := func(code int) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reached++
			w.Header().Set("Location", r.RequestURI)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, r.RequestURI+r.Header.Get("Authorization"))
		}))
	}
	gone := answer(200)
	gone.Close()

	for name, server := range map[string]string{
		"refuses": answer(403).URL, "redirects": answer(307).URL, "is gone": gone.URL, "is no URL": "http://[::1",
	} {
		reached = 0
		err := metrics.Push(t.Context(), secret(server), night())
		if err == nil || reached > 1 {
			t.Errorf("a gateway that %s: %v, after %d requests", name, err, reached)
			continue
		}
		for _, part := range []string{"swordfish", "hidden-path", "hidden-query", "me:"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("a gateway that %s: the error holds %q: %v", name, part, err)
			}
		}
	}
}
