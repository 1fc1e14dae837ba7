package manifest_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/stream"
)

// timesProfile returns a profile for one pair of columns of arrow-times.parquet, which
// Apache Arrow wrote, and for a source of a zone.
func timesProfile(t *testing.T, columns, zone string) *profile.Profile {
	t.Helper()
	var at *time.Location
	if zone != "" {
		var err error
		if at, err = profile.Zone(zone); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf("manifests:\n  formats: [parquet]\n  fields: {recording_id: [id], start_time: [%s_start], end_time: [%s_end], duration_ms: [ms]}\n", columns, columns)
	p, err := profile.LoadIn(at, "own.yaml", []byte(text), "manifests")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readTimes returns the times of the entries of a file, and the document.
func readTimes(t *testing.T, p *profile.Profile, content []byte) (times []string, doc *manifest.Document) {
	t.Helper()
	limits := stream.DefaultLimits()
	texts := intern.NewTable()
	r := manifest.NewReader(p, texts, record.Of(record.StartTime, record.EndTime), &limits)
	s := stream.Open(bytes.NewReader(content), int64(len(content)), &limits)
	b, err := r.ReadParquet(manifest.Input{Key: "a.parquet", Stream: s, Format: profile.Parquet}, bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Concat(b.Blocks()...) {
		times = append(times, strings.TrimSpace(e.Start.String()+" "+e.End.String()))
	}
	return times, &b.Doc
}

func TestTimestampsWithoutAZoneAreOfTheSourcesZone(t *testing.T) {
	content, err := os.ReadFile("../parquetfile/testdata/arrow-times.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range []string{"int96", "local_ms", "local_us", "local_ns", "utc_us"} {
		fraction := "123456"
		if columns == "local_ms" {
			fraction = "123000"
		}
		local := columns != "utc_us"
		for zone, hours := range map[string][2]string{"": {"", ""}, "UTC": {"10", "02"}, "Europe/Berlin": {"09", "00"}, "Asia/Tokyo": {"01", "17"}} {
			p := timesProfile(t, columns, zone)
			times, doc := readTimes(t, p, content)
			if !local {
				hours = [2]string{"10", "02"}
			}
			day := "2026-10-25"
			if hours[1] == "17" {
				day = "2026-10-24"
			}
			start := fmt.Sprintf("2026-11-20T%s:00:00.%sZ", hours[0], fraction)
			end := fmt.Sprintf("2026-11-20T%s:05:00.%sZ", hours[0], fraction)
			want := []string{start + " " + end, start, fmt.Sprintf("%sT%s:30:00.000000Z %sT%s:35:00.000000Z", day, hours[1], day, hours[1])}
			if hours[0] == "" {
				want = []string{"", "", ""} // such a time has no meaning
			}
			if !slices.Equal(times, want) || doc.Local != local {
				t.Errorf("%s in %q: got %q, local %v; want %q", columns, zone, times, doc.Local, want)
			}
		}
	}
}

func TestARepairedTimestampIsReadBackInTheSourcesZone(t *testing.T) {
	content, err := os.ReadFile("../parquetfile/testdata/arrow-times.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range []string{"int96", "local_ms", "local_us", "local_ns", "utc_us"} {
		for _, zone := range []string{"UTC", "Europe/Berlin", "Asia/Tokyo"} {
			p := timesProfile(t, columns, zone)
			at := record.TimeOf(time.Date(1969, 12, 31, 23, 59, 59, 250_000_000, time.UTC))
			for range 2 {
				text, seen := p.FormatTime(at)
				edit := manifest.Edit{Gap: &manifest.Gap{Entry: 1, Field: record.EndTime}, Value: text}
				var fixed bytes.Buffer
				if err := manifest.WriteParquet(&fixed, bytes.NewReader(content), int64(len(content)), p, slices.Values([]manifest.Edit{edit})); err != nil {
					t.Fatalf("%s in %s: %v", columns, zone, err)
				}
				before, _ := readTimes(t, p, content)
				want := before[1] + " " + seen.String()
				if at < 0 {
					want = before[1] // no record is that old, but the bytes have to be right: see below
				}
				if got, _ := readTimes(t, p, fixed.Bytes()); got[1] != want || got[0] != before[0] || got[2] != before[2] {
					t.Errorf("%s in %s: got %q, want %q", columns, zone, got, want)
				}
				at = record.TimeOf(time.Date(2026, 11, 20, 23, 59, 59, 250_000_000, time.UTC))
			}
		}
	}

	edit := manifest.Edit{Gap: &manifest.Gap{Entry: 1, Field: record.EndTime}, Value: "2026-11-20T10:00:00Z"}
	err = manifest.WriteParquet(&bytes.Buffer{}, bytes.NewReader(content), int64(len(content)), timesProfile(t, "int96", ""), slices.Values([]manifest.Edit{edit}))
	if err == nil || !strings.Contains(err.Error(), "name one in the profile or at the source") {
		t.Errorf("without a zone: %v", err)
	}
}
