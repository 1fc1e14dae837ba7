package discover_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/discover"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
	"cdrmend/internal/yamlfile"

	"github.com/google/go-cmp/cmp"
)

// plain is what a request means, said without search: of each list the columns of both tables.
var plain = []struct {
	list       func(*discover.Request) *[]yamlfile.Scalar
	calls      []string
	recordings []string
}{
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Recordings }, nil, []string{"recording_id"}},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Conversations }, []string{"conversation_id"}, []string{"conversation_id"}},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Legs }, []string{"leg_id"}, []string{"leg_id"}},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Trunks }, []string{"trunk_id"}, []string{"trunk_id"}},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Users }, []string{"user_ids"}, []string{"user_ids"}},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Queues }, []string{"queue_ids"}, nil},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Numbers }, []string{"ani", "dnis"}, []string{"ani", "dnis"}},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Media }, nil, []string{"media_type"}},
	{func(r *discover.Request) *[]yamlfile.Scalar { return &r.Select.Verdicts }, []string{"verdict"}, nil},
}

// fits reports whether a row has a value of each list about which its table says something; which
// chooses the lists.
func fits(r *discover.Request, row table.Cells, which func(calls, recordings []string) bool) bool {
	isCall := slices.Contains(row.Columns(), "verdict")
	for _, p := range plain {
		columns := p.recordings
		if isCall {
			columns = p.calls
		}
		if values := *p.list(r); len(values) == 0 || len(columns) == 0 || !which(p.calls, p.recordings) {
			continue
		} else if !slices.ContainsFunc(values, func(v yamlfile.Scalar) bool {
			return slices.ContainsFunc(columns, func(c string) bool {
				return slices.ContainsFunc(strings.Split(row.Get(c), ";"), func(cell string) bool {
					suffix, star := strings.CutPrefix(string(v), "*")
					return cell == string(v) || star && cell != "" && strings.HasSuffix(cell, suffix)
				})
			})
		}) {
			return false
		}
	}
	return true
}

func anyList(_, _ []string) bool                     { return true }
func callsOnly(_, recordings []string) bool          { return recordings == nil }
func recordingsOnly(calls []string, _ []string) bool { return calls == nil }

// in reports whether a row overlaps a span; a missing time may be any.
func in(row table.Cells, from, to string) bool {
	start, end := row.Get("start_time"), row.Get("end_time")
	if to != "" && start != "" && start >= to {
		return false
	}
	return from == "" || end == "" || end > from || start >= from
}

// linked reports whether a call and a recording are linked. Legs are those of the conversations.
func linked(c, r table.Cells, legs map[string]bool) bool {
	if c.Get("org_id") != r.Get("org_id") || c.Get("conversation_id") != r.Get("conversation_id") {
		return false
	}
	if leg := r.Get("leg_id"); leg != "" && legs[r.Get("org_id")+"|"+r.Get("conversation_id")+"|"+leg] {
		return leg == c.Get("leg_id")
	}
	return c.Get("conversation_id") != ""
}

// covered returns the places of the calls and recordings that a request covers, by looking at all pairs.
func covered(r *discover.Request, calls, recordings []table.Cells, from, to string) (list []string) {
	legs := map[string]bool{}
	for _, c := range calls {
		legs[c.Get("org_id")+"|"+c.Get("conversation_id")+"|"+c.Get("leg_id")] = true
	}
	has := func(one table.Cells, others []table.Cells, which func(c, r []string) bool) bool {
		asked := false
		for _, p := range plain {
			asked = asked || len(*p.list(r)) > 0 && which(p.calls, p.recordings)
		}
		return !asked || slices.ContainsFunc(others, func(o table.Cells) bool { return fits(r, o, which) })
	}

	partners, direct := map[string][]table.Cells{}, map[string]bool{}
	for _, c := range calls {
		for _, rec := range recordings {
			if linked(c, rec, legs) {
				partners[key(c)], partners[key(rec)] = append(partners[key(c)], rec), append(partners[key(rec)], c)
			}
		}
	}
	for _, c := range calls {
		direct[key(c)] = fits(r, c, anyList) && in(c, from, to) && has(c, partners[key(c)], recordingsOnly)
	}
	for _, rec := range recordings {
		direct[key(rec)] = fits(r, rec, anyList) && in(rec, from, to) && has(rec, partners[key(rec)], callsOnly)
	}
	pulled := func(row table.Cells) bool {
		return slices.ContainsFunc(partners[key(row)], func(o table.Cells) bool { return direct[key(o)] })
	}
	for _, c := range calls {
		if direct[key(c)] || fits(r, c, callsOnly) && pulled(c) {
			list = append(list, key(c))
		}
	}
	for _, rec := range recordings {
		if direct[key(rec)] || fits(r, rec, recordingsOnly) && pulled(rec) {
			list = append(list, key(rec))
		}
	}
	return list
}

// key names a row.
func key(row table.Cells) string {
	return fmt.Sprintf("%s:%s#%s%s", row.Get("source"), row.Get("object_key"), row.Find("row"), row.Find("entry"))
}

func TestARequestCoversWhatItsDefinitionSays(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for seed, tables := range map[uint64]string{1: "parquet", 2: "csv"} {
		commit := newNight(t, seed, tables).newest(t)
		calls, recordings := all(t, commit, table.Calls), all(t, commit, table.Recordings)
		found := 0
		for range 60 {
			from, to := "", ""
			r, err := discover.Load("", func(r *discover.Request) { from, to = randomRequest(r, calls, recordings, random) })
			if err != nil {
				t.Fatal(err)
			}
			night, err := discover.Select(r, policy.Report{Redact: policy.RedactNothing}).Cover(t.Context(), commit, policy.IntervalAt(record.TimeOf(made), 24*time.Hour).Span)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range night.Calls {
				got = append(got, key(c.Cells))
			}
			for _, rec := range night.Recordings {
				got = append(got, key(rec.Cells))
			}
			want := covered(r, calls, recordings, from, to)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, request %+v from %q to %q (-want +got):\n%s", seed, r.Select, from, to, diff)
			}
			if len(got) > 0 {
				found++
			}
		}
		if found < 20 {
			t.Errorf("only %d of 60 requests cover anything", found)
		}
	}
}

// randomRequest fills a request with values of some rows. It returns the span as tables write times.
func randomRequest(r *discover.Request, calls, recordings []table.Cells, random *rand.Rand) (from, to string) {
	for range 1 + random.IntN(2) {
		p := plain[random.IntN(len(plain))]
		for range 1 + random.IntN(3) {
			columns, rows := p.calls, calls
			if columns == nil || p.recordings != nil && random.IntN(2) == 0 {
				columns, rows = p.recordings, recordings
			}
			cell := rows[random.IntN(len(rows))].Get(columns[random.IntN(len(columns))])
			value, _, _ := strings.Cut(cell, ";")
			if value == "" {
				continue
			}
			if len(columns) == 2 && len(value) > 5 && random.IntN(2) == 0 {
				value = "*" + value[len(value)-3:]
			}
			*p.list(r) = append(*p.list(r), yamlfile.Scalar(value))
		}
	}
	hour := func() time.Time { return made.Add(time.Duration(random.IntN(24*60)) * time.Minute) }
	const form = "2006-01-02T15:04:05.000000Z"
	switch random.IntN(4) {
	case 0:
		at := hour()
		r.From, from = at.Format(time.RFC3339), at.Format(form)
	case 1:
		at := hour()
		r.To, to = at.Format(time.RFC3339), at.Format(form)
	}
	return from, to
}
