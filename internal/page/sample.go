package page

import (
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// samples keeps one finding of each class, one outage of each cause, and one call of
// each reason, for the commands that a page offers. Names that have no words are
// left out, so that its size is bounded.
type samples struct {
	findings map[string]findingSample
	outages  map[string]outageSample
	calls    map[string]string // conversations by reason
}

type findingSample struct {
	id, detail string
	open       bool
}

type outageSample struct {
	id     string
	micros int64
}

func newSamples() samples {
	return samples{map[string]findingSample{}, map[string]outageSample{}, map[string]string{}}
}

// finding keeps the first finding of a class, and the first open one rather than
// others. The row is as the table has it.
func (s *samples) finding(row *table.Row, class string) {
	had, ok := s.findings[class]
	if ok && had.open {
		return
	}
	status := string(row.Bytes(statusColumn))
	if status != "open" && (ok || status != "indeterminate") {
		return
	}
	if _, known := wording.Class(class); known {
		s.findings[class] = findingSample{row.Text(0), row.Text(detailColumn), status == "open"}
	}
}

// outage keeps the longest outage of a cause.
func (s *samples) outage(o *outage) {
	micros := int64(o.End - o.Start)
	if had, ok := s.outages[o.Cause]; ok && had.micros >= micros {
		return
	}
	if _, known := wording.Cause(o.Cause); known {
		s.outages[o.Cause] = outageSample{o.ID, micros}
	}
}

// call keeps the first conversation of a reason. The row is as the table has it.
func (s *samples) call(reason string, row *table.Row) {
	if _, ok := s.calls[reason]; ok {
		return
	}
	if _, known := wording.Reason(reason); known && row.Known(callConv) {
		s.calls[reason] = row.Text(callConv)
	}
}
