package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/timestamp/timestamptest"
	"cdrmend/internal/verify"
)

const lockedConfig = `name: night
sources:
  manifests: [{name: m, url: "s3://inputs/m/date={date}/", profile: cdrmend, versions: true}]
  cdrs: [{name: c, url: "s3://inputs/c/date={date}/", profile: cdrmend, versions: true}]
output: {url: "s3://out/ledger/", object_lock: {mode: %s, days: %d}}
fail_on: none
signing: {key: signing.pem}
`

// locked is a real server with inputs, and an output bucket with Object Lock.
type locked struct {
	t      *testing.T
	server *objecttest.Server
	config string
}

func newLocked(t *testing.T, mode string, days int) *locked {
	t.Helper()
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "inputs", objecttest.Versioned)
	server.Bucket(t, "out", objecttest.Locked)
	server.Put(t, "inputs", "m/date=2026-11-20/a.json", []byte(`[{"recording_id":"r1","conversation_id":"c1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`))
	server.Put(t, "inputs", "c/date=2026-11-20/a.csv", []byte("conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time\nc1,1,r1,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n"))
	dir := t.TempDir()
	l := &locked{t, server, filepath.Join(dir, "cdrmend.yaml")}
	write(t, l.config, fmt.Appendf(nil, lockedConfig, mode, days))
	cdrmend(t, "keygen", "--out", filepath.Join(dir, "signing.pem"), "--public", filepath.Join(dir, "keys.jwks.json"))
	return l
}

func (l *locked) run(more ...string) {
	l.t.Helper()
	cdrmend(l.t, append([]string{"run", "--config", l.config, "--interval", "2026-11-20"}, more...)...)
}

// verify returns what came out, and holds the exit code against it.
func (l *locked) verify(more ...string) *verify.Report {
	l.t.Helper()
	var out, errs bytes.Buffer
	args := append([]string{"verify", "--config", l.config, "--json"}, more...)
	code := run(l.t.Context(), &world{args: args, environ: os.Environ(), stdout: &out, stderr: &errs, now: time.Now})
	var r verify.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		l.t.Fatalf("%v: %s%s", err, errs.String(), out.String())
	}
	want := exitDone
	if len(r.Problems) > 0 {
		want = exitFindings
	}
	if code != want {
		l.t.Errorf("exits with %d, want %d:\n%s", code, want, r.Text())
	}
	return &r
}

func (l *locked) wantBroken(r *verify.Report, link verify.Link, key string) {
	l.t.Helper()
	for _, p := range r.Problems {
		if p.Link == link && p.Object == key {
			return
		}
	}
	l.t.Errorf("%s of %s is not named:\n%s", link, key, r.Text())
}

// key returns the one key of the output that ends so.
func (l *locked) key(suffix string) string {
	l.t.Helper()
	for key := range stored(l.t, "out") {
		if strings.HasSuffix(key, suffix) {
			return key
		}
	}
	l.t.Fatalf("nothing ends in %q", suffix)
	return ""
}

const firstRecord = "ledger/interval=2026-11-20/log/00000001.json"

func TestEveryObjectIsRetainedAndVerifySaysWhichIsNot(t *testing.T) {
	l := newLocked(t, "governance", 30)
	before := time.Now()
	l.run()
	all := stored(t, "out")
	for key := range all {
		mode, until := l.server.Retention(t, "out", key)
		if days := until.Sub(before).Hours() / 24; mode != "GOVERNANCE" || days < 30 || days > 30.1 {
			t.Errorf("%q is kept by %s until %v, want GOVERNANCE for 30 days", key, mode, until)
		}
	}
	r := l.verify("--inputs", "--recompute")
	if !r.Verified || r.Retained != int64(len(all)) || len(all) < 12 {
		t.Errorf("of %d objects %d are retained:\n%s", len(all), r.Retained, r.Text())
	}
	if r := l.verify("--retention-until", time.Now().AddDate(0, 0, 29).Format(time.DateOnly)); !r.Verified {
		t.Errorf("30 days are less than 29:\n%s", r.Text())
	}
	r = l.verify("--retention-until", time.Now().AddDate(0, 0, 32).Format(time.DateOnly))
	for key := range all {
		l.wantBroken(r, verify.RetentionLink, key)
	}

	short := l.key("/calls.csv")
	l.server.Retain(t, "out", short, "GOVERNANCE", time.Now().AddDate(0, 0, 29))
	r = l.verify()
	l.wantBroken(r, verify.RetentionLink, short)
	if len(r.Problems) != 1 {
		t.Errorf("one object is retained for too short a time:\n%s", r.Text())
	}
}

// What Object Lock keeps is named in the journal, and left. When the time is over, it is
// deleted with all its versions. A pack that goes on serving is retained for longer.
func TestARetainedPackIsForgottenWhenItsTimeIsOver(t *testing.T) {
	l := newLocked(t, "governance", 30)
	l.run()
	pack := l.key(".zst")
	l.server.Retain(t, "out", pack, "GOVERNANCE", time.Now().AddDate(0, 0, 10))
	l.server.Put(t, "inputs", "m/date=2026-11-20/b.json", []byte(`[{"recording_id":"r2","conversation_id":"c2","start_time":"2026-11-20T11:00:00Z","end_time":"2026-11-20T11:05:00Z"}]`))
	l.run("--fail-on", "none")
	if _, until := l.server.Retention(t, "out", pack); time.Until(until) < 29*24*time.Hour {
		t.Errorf("a pack that serves another run is kept until %v only", until)
	}

	forget := func(now time.Time, want int) string {
		t.Helper()
		var out, errs bytes.Buffer
		args := []string{"evidence", "prune", "--config", l.config, "--recording", "r1", "--reason", "request 7", "--by", "J. Doe", "--apply"}
		code := run(t.Context(), &world{args: args, environ: os.Environ(), stdout: &out, stderr: &errs, now: func() time.Time { return now }})
		if code != want {
			t.Fatalf("exits with %d, want %d: %s%s", code, want, out.String(), errs.String())
		}
		return out.String()
	}
	if out := forget(time.Now(), exitFindings); strings.Count(out, "is retained until") != 2 || !strings.Contains(out, "0 files deleted") {
		t.Errorf("it says\n%s", out)
	}
	if r := l.verify(); !r.Verified || !strings.Contains(r.Text(), "forgotten on purpose") {
		t.Errorf("%s", r.Text())
	}
}

