package report

import (
	"fmt"
	"strings"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/wording"
)

// SummaryFile is the name of a run's summary.
const SummaryFile = "summary.json"

// SummaryFormat is the format of summary.json.
const SummaryFormat = "cdrmend.summary/1"

// Run is the result of a run over one interval.
type Run struct {
	Interval    string         `json:"interval"`
	RunID       string         `json:"run_id"`
	URL         string         `json:"url"`                       // of the run's folder
	NoOp        bool           `json:"unchanged"`                 // the newest commit is already of this run
	DryRun      bool           `json:"dry_run"`                   // nothing was read or written
	Objects     int64          `json:"objects"`                   // number of listed objects
	Bytes       int64          `json:"bytes"`                     // their total size
	Memory      int64          `json:"expected_memory,omitempty"` // bytes the run is expected to need; dry run only
	MemoryLimit int64          `json:"memory_limit,omitempty"`    // bytes the run may use, 0 without a limit; dry run only
	Outcome     policy.Outcome `json:"outcome"`                   // of the newest commit
	Journal     *Mark          `json:"journal,omitempty"`         // the newest journal entry; nil when the commit is not entered yet, or nothing was committed
	Summary     *Summary       `json:"summary"`                   // nil for a run that computed nothing

	NotThere []policy.Awaited `json:"not_there,omitempty"` // inputs that were waited for in vain

	Todo []Todo `json:"-"` // what its page asks people to do
}

// Mark is a place in the journal: everything up to it is fixed by its hash. Whoever
// keeps it in another place can show with it that nothing was removed.
type Mark struct {
	Number int64  `json:"number"`
	SHA256 string `json:"sha256"`
}

// Summary is the content of summary.json: the result of a run in numbers.
type Summary struct {
	Format        string                      `json:"format"`
	Interval      string                      `json:"interval"`
	Start         string                      `json:"start"`
	End           string                      `json:"end"`
	Coverage      Coverage                    `json:"coverage"`
	Legs          int64                       `json:"legs"`
	Conversations int64                       `json:"conversations"`
	Lost          int64                       `json:"distinct_missing_recordings"`
	Verdicts      map[string]int64            `json:"verdicts"`
	Findings      []FindingCount              `json:"findings"`
	Outages       map[string]int64            `json:"outages_by_cause"`
	Renewals      int64                       `json:"renewals_failed"` // outages in which nobody was unregistered
	Registrations Registrations               `json:"registrations"`
	Media         *Media                      `json:"media,omitempty"` // nil: nobody looked into them
	MediaTypes    map[string]int64            `json:"unknown_media_types"`
	States        map[string]int64            `json:"unknown_states"`         // of media; they count as there
	Skipped       map[string]map[string]int64 `json:"skipped_rows,omitempty"` // rows that filters of a profile skip, by source and reason
	Overused      int64                       `json:"overused_ids"`
	ReusedLegIDs  int64                       `json:"reused_leg_ids"` // legs that have an earlier leg with their id
	Incomplete    []Incomplete                `json:"incomplete_inputs"`
	Partitions    []Partition                 `json:"partitions"`               // all that were read, by source and time
	Ignored       []Ignored                   `json:"ignored_inputs,omitempty"` // by source and kind
	Warnings      []string                    `json:"warnings"`
	Balance       map[string]record.Balance   `json:"balance"` // by kind
	Outcome       policy.Outcome              `json:"outcome"`
	Settled       map[string]bool             `json:"settled"` // by source: whether it could no longer deliver
	Config        policy.Identity             `json:"configuration"`
}

// Media counts what was looked into of the recordings of voice that an interval owns.
type Media struct {
	Recordings int64            `json:"recordings"`
	Heard      int64            `json:"heard"`      // their media hold audio
	Unreadable int64            `json:"unreadable"` // the store did not let their media be read
	NoAudio    int64            `json:"no_audio"`   // their media hold nothing to hear
	Unknown    int64            `json:"duration_unknown"`
	Decoded    int64            `json:"decoded,omitempty"`     // of those heard
	NotDecoded int64            `json:"not_decoded,omitempty"` // of those heard that were to be decoded
	Formats    map[string]int64 `json:"formats"`               // of those heard, by container and codec
}

// Coverage counts the legs that should be recorded and those that are.
type Coverage struct {
	Recorded int64 `json:"recorded"`
	Intact   int64 `json:"intact"`
	Of       int64 `json:"of"`
	Total    Total `json:"total"` // whether Of is known

	Proof      Proofs           `json:"proof"`       // of the recorded legs
	Excluded   map[string]int64 `json:"excluded"`    // legs that were not to be recorded, by reason
	WithoutCDR int64            `json:"without_cdr"` // recordings that are of no leg

	RecordedPercent *string `json:"recorded_percent"`
	IntactPercent   *string `json:"intact_percent"`
}

// Total says whether the number of legs that were to be recorded is known.
type Total string

// The totals.
const (
	Known   Total = "known"
	AtLeast Total = "at least" // CDRs may hide more
)

// Proofs count recorded legs by what shows that they were.
type Proofs struct {
	ID           int64 `json:"id"`
	Leg          int64 `json:"leg"`
	Conversation int64 `json:"conversation"`
	Shared       int64 `json:"shared"`
}

