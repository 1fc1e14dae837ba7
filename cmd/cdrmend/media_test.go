package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
)

// A bucket policy keeps one object and one prefix from the job. The night is computed
// all the same, and each of these objects is a finding until the policy lets it be read.
func TestABucketPolicyThatDeniesMediaIsAFinding(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{Accounts: true})
	server.Setenv(t)
	for _, bucket := range []string{"sources", "output"} {
		server.Bucket(t, bucket, objecttest.Plain)
	}
	calls := "conversation_id,start_time,answer_time,end_time,recording_ids\n"
	for i := range 4 {
		key := fmt.Sprintf("date=2026-11-20/%s/r%d", [2]string{"open", "closed"}[i/3], i)
		start, end := fmt.Sprintf("2026-11-20T10:0%d:00Z", i), fmt.Sprintf("2026-11-20T10:0%d:05Z", i)
		calls += fmt.Sprintf("c%d,%s,%[2]s,%s,r%[1]d\n", i, start, end)
		server.Put(t, "sources", "m/"+key+".wav", fiveSeconds())
		server.Put(t, "sources", "m/"+key+".json", fmt.Appendf(nil, `{"format": "cdrmend.manifest/1", "recordings": [{"recording_id": "r%d", "conversation_id": "c%[1]d", "trunk_id": "t", "start_time": %q, "end_time": %q, "media_key": "m/%s.wav"}]}`, i, start, end, key))
	}
	server.Put(t, "sources", "c/date=2026-11-20/calls.csv", []byte(calls))

	server.User(t, "job")
	server.Allow(t, "output", "job", "s3:ListBucket", "s3:ListBucketVersions", "s3:GetObject", "s3:PutObject")
	reading := []string{"s3:ListBucket", "s3:GetObject"}
	server.AllowBut(t, "sources", "job", []string{"m/date=2026-11-20/open/r1.wav", "m/date=2026-11-20/closed/*.wav"}, reading...)

	config := filepath.Join(t.TempDir(), "cdrmend.yaml")
	write(t, config, []byte(`name: night
sources:
  manifests: [{name: m, url: "s3://sources/m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "s3://sources/c/date={date}/", profile: cdrmend}]
media: {check: header}
output: {url: "s3://output/", tables: [csv]}
`))
	run := func(want int) string {
		t.Helper()
		code, said := cdrmend(t, "run", "--config", config, "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z")
		if code != want {
			t.Fatalf("run exits with %d, want %d:\n%s", code, want, said)
		}
		return said
	}
	run(exitFindings)
	findings := func() (list []string) {
		for name, text := range server.Stored(t, "output") {
			if strings.HasSuffix(name, "history.csv") {
				for _, line := range strings.Split(text, "\n") {
					if cells := strings.Split(line, ","); len(cells) > 6 && strings.HasPrefix(cells[1], "media_") && strings.Contains(name, "log/00000001-") {
						list = append(list, cells[1]+" "+cells[6])
					}
				}
			}
		}
		slices.Sort(list)
		return list
	}
	if got := findings(); !slices.Equal(got, []string{"media_unreadable r1", "media_unreadable r3"}) {
		t.Errorf("the findings about media are %q", got)
	}
	if _, said := cdrmend(t, "explain", "r1", "--config", config); !strings.Contains(said, "Its audio could not be read: AccessDenied") {
		t.Errorf("explain does not say that the audio of r1 cannot be read:\n%s", said)
	}

	if said := run(exitFindings); !strings.Contains(said, "unchanged") {
		t.Errorf("while nothing changes the run is not unchanged:\n%s", said)
	}
	verify := func() (int, string) {
		var out bytes.Buffer
		return runIn(t, &out, "verify", "--config", config, "--recompute"), out.String()
	}
	code, said := verify()
	if code != 0 {
		t.Errorf("verify --recompute exits with %d:\n%s", code, said)
	}

	server.Allow(t, "sources", "job", reading...)
	if said := run(0); strings.Contains(said, "unchanged") {
		t.Errorf("once everything can be read the run is unchanged:\n%s", said)
	}
	// Whoever verifies may have fewer rights: then nothing is claimed.
	server.AllowBut(t, "sources", "job", []string{"m/date=2026-11-20/open/r0.wav"}, reading...)
	code, said = verify()
	if code == 0 || !strings.Contains(said, "r0.wav") || strings.Contains(said, "its id is") {
		t.Errorf("verify without the right to read r0 exits with %d:\n%s", code, said)
	}
}

// runIn runs a command whatever its exit code, and writes what it prints to out.
func runIn(t *testing.T, out *bytes.Buffer, args ...string) int {
	return run(t.Context(), &world{args: args, environ: os.Environ(), stdout: out, stderr: out, now: time.Now})
}

// fiveSeconds returns a WAV of µ-law that lasts five seconds.
func fiveSeconds() []byte {
	const bytes = 5 * 8000
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+bytes)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, bytes)
	return append(b, slices.Repeat([]byte{0x55}, bytes)...)
}
