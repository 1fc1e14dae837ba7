package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Stop is a command that ended before it committed everything.
type Stop struct {
	Name     string // name of the configuration
	ExitCode int
	Reason   string // class of the error: a few lower-case words joined by _
}

// stoppedName is the family that a stop and a night have in common: 1 and 0.
const stoppedName = "stopped"

const stoppedHelp = "1 when the newest run stopped before it committed everything, with its exit code and the reason; else 0."

// textfileBytes bounds what is read of an earlier file. Its own size is a few KB.
const textfileBytes = 16 << 20

// WriteStopped says in the file that the newest run stopped. Everything else in it stays
// as it is: it is still true of the newest run that committed. The next [WriteFile]
// says that the stop is over.
func WriteStopped(path string, s *Stop) error {
	earlier, err := readFile(path)
	if err != nil {
		return fmt.Errorf("reading the metrics %q: %w", path, err)
	}
	now := s.registry(prometheus.Labels{nameLabel: s.Name})
	if err := prometheus.WriteToTextfile(path, prometheus.Gatherers{earlier, now}); err != nil {
		return fmt.Errorf("writing the metrics %q: %w", path, err)
	}
	return nil
}

// PushStopped says on a Pushgateway that the newest run stopped. All other metrics of
// this configuration stay there. Its errors are those of [Push].
func PushStopped(ctx context.Context, gateway string, s *Stop) error {
	p, err := newPusher(gateway, s.Name, s.registry(nil))
	if err == nil {
		// Add replaces only the metrics with the same names.
		err = p.AddContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("pushing the metrics: %w", err)
	}
	return nil
}

// registry returns a registry with the one metric of a stop.
func (s *Stop) registry(labels prometheus.Labels) *prometheus.Registry {
	all := prometheus.NewRegistry()
	g := gauges{prometheus.WrapRegistererWith(labels, all)}
	g.many(stoppedName, stoppedHelp, "exit_code", "reason").WithLabelValues(fmt.Sprint(s.ExitCode), s.Reason).Set(1)
	return all
}

// readFile returns the metrics of a file but for those of a stop. A file that does not
// exist, or that holds something else, has none: nobody but this package should write
// it, and the next night would replace it, too.
func readFile(path string) (prometheus.Gatherer, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return prometheus.Gatherers{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()

	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(f, textfileBytes))
	if err != nil {
		return prometheus.Gatherers{}, nil
	}
	delete(families, namespace+"_"+stoppedName)

	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		var list []*dto.MetricFamily
		for _, name := range slices.Sorted(maps.Keys(families)) {
			list = append(list, families[name])
		}
		return list, nil
	}), nil
}