// Registrations says how many legs the logs of registrations can tell about.
type Registrations struct {
	Legs int64 `json:"legs"` // legs with a trunk or a line
	Seen int64 `json:"seen"` // those of them whose trunk or line registered
}

// FindingCount counts the findings of one class, severity and status.
type FindingCount struct {
	Class    string `json:"class"`
	Severity string `json:"severity"`
	Status   string `json:"status"`
	Count    int64  `json:"count"`
}

// Partition is one partition that was read, including those of the margin.
type Partition struct {
	Source  string         `json:"source"`
	Kind    string         `json:"kind"`
	Input   string         `json:"input"`           // its URL
	Start   string         `json:"start,omitempty"` // empty when the partition covers all time
	End     string         `json:"end,omitempty"`
	State   PartitionState `json:"state"`
	Objects int64          `json:"objects"` // number of objects in it
	Bytes   int64          `json:"bytes"`
	Rows    int64          `json:"rows"`
	Rejects int64          `json:"rejects"`
}

// PartitionState says whether a partition may hide something.
type PartitionState string

// The states. All but Complete and Empty may hide something.
const (
	Complete  PartitionState = "complete"
	Empty     PartitionState = "empty" // nothing was delivered, which is a fact
	Damaged   PartitionState = "damaged"
	Unusable  PartitionState = "unusable"  // the whole source delivered nothing usable
	Unsettled PartitionState = "unsettled" // the source may still deliver
)

// Incomplete is input that may hide something.
type Incomplete struct {
	Source string `json:"source"`
	Input  string `json:"input"` // URL of the partition, or of the whole source
	Reason string `json:"reason"`
	Next   string `json:"next"`
}

// Ignored counts what lies in a source's directory and cannot be an input.
type Ignored struct {
	Source string   `json:"source"`
	Kind   string   `json:"kind"`
	Count  int64    `json:"count"`
	First  []string `json:"first"` // the first few keys
}

// Text says what there is of a kind.
func (i *Ignored) Text() string {
	what := wording.Count(i.Count, strings.ReplaceAll(i.Kind, "_", " "))
	switch i.Kind {
	case "no_recording":
		what = wording.Count(i.Count, "object") + " without the name of a recording"
	case "other":
		what = wording.Count(i.Count, "other file")
	}
	return fmt.Sprintf("%s in source %s, such as %s", what, i.Source, i.First[0])
}

// RenewalsFailed writes how many outages were harmless.
func RenewalsFailed(n int64) string {
	return wording.Count(n, "renewal") + " of " + wording.Verb(n, "a registration", "registrations") + " failed and succeeded in time: nobody was unregistered"
}

// Text says how many calls the logs of registrations tell about. It is empty when
// no call names a trunk or a line.
func (r Registrations) Text() string {
	if r.Legs == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s with a trunk or a line %s on one that the logs of registrations show", Of(r.Seen, r.Legs), wording.Noun(r.Legs, "call"), wording.VerbOf(r.Seen, r.Legs, "is", "are"))
}

// Remarks are the words without which no number of recorded calls may stand.
func (s *Summary) Remarks() []string {
	list := s.Coverage.Remarks()
	if s.Media != nil {
		list = append(list, s.Media.text())
	}
	return list
}

// text says how many recordings somebody looked into, and what was found. It claims
// nothing of the others.
func (m *Media) text() string {
	looked := m.Heard + m.Unreadable + m.NoAudio
	text := fmt.Sprintf("the audio of %s of voice was looked into: %s", Of(looked, m.Recordings)+" "+wording.Noun(m.Recordings, "recording"), holds(m.Heard))
	if m.NoAudio > 0 {
		text += fmt.Sprintf(", %s nothing to hear", Grouped(m.NoAudio)+" "+wording.Verb(m.NoAudio, "holds", "hold"))
	}
	if m.Unreadable > 0 {
		text += fmt.Sprintf(", %s cannot be read", Grouped(m.Unreadable))
	}
	if m.Unknown > 0 {
		text += fmt.Sprintf("; of %s nothing in the audio tells how long %s", Grouped(m.Unknown), wording.Verb(m.Unknown, "it lasts", "they last"))
	}
	if all := m.Decoded + m.NotDecoded; all > 0 {
		text += fmt.Sprintf("; %s %s decoded from beginning to end, to find silence", Of(m.Decoded, all), wording.VerbOf(m.Decoded, all, "was", "were"))
	}
	return text
}

func holds(n int64) string { return Grouped(n) + " " + wording.Verb(n, "holds", "hold") + " audio" }

// OutagesByOpening separates the causes of outages that a failed registration
// opened from those of outages in which a registration ended without one: it
// lapsed, or the client removed it.
func (s *Summary) OutagesByOpening() (failed, ended map[string]int64) {
	failed, ended = map[string]int64{}, map[string]int64{}
	for cause, n := range s.Outages {
		if wording.OpenedBy(cause) == wording.Failure {
			failed[cause] = n
		} else {
			ended[cause] = n
		}
	}
	return failed, ended
}

// Time parses a time of a summary.
func Time(text string) (record.Time, error) {
	t, err := time.Parse(record.TimeLayout, text)
	if err != nil {
		return record.NoTime, fmt.Errorf("the summary's time %q: %w", text, err)
	}
	return record.TimeOf(t), nil
}
