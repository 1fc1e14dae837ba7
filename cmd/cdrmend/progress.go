package main

import (
	"strings"
	"sync"

	"cdrmend/internal/job"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far the job is, on a terminal that a person looks at.
func (w *world) progress(quiet bool) job.Watch {
	if quiet || !w.terminal || w.env("CI") != "" || w.env("TERM") == "dumb" {
		return func(string, int64, int64) {}
	}
	p := &progress{w: w}
	return p.show
}

// progress holds the bar of the stage at hand.
type progress struct {
	w     *world
	mu    sync.Mutex
	stage string
	bar   *progressbar.ProgressBar
}

func (p *progress) show(stage string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stage != p.stage {
		if p.bar != nil {
			_ = p.bar.Finish()
		}
		p.stage, p.bar = stage, p.newBar(stage, total)
	}
	if done > 0 {
		_ = p.bar.Set64(done)
	}
}

// newBar makes a bar with rate and remaining time, or a spinner when nobody
// knows how much there is.
func (p *progress) newBar(stage string, total int64) *progressbar.ProgressBar {
	if total == 0 {
		total = -1
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.w.stderr), progressbar.OptionSetDescription(stage),
		progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true),
		progressbar.OptionEnableColorCodes(p.w.env("NO_COLOR") == ""), progressbar.OptionThrottle(100_000_000),
	}
	if strings.HasPrefix(stage, "reading") {
		options = append(options, progressbar.OptionShowBytes(true))
	} else {
		options = append(options, progressbar.OptionShowCount(), progressbar.OptionShowIts())
	}
	return progressbar.NewOptions64(total, options...)
}
