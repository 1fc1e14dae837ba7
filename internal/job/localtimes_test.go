package job_test

import (
	"bytes"
	"testing"
	"time"

	"cdrmend/internal/policy"

	"github.com/parquet-go/parquet-go"
)

// A column of local times cannot hold the second of two equal local times, whatever
// layout the profile writes elsewhere.
func TestALocalTimestampOfARepeatedHourIsNotRepaired(t *testing.T) {
	t.Parallel()
	type row struct {
		Recording string `parquet:"recording_id"`
		Start     int64  `parquet:"start_time,timestamp(microsecond:local)"`
		End       *int64 `parquet:"end_time,optional,timestamp(microsecond:local)"`
		Duration  int64  `parquet:"duration_ms"`
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[row](&file)
	const day, hour = 1792886400e6, 3600e6 // 2026-10-25, when the clocks of Berlin show 02:00 to 03:00 twice
	if _, err := w.Write([]row{
		{Recording: "in time", Start: day + hour/2, Duration: 60_000},
		{Recording: "into the first of the two", Start: day + hour + hour/2, Duration: 3_600_000},
		{Recording: "into the second", Start: day + hour + hour/2, Duration: 7_200_000},
		{Recording: "beyond", Start: day + hour + hour/2, Duration: 9_000_000},
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	n := newNight(t, files{
		"cdrmend.yaml": `name: night
fail_on: none
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: own.yaml, zone: Europe/Berlin}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: cdrmend}]
output: {url: out/, tables: [csv]}
policy: {required_fields: [start_time, end_time]}
`,
		"own.yaml":                       "manifests: {formats: [parquet], fields: {recording_id: [recording_id], start_time: [start_time], end_time: [end_time], duration_ms: [duration_ms]}}\n",
		"in/m/date=2026-10-25/a.parquet": file.String(),
		"in/c/date=2026-10-25/a.csv":     "conversation_id,leg_id,start_time,end_time\n",
	})
	r, err := n.job().Run(t.Context(), policy.IntervalAt(at("2026-10-25T00:00:00Z"), 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	got := readTable(t, n.tree("out/interval=2026-10-25/runs/" + r.RunID)["recordings.csv"]).only(t, []string{"recording_id", "start_time", "end_time"}).String()
	want := `recording_id,start_time,end_time
in time,2026-10-24T22:30:00.000000Z,2026-10-24T22:31:00.000000Z
into the first of the two,2026-10-24T23:30:00.000000Z,2026-10-25T00:30:00.000000Z
into the second,2026-10-24T23:30:00.000000Z,
beyond,2026-10-24T23:30:00.000000Z,2026-10-25T02:00:00.000000Z
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