// A token is retained as long as the entry that it vouches for.
func TestATokenIsRetainedLikeItsEntry(t *testing.T) {
	l := newLocked(t, "governance", 30)
	authority := timestamptest.New(t, timestamptest.Certificate{})
	write(t, l.config, fmt.Appendf(nil, lockedConfig+"timestamp: {url: %q}\n", "governance", 30, authority.Serve()))
	l.run()
	all := stored(t, "out")
	token := l.key("/journal/00000001.tsr")
	if r := l.verify(); !r.Verified || r.Retained != int64(len(all)) {
		t.Errorf("of %d objects %d are retained:\n%s", len(all), r.Retained, r.Text())
	}

	l.server.Retain(t, "out", token, "GOVERNANCE", time.Now().AddDate(0, 0, 29))
	r := l.verify()
	l.wantBroken(r, verify.RetentionLink, token)
	if len(r.Problems) != 1 {
		t.Errorf("one token is retained for too short a time:\n%s", r.Text())
	}
}

// TestWhatLiesThereAlreadyIsRetainedToo after a run that was stopped before it
// committed, and knew of no retention.
func TestWhatLiesThereAlreadyIsRetainedToo(t *testing.T) {
	l := newLocked(t, "compliance", 1)
	l.server.Bucket(t, "plain", objecttest.Plain)
	unlocked := filepath.Join(filepath.Dir(l.config), "unlocked.yaml")
	text := strings.Replace(fmt.Sprintf(lockedConfig, "compliance", 1), ", object_lock: {mode: compliance, days: 1}", "", 1)
	write(t, unlocked, []byte(strings.Replace(text, "s3://out/", "s3://plain/", 1)))
	cdrmend(t, "run", "--config", unlocked, "--interval", "2026-11-20")
	left := 0
	for key, content := range stored(t, "plain") {
		if !strings.HasSuffix(key, "00000001.json") && !strings.HasSuffix(key, "output.json") {
			l.server.Put(t, "out", key, []byte(content))
			left++
		}
	}
	l.run()
	all := stored(t, "out")
	if len(all) != left+3 { // the record, its journal entry and output.json
		t.Fatalf("%d objects, want the %d that lay there, the record, its journal entry and output.json", len(all), left)
	}
	for key := range all {
		if mode, until := l.server.Retention(t, "out", key); mode != "COMPLIANCE" || until.Before(time.Now().Add(23*time.Hour)) {
			t.Errorf("%q is kept by %q until %v", key, mode, until)
		}
	}
	if r := l.verify(); !r.Verified || r.Retained != int64(len(all)) {
		t.Errorf("not verified:\n%s", r.Text())
	}
}

func TestVersionsBetrayWhatWasReplacedOrRemoved(t *testing.T) {
	l := newLocked(t, "governance", 1)
	l.run()
	record := stored(t, "out")[firstRecord]
	l.server.Put(t, "out", firstRecord, []byte(record))
	l.wantBroken(l.verify(), verify.VersionLink, firstRecord)

	history := l.key(".history.csv")
	l.server.Remove(t, "out", history)
	r := l.verify()
	l.wantBroken(r, verify.VersionLink, history)
	l.wantBroken(r, verify.HistoryLink, history)
}

func TestVersionsOutliveWhatCameAfterThem(t *testing.T) {
	l := newLocked(t, "governance", 1)
	l.run()
	l.server.Put(t, "inputs", "m/date=2026-11-20/a.json", []byte("[]"))
	l.server.Remove(t, "inputs", "c/date=2026-11-20/a.csv")
	r := l.verify("--inputs", "--recompute")
	if !r.Verified || r.Inputs.Read != 2 || r.Recomputed.Runs != 1 {
		t.Errorf("the versions that were read are not found:\n%s", r.Text())
	}
	l.server.Bucket(t, "copy", objecttest.Plain)
	l.server.Put(t, "copy", "m/date=2026-11-20/a.json", []byte("[]"))
	r = l.verify("--inputs", "--source", "m=s3://copy/")
	l.wantBroken(r, verify.InputLink, "s3://copy/m/date=2026-11-20/a.json")
}

// TestBytesThatRottedOnTheServerAreNamed though the server's own checksum
// speaks first.
func TestBytesThatRottedOnTheServerAreNamed(t *testing.T) {
	l := newLocked(t, "governance", 1)
	l.run()
	for link, suffix := range map[verify.Link]string{
		verify.FileLink: "/calls.parquet", verify.RunLink: "/run.json", verify.HistoryLink: ".history.csv", verify.RecordLink: "/log/00000001.json",
	} {
		key := l.key(suffix)
		mend := l.server.Rot(t, "out", key)
		l.wantBroken(l.verify(), link, key)
		mend()
	}
	mend := l.server.Rot(t, "inputs", "c/date=2026-11-20/a.csv")
	l.wantBroken(l.verify("--inputs"), verify.InputLink, "s3://inputs/c/date=2026-11-20/a.csv")
	mend()
	if r := l.verify("--inputs"); !r.Verified {
		t.Errorf("not verified:\n%s", r.Text())
	}
}
