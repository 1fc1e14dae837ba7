package backfill_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/backfill"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

func aPlan() *backfill.Plan {
	return &backfill.Plan{
		Format: backfill.PlanFormat, Name: "acme", Configuration: strings.Repeat("ab", 32), Tool: "1.0.0+abc",
		Settle: map[string]string{"cdr": "24h0m0s"}, AsOf: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Length: "24h0m0s",
		From: "2026-11-01", To: "2026-11-04",
		Shards: []backfill.Shard{{From: "2026-11-01", To: "2026-11-03", Intervals: 2, Objects: 7, Bytes: 70}, {From: "2026-11-03", To: "2026-11-04", Intervals: 1}},
	}
}

func anOutput(t *testing.T) (*ledger.Output, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := object.Open(t.Context(), object.Location{Dir: dir}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &ledger.Output{Store: store}, dir
}

func TestAPlanIsReadAsItWasMade(t *testing.T) {
	out, _ := anOutput(t)
	id, err := backfill.Put(t.Context(), out, aPlan())
	if err != nil {
		t.Fatal(err)
	}
	again, err := backfill.Put(t.Context(), out, aPlan())
	if err != nil || again != id {
		t.Errorf("the same plan is %q and %q: %v", id, again, err)
	}
	p, err := backfill.Get(t.Context(), out, id)
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for shard := range p.Shards {
		for _, interval := range p.Intervals(shard) {
			labels = append(labels, interval.Label)
		}
	}
	if got := strings.Join(labels, " "); got != "2026-11-01 2026-11-02 2026-11-03" || len(p.Intervals(-1)) != 3 {
		t.Errorf("the intervals are %s", got)
	}

	for _, name := range []string{id, out.Store.String() + "plans/" + id + "/plan.json", "s3://bucket/a/plans/" + id + "/plan.json", "plans/" + id, "/out/plans/" + id + "/"} {
		if _, got, ok := backfill.ParseName(name); !ok || got != id {
			t.Errorf("%q names the plan %q", name, got)
		}
	}
	for _, name := range []string{"", "latest", id[1:], "s3://bucket/" + id + "/plan.json", "plans/" + id + "/other.json"} {
		if _, _, ok := backfill.ParseName(name); ok {
			t.Errorf("%q names a plan", name)
		}
	}
}

func TestAPlanThatWasChangedIsRefused(t *testing.T) {
	out, dir := anOutput(t)
	id, err := backfill.Put(t.Context(), out, aPlan())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "plans", id, "plan.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), `"to": "2026-11-03"`, `"to": "2026-11-02"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backfill.Get(t.Context(), out, id); !isBroken(err) {
		t.Errorf("it is read with error %v", err)
	}
	if _, err := backfill.Get(t.Context(), out, strings.Repeat("0", 32)); !errors.Is(err, backfill.ErrNoPlan) {
		t.Errorf("a plan that is not there: %v", err)
	}
}

func isBroken(err error) bool {
	_, ok := errors.AsType[*ledger.BrokenError](err)
	return ok
}

// A plan has the name of its bytes, so anyone may make one. It still has to be one.
func TestAPlanThatContradictsItselfIsRefused(t *testing.T) {
	for what, change := range map[string]func(*backfill.Plan){
		"format":                func(p *backfill.Plan) { p.Format = "cdrmend.plan/2" },
		"no length":             func(p *backfill.Plan) { p.Length = "0s" },
		"no shards":             func(p *backfill.Plan) { p.Shards = nil },
		"a gap":                 func(p *backfill.Plan) { p.Shards[0].To, p.Shards[0].Intervals = "2026-11-02", 1 },
		"an overlap":            func(p *backfill.Plan) { p.Shards[1].From, p.Shards[1].Intervals = "2026-11-02", 2 },
		"too few intervals":     func(p *backfill.Plan) { p.Shards[0].Intervals = 1 },
		"no end":                func(p *backfill.Plan) { p.To = "2026-11-05" },
		"millions of intervals": func(p *backfill.Plan) { p.Length, p.Shards[0].Intervals = "1ns", 2*24*3600*1e9 },
		"a wrong settle":        func(p *backfill.Plan) { p.Settle["cdr"] = "soon" },
	} {
		out, _ := anOutput(t)
		p := aPlan()
		change(p)
		id, err := backfill.Put(t.Context(), out, p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backfill.Get(t.Context(), out, id); err == nil {
			t.Errorf("%s: it is read", what)
		}
	}
}
