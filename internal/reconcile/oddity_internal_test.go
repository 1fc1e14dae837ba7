package reconcile

import (
	"slices"
	"testing"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// oddNight is a night of one source of CDRs and one of manifests, each with one
// partition for the first hour.
func oddNight(legs int, entries func(leg int) int32) *Decision {
	hour := record.Span{Start: 1, End: 3_600_000_000}
	d := &Decision{Evidence: &evidence.Evidence{
		Interval:   hour,
		Sources:    []evidence.Source{{Kind: policy.Manifests, Name: "m"}, {Kind: policy.CDRs, Name: "c"}},
		Partitions: []evidence.Partition{{Source: 0, Span: hour, URL: "m/00/"}, {Source: 1, Span: hour, URL: "c/00/"}},
		Objects:    []evidence.Object{{Source: 0}, {Source: 1, Partition: 1}},
	}}
	for n := range legs {
		d.Legs = append(d.Legs, cdr.Shown{Ref: record.Ref{Object: 1, Row: uint32(n)}})
		d.Calls = append(d.Calls, Call{Leg: uint32(n), Entries: entries(n)})
	}
	return d
}

func oneEach(int) int32         { return 1 }
func each(uint32) bool          { return true }
func never(uint32) bool         { return false }
func onlyFirst(leg uint32) bool { return leg == 0 }
func upTo(n int) func(int) int32 {
	return func(leg int) int32 {
		if leg < n {
			return 2
		}
		return 1
	}
}

func TestASourceOfWhichNothingIsToBeRecordedIsOdd(t *testing.T) {
	const warning = "none of the 20 calls of source c is to be recorded: look at policy.expect, the exclusions, and the fields recorded and answer_time of its profile"
	for name, test := range map[string]struct {
		legs int
		due  func(uint32) bool
		want []string
	}{
		"none of twenty":   {20, never, []string{warning}},
		"none of nineteen": {19, never, nil},
		"one of twenty":    {20, onlyFirst, nil},
	} {
		d := oddNight(test.legs, oneEach)
		if got := oddities(d, test.due, nil); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestLegsWithFewerRecordingsThanNearlyAllOthersAreOdd(t *testing.T) {
	const warning = "legs of source c with fewer than the 2 recordings that nine in ten of its recorded legs have: 2; find out whether recordings of them are missing"
	for name, test := range map[string]struct {
		legs, two int
		want      []string
	}{
		"18 of 20": {20, 18, []string{warning}},
		"17 of 20": {20, 17, nil},
		"17 of 19": {19, 17, nil},
		"all":      {20, 20, nil},
		"one each": {20, 0, nil},
	} {
		d := oddNight(test.legs, upTo(test.two))
		if got := oddities(d, each, nil); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestAnHourOfRecordingsWithoutCDRsIsOdd(t *testing.T) {
	const warning = "source c has no row from 1970-01-01T00:00:00.000001Z to 1970-01-01T01:00:00.000000Z, but recordings start then (1): check whether its call detail records were delivered"
	for name, test := range map[string]struct {
		start record.Time
		voice bool
		empty bool
		org   intern.Text
		want  []string
	}{
		"a voice entry starts in it":     {5, true, true, 0, []string{warning}},
		"the entry is no voice":          {5, false, true, 0, nil},
		"the entry starts later":         {record.Time(7_200_000_000), true, true, 0, nil},
		"the partition has rows":         {5, true, false, 0, nil},
		"the entry is of another tenant": {5, true, true, 1, nil},
	} {
		d := oddNight(0, oneEach)
		d.Partitions[1].Empty = test.empty
		d.Sources[1].Org = 2 * test.org
		d.Documents = []manifest.Document{{N: 1}}
		d.Entries = []manifest.Entry{{Start: test.start, Org: test.org}}
		d.Recordings = []Recording{{Entry: 0}}
		if got := oddities(d, never, []match.EntryState{{Voice: test.voice}}); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
