package listen

import (
	"context"
	"fmt"
	"math/bits"
)

// meter measures samples as they are decoded. A moment is one sample of every
// channel.
type meter struct {
	ctx     context.Context
	failure error // of the context

	rate     uint64
	channels []Channel

	offered int64 // moments that were decoded
	skip    int64 // moments at the beginning that an encoder added
	limit   int64 // of offered; the others are what fills the last frame. -1: none

	tap     func([]float32) // a test's: what counts
	heard   int64           // moments that count
	quiet   int64           // moments since the last sample above the threshold
	longest int64

	endless bool // there was more than mostMoments
}

// mostMoments is how many samples of a channel are decoded: 24 hours of 48,000 a second. A
// stream of a few bytes may claim any number of them.
const mostMoments = 24 * 3600 * 48_000

// begin is called once, before the first sample. The caller has checked that the
// numbers are positive.
func (m *meter) begin(rate, channels int) {
	m.rate = uint64(rate)
	m.channels = make([]Channel, channels)
	for c := range m.channels {
		m.channels[c].Silent = true
	}
}

// add measures interleaved samples, and says whether to go on.
func (m *meter) add(samples []float32) bool {
	if m.failure = m.ctx.Err(); m.failure != nil {
		return false
	}

	if m.endless = m.offered > mostMoments; m.endless {
		return false
	}

	channels := len(m.channels)
	moments := int64(len(samples) / channels)
	first := min(max(m.skip-m.offered, 0), moments)
	last := moments
	if m.limit >= 0 {
		last = max(first, min(moments, m.limit-m.offered))
	}
	m.offered += moments
	m.heard += last - first
	if m.tap != nil {
		m.tap(samples[int(first)*channels : int(last)*channels])
	}

	for i := first; i < last; i++ {
		m.quiet++
		for c, x := range samples[int(i)*channels:][:channels] {
			if x > Threshold || x < -Threshold {
				m.channels[c].Silent = false
				m.longest = max(m.longest, m.quiet-1)
				m.quiet = 0
			}
		}
	}
	return true
}

// sound sums up, where err says why decoding stopped before the end.
func (m *meter) sound(err error) Sound {
	s := Sound{
		Decoded:  err == nil || m.heard > 0,
		Channels: m.channels,
		Duration: m.micros(m.heard),
		Longest:  m.micros(max(m.longest, m.quiet)),
	}
	switch {
	case m.endless:
		s.Reason = fmt.Sprintf("longer than %d samples of a channel", mostMoments)
	case err != nil:
		s.Reason = err.Error()
	}
	if !s.Decoded {
		s.Channels = nil
	}
	return s
}

// micros is exact for every number of samples that a stream can have.
func (m *meter) micros(moments int64) int64 {
	if m.rate == 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(moments), 1_000_000)
	micros, _ := bits.Div64(high%m.rate, low, m.rate)
	return int64(micros)
}
