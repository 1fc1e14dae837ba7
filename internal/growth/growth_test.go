package growth

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/outside"
)

// A structure is a way in which records can be shaped so that they might cost more
// than their size.
type structure struct {
	name  string
	n     int // how many of what grows the smallest of the three nights has
	write func(w *night, n int)

	// dense says why output may be so many times that of an ordinary night: each row
	// has few bytes, and the tables have all columns of each.
	dense *density

	slow *density // the same of time, of an answer that is more than rows
}

// density is a factor that follows from the contract.
type density struct {
	factor float64
	why    string
}

// What a structure may cost.
const (
	mostExponent = 1.2 // of time, memory and output from 2n to 4n
	mostBeyond   = 100 // MB of memory beyond an ordinary night
	mostFactor   = 10  // of time, and of output if no density says otherwise

	// A structure with a fault is measured again so often at most. Each of its costs must
	// meet one quiet moment, so two repeats are not enough on a machine that others use.
	mostRepeats = 5

	// Beyond this an object is so large that memory may depend on it.
	mostStored   = 1_000_000
	mostUnpacked = 100_000_000

	// Below this, costs are noise.
	leastSeconds = 0.5
	leastMemory  = 96 // MB beyond an empty night: any heap may grow by 64 MB before it is collected, and a step of that is no growth
	leastOutput  = 3  // MB
)

// TestEveryStructureIsRead runs each structure once and small.
func TestEveryStructureIsRead(t *testing.T) {
	if *whole {
		t.Skip("TestGrowth runs every structure")
	}
	outside.InCI(t, "half a minute")
	for _, s := range wanted(t) {
		t.Run(s.name, func(t *testing.T) {
			night := s.night(t, max(s.n/16, 2))
			if c := night.run(t); c.ended != "" {
				t.Errorf("a small night was %s", c.ended)
			}
		})
	}
}

func (s *structure) night(t *testing.T, n int) *night {
	t.Helper()
	night := newNight(t)
	s.write(night, n)
	return night
}

// TestGrowth is make growth.
func TestGrowth(t *testing.T) {
	if !*whole {
		t.Skip("this takes minutes: run make growth")
	}
	started := time.Now()
	empty := newNight(t).run(t)
	note("An empty night takes %.2f s, %.0f MB, %.2f MB of output.\n", empty.seconds, empty.peak, empty.output)
	note("%-44s %9s %21s %21s %21s   %s", "", "unpacked", "seconds (ordinary)", "peak MB (ordinary)", "output MB (ordinary)", "exponents of 2n → 4n: time, memory, output")

	var failed []string
	for _, s := range wanted(t) {
		t.Run(s.name, func(t *testing.T) {
			m := s.measure(t, empty)
			for again := 0; again < mostRepeats && len(m.faults()) > 0 && m.ended() == ""; again++ {
				// Other programs may have disturbed it. What is true of a structure shows in
				// every measurement, also in each alone: the least costs of several may come
				// from unequal moments.
				fresh := s.measure(t, empty)
				if len(fresh.faults()) == 0 {
					m = fresh
					break
				}
				m.lessen(fresh)
			}
			m.print()
			for _, fault := range m.faults() {
				t.Error(fault)
				failed = append(failed, s.name+": "+fault)
			}
		})
	}
	note("\nAll of it took %s.", time.Since(started).Round(time.Second))
	if len(failed) > 0 {
		note("\nWhat grows faster than it may:\n  %s", strings.Join(failed, "\n  "))
	}
}

// measurement is what a structure costs at n, 2n and 4n.
type measurement struct {
	*structure
	empty    cost
	costs    [3]cost
	ordinary cost // of a night as large as the last
	unpacked int64
	stored   int64
}

func (s *structure) measure(t *testing.T, empty cost) *measurement {
	t.Helper()
	m := &measurement{structure: s, empty: empty}
	for i := range m.costs {
		night := s.night(t, s.n<<i)
		m.costs[i] = night.run(t)
		m.unpacked, m.stored = night.total(), night.stored
		if i == len(m.costs)-1 || m.costs[i].ended != "" {
			beside := ordinary(t, night, m.costs[i].findings())
			m.ordinary = beside.run(t)
			beside.remove()
		}
		night.remove()
		if m.costs[i].ended != "" {
			break
		}
	}
	return m
}

