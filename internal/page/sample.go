package page

import (
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// samples keeps one outage of each cause, and one call of each reason, for the commands that a page offers. Names that have no words are
// left out, so that its size is bounded.
type samples struct {
	outages map[string]outageSample
	calls   map[string]callSample // by reason
}

type callSample struct{ conversation, interval string }

type outageSample struct {
	id     string
	micros int64
}

func newSamples() samples {
	return samples{map[string]outageSample{}, map[string]callSample{}}
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

// call keeps the first conversation of a reason, and the first interval. The row is as the
// table has it.
func (s *samples) call(reason string, row *table.Row, interval string) {
	kept := s.calls[reason]
	if _, known := wording.Reason(reason); !known || kept.conversation != "" {
		return
	}
	if kept.interval == "" {
		kept.interval = interval
	}
	if row.Known(callConv) {
		kept.conversation = row.Text(callConv)
	}
	s.calls[reason] = kept
}
