// Package metrics reports the results of the newest runs to Prometheus, as a
// file for the node exporter's textfile collector or through a Pushgateway.
//
// A job that runs once a night cannot be scraped, and a failed job must not look
// like one that found nothing. The numbers of a night are therefore written only
// when everything was committed, together with the time of that. A command that
// stopped before changes one metric, which says so with exit code and reason, and
// leaves all others as they are. Alerts look at both: at this metric, and, as a job
// that was killed or never started writes nothing, at how old the time is.
package metrics

import (
	"fmt"
	"time"

	"cdrmend/internal/report"

	"github.com/prometheus/client_golang/prometheus"
)

// Night is the result of one command.
type Night struct {
	Name  string        // name of the configuration
	Runs  []*report.Run // runs with their summaries, the oldest interval first
	Took  time.Duration
	Ended time.Time

	PeakMemory int64  // most resident memory of the program in bytes, 0 where nobody can tell
	Absent     *int64 // intervals without a commit before the newest, as [AbsentSpan] says; nil where nobody can tell
}

// AbsentSpan is how many intervals before the newest one are looked at for one without a
// commit. Those before the oldest that a run began are not among them: the job did not
// exist then.
const AbsentSpan = 30

// WriteFile writes the metrics of a night to a file. The file is replaced only
// when the new one is complete: a collector never reads half of it.
func WriteFile(path string, n *Night) error {
	if err := prometheus.WriteToTextfile(path, n.registry(prometheus.Labels{nameLabel: n.Name})); err != nil {
		return fmt.Errorf("writing the metrics %q: %w", path, err)
	}
	return nil
}

const namespace = "cdrmend"

// nameLabel is the label with the name of the configuration. A Pushgateway adds
// it by itself.
const nameLabel = "name"

// registry returns a registry with all metrics of a night. Each has the given
// labels, too.
func (n *Night) registry(labels prometheus.Labels) *prometheus.Registry {
	all := prometheus.NewRegistry()
	g := gauges{prometheus.WrapRegistererWith(labels, all)}
	g.one("last_success_timestamp_seconds", "When everything was last committed.", float64(n.Ended.Unix()))
	g.one("duration_seconds", "How long that took.", n.Took.Seconds())
	g.one(stoppedName, stoppedHelp, 0)
	if n.PeakMemory > 0 {
		g.one("memory_peak_bytes", "Most memory that was resident in that time.", float64(n.PeakMemory))
	}
	if n.Absent != nil {
		g.one("intervals_without_commit", fmt.Sprintf("Intervals without a commit among the %d before the newest; none before the oldest that a run began.", AbsentSpan), float64(*n.Absent))
	}

	// The hash makes a new series each time. It has to be here: whoever keeps the
	// metrics keeps it away from the output, and can show with it what was removed.
	if m := n.journal(); m != nil {
		g.many("journal_entry", "Number of the newest journal entry, by its hash.", "sha256").WithLabelValues(m.SHA256).Set(float64(m.Number))
	}

	ages := []string{"age"}
	objects := g.many("input_objects", "Objects that were listed.", ages...)
	bytes := g.many("input_bytes", "Bytes of the objects that were listed.", ages...)
	start := g.many("interval_start_timestamp_seconds", "Start of the interval; age 0 is the newest, 1 the one before it.", ages...)
	end := g.many("interval_end_timestamp_seconds", "End of the interval.", ages...)
	// The label total stands on all three, so that it is on every quotient of them.
	totals := []string{"age", "total"}
	of := g.many("calls_expected", "Calls that should be recorded; with total \"at least\" call detail records may hide more.", totals...)
	recorded := g.many("calls_recorded", "Calls of these that are; of at least so many when total says so.", totals...)
	intact := g.many("calls_intact", "Calls of these with all their metadata; of at least so many when total says so.", totals...)
	proofs := g.many("calls_proved", "Recorded calls by what proves it: id, leg, conversation, or shared with another call.", "age", "proof")
	excluded := g.many("calls_excluded", "Calls that were not to be recorded and are not expected, by reason.", "age", "reason")
	without := g.many("recordings_without_cdr", "Recordings that belong to no call detail record: calls may be missing from those expected.", ages...)
	missing := g.many("missing_recordings", "Different recordings that are missing.", ages...)
	verdicts := g.many("calls", "Calls by verdict.", "age", "verdict")
	findings := g.many("findings", "Findings by class, severity and status.", "age", "class", "severity", "status")
	outages := g.many("outages", "Registration outages by cause.", "age", "cause")
	partitions := g.many("input_partitions", "Partitions by kind and state: damaged, unusable and unsettled ones leave results indeterminate.", "age", "kind", "state")

	for i, r := range n.Runs {
		// A label with the interval itself would start new series every night.
		age := fmt.Sprint(len(n.Runs) - 1 - i)
		s := r.Summary
		objects.WithLabelValues(age).Set(float64(r.Objects))
		bytes.WithLabelValues(age).Set(float64(r.Bytes))

		// The program wrote the times itself. If one cannot be read, the other
		// metrics are still worth having.
		if t, err := time.Parse(time.RFC3339Nano, s.Start); err == nil {
			start.WithLabelValues(age).Set(float64(t.Unix()))
		}
		if t, err := time.Parse(time.RFC3339Nano, s.End); err == nil {
			end.WithLabelValues(age).Set(float64(t.Unix()))
		}

		c := &s.Coverage
		total := string(c.Total)
		of.WithLabelValues(age, total).Set(float64(c.Of))
		recorded.WithLabelValues(age, total).Set(float64(c.Recorded))
		intact.WithLabelValues(age, total).Set(float64(c.Intact))
		for proof, count := range c.Proof.Each {
			proofs.WithLabelValues(age, proof).Set(float64(count))
		}
		for reason, count := range c.Excluded {
			excluded.WithLabelValues(age, reason).Set(float64(count))
		}
		without.WithLabelValues(age).Set(float64(c.WithoutCDR))
		missing.WithLabelValues(age).Set(float64(s.Lost))

		for verdict, count := range s.Verdicts {
			verdicts.WithLabelValues(age, verdict).Set(float64(count))
		}
		for _, f := range s.Findings {
			findings.WithLabelValues(age, f.Class, f.Severity, f.Status).Set(float64(f.Count))
		}
		for cause, count := range s.Outages {
			outages.WithLabelValues(age, cause).Set(float64(count))
		}
		for _, p := range s.Partitions {
			partitions.WithLabelValues(age, p.Kind, string(p.State)).Inc()
		}
	}

	return all
}

// journal returns the newest journal entry that a run told, nil for none.
func (n *Night) journal() *report.Mark {
	var newest *report.Mark
	for _, r := range n.Runs {
		if r.Journal != nil && (newest == nil || r.Journal.Number > newest.Number) {
			newest = r.Journal
		}
	}
	return newest
}

// gauges registers gauges.
type gauges struct{ with prometheus.Registerer }

func (g gauges) many(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	g.with.MustRegister(v)
	return v
}

func (g gauges) one(name, help string, value float64) {
	g.many(name, help).WithLabelValues().Set(value)
}
