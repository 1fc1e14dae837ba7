package main

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/report"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far the job is, on a terminal that a person looks at. Elsewhere
// it logs how long each stage took, when everything is logged.
func (w *world) progress(quiet bool) job.Watch {
	bars := w.showsBars(quiet)
	if quiet || !bars && w.level > slog.LevelDebug {
		return func(string, int64, int64) {}
	}
	p := &progress{w: w, bars: bars}
	return p.show
}

// showsBars reports whether a person looks at a terminal that can show a bar.
func (w *world) showsBars(quiet bool) bool {
	return !quiet && w.terminal && w.env("CI") == "" && w.env("TERM") != "dumb"
}

// progress holds the bar of the current stage. A stage that has ended leaves one
// line: what was done, how fast, how long it took.
type progress struct {
	w     *world
	bars  bool // else log lines
	mu    sync.Mutex
	stage string
	begun time.Time
	done  int64
	bar   *progressbar.ProgressBar
}

// show starts a stage or advances the current one. A stage without a name ends
// the last.
func (p *progress) show(stage string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()

	if stage != p.stage {
		p.end()
		p.stage, p.begun, p.done, p.bar = stage, p.w.now(), 0, nil
		if stage != "" && p.bars {
			p.bar = p.newBar(stage, total)
			p.w.drawing.Store(true)
		}
	}

	// Goroutines report in any order, and the bar never goes back.
	if done > p.done {
		p.done = done
		if p.bar != nil {
			_ = p.bar.Set64(done)
		}
	}
}

func (p *progress) end() {
	took := p.w.now().Sub(p.begun)
	switch {
	case p.bar != nil:
		_ = p.bar.Finish()
		p.w.drawing.Store(false)
		fmt.Fprintln(p.w.stderr, stageLine(p.stage, p.done, took))
	case p.stage != "" && !p.bars:
		p.w.logger(false).Debug("stage ended", "stage", p.stage, "done", p.done, "took_ms", took.Milliseconds())
	}
}

// inBytes reports whether a stage counts bytes.
func inBytes(stage string) bool { return strings.HasPrefix(stage, "reading") }

// stageLine returns the line that a stage leaves.
func stageLine(stage string, done int64, took time.Duration) string {
	amount, rate := "", ""
	if done > 0 {
		// The clock may show no time at all for a short stage.
		perSecond := int64(float64(done) / max(took.Seconds(), 0.001))
		if inBytes(stage) {
			amount, rate = report.Size(done), report.Size(perSecond)+"/s"
		} else {
			amount, rate = report.Grouped(done), report.Grouped(perSecond)+"/s"
		}
	}

	return fmt.Sprintf("  %-16s %10s %12s %8.1f s", stage, amount, rate, took.Seconds())
}

// newBar makes a bar with rate and remaining time, or a spinner when nobody
// knows how much there is.
func (p *progress) newBar(stage string, total int64) *progressbar.ProgressBar {
	if total == 0 {
		total = -1 // the library's value for unknown
	}

	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.w.stderr), progressbar.OptionSetDescription("  " + stage),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true),
		progressbar.OptionEnableColorCodes(p.w.env("NO_COLOR") == ""), progressbar.OptionThrottle(100_000_000),
	}

	if inBytes(stage) {
		options = append(options, progressbar.OptionShowBytes(true))
	} else {
		options = append(options, progressbar.OptionShowCount(), progressbar.OptionShowIts())
	}
	return progressbar.NewOptions64(total, options...)
}