// lessen takes over what another measurement of the structure found to cost less: what
// other programs add to a cost is never negative.
func (m *measurement) lessen(other *measurement) {
	least := func(a *cost, b cost) { a.seconds, a.peak = min(a.seconds, b.seconds), min(a.peak, b.peak) }
	for i := range m.costs {
		if other.costs[i].ended == "" {
			least(&m.costs[i], other.costs[i])
		}
	}
	least(&m.ordinary, other.ordinary)
}

// ended returns why one of the runs was ended early.
func (m *measurement) ended() (why string) {
	for i, c := range m.costs {
		if c.ended != "" {
			return fmt.Sprintf("with n = %d it was %s", m.n<<i, c.ended)
		}
	}
	return ""
}

func seconds(c cost) float64 { return c.seconds }
func peak(c cost) float64    { return c.peak }
func output(c cost) float64  { return c.output }

// exponent returns by which power a cost grows from 2n to 4n, 0 below the noise. What
// costs less than the ordinary night of that size shows only how a heap begins.
func (m *measurement) exponent(of func(cost) float64, least float64) float64 {
	half, all := of(m.costs[1])-of(m.empty), of(m.costs[2])-of(m.empty)
	if all < least || of(m.costs[2]) <= of(m.ordinary) {
		return 0
	}
	return math.Log2(all / max(half, least/8))
}

// shared is how much more time the processor measures for the same work while other
// programs use its caches.
const shared = 1.5

// factor returns how many times that of the ordinary night a cost is, 0 below the
// noise. What an ordinary night costs beyond an empty one is itself noise below a
// quarter of that.
func (m *measurement) factor(of func(cost) float64, least float64) float64 {
	if of(m.costs[2])-of(m.empty) < least {
		return 0
	}
	return (of(m.costs[2]) - of(m.empty)) / max(of(m.ordinary)-of(m.empty), least/4)
}

// faults returns what is more than it may be.
func (m *measurement) faults() (list []string) {
	if why := m.ended(); why != "" {
		return []string{why}
	}
	for _, x := range []struct {
		what  string
		of    func(cost) float64
		least float64
	}{{"time", seconds, leastSeconds}, {"memory", peak, leastMemory}, {"output", output, leastOutput}} {
		if e := m.exponent(x.of, x.least); e > mostExponent {
			list = append(list, fmt.Sprintf("%s grows with the power of %.2f", x.what, e))
		}
	}

	if beyond := m.costs[2].peak - m.ordinary.peak; beyond > mostBeyond && (m.stored <= mostStored || m.unpacked <= mostUnpacked) {
		list = append(list, fmt.Sprintf("%.0f MB of memory beyond an ordinary night", beyond))
	}
	if f := m.factor(seconds, leastSeconds); f > m.mostTime() {
		list = append(list, fmt.Sprintf("%.0f times the time of an ordinary night", f))
	}
	most := float64(mostFactor)
	if m.dense != nil {
		most = m.dense.factor
	}
	if f := m.factor(output, leastOutput); f > most {
		list = append(list, fmt.Sprintf("%.0f times the output of an ordinary night", f))
	}
	return list
}

// mostTime returns how many times the time of the ordinary night a structure may
// take. Rows that the contract wants must be written: one that is dense may take as
// many times the time as it has times the output, so that a megabyte of its output
// takes no longer than one of the ordinary night. All others have the factor of all.
func (m *measurement) mostTime() float64 {
	switch {
	case m.slow != nil:
		return m.slow.factor
	case m.dense == nil:
		return mostFactor
	}
	return max(mostFactor, min(shared*m.factor(output, leastOutput), m.dense.factor))
}

func (m *measurement) print() {
	last := m.costs[2]
	if why := m.ended(); why != "" {
		note("%-44s %6.1f MB   %s (an ordinary night: %.2f s, %.0f MB)", m.name, float64(m.unpacked)/1e6, why, m.ordinary.seconds, m.ordinary.peak)
		return
	}
	note("%-44s %6.1f MB %12.2f (%6.2f) %12.0f (%6.0f) %12.1f (%6.1f)   %4.2f %4.2f %4.2f   %s", m.name, float64(m.unpacked)/1e6,
		last.seconds, m.ordinary.seconds, last.peak, m.ordinary.peak, last.output, m.ordinary.output,
		m.exponent(seconds, leastSeconds), m.exponent(peak, leastMemory), m.exponent(output, leastOutput), last.say())
}
