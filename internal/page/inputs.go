package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/printable"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// stateWords explains the states of partitions. The symbol is for places that
// are too small for words.
var stateWords = map[report.PartitionState]struct{ symbol, text string }{
	report.Complete:  {"✓", "complete"},
	report.Empty:     {"–", "empty: nothing was delivered"},
	report.Damaged:   {"✕", "damaged: something in it is cut, malformed or rejected"},
	report.Unusable:  {"✕", "the source delivered nothing usable"},
	report.Unsettled: {"…", "not settled: the source may still deliver"},
}

// inputView shows the partitions of each source by hour.
type inputView struct {
	Hours   []string
	Sources []sourceView
}

// sourceView is one source.
type sourceView struct {
	Name, Kind     string
	Cells          []cell
	Objects, Bytes int64 // inside and outside of the interval
	Rows, Rejects  int64
	Margin         string
	Incomplete     []incompleteView
}

// cell is one partition, or hours without a partition.
type cell struct {
	Hours                      int
	State, Symbol, Rows, Title string
}

// incompleteView is an input that may hide something, with the next step.
type incompleteView struct{ Input, Reason, Next string }

func inputsView(s *report.Summary, span record.Span) inputView {
	v := inputView{}
	for t := span.Start; t < span.End; t += record.Time(time.Hour.Microseconds()) {
		v.Hours = append(v.Hours, t.Std().Format("15"))
	}

	bySource := map[string]*sourceView{}
	for i := range s.Config.Sources {
		c := &s.Config.Sources[i]
		source := &sourceView{Name: c.Name, Kind: c.Kind}
		bySource[c.Name] = source
		source.fill(s.Partitions, span)
	}

	for _, in := range s.Incomplete {
		source := bySource[in.Source]
		source.Incomplete = append(source.Incomplete, incompleteView{printable.Text(in.Input), printable.Text(in.Reason), printable.Text(wording.Capital(in.Next))})
	}

	for i := range s.Config.Sources {
		v.Sources = append(v.Sources, *bySource[s.Config.Sources[i].Name])
	}
	return v
}

// fill adds a cell for each partition of the source that overlaps the interval,
// and for each gap between them. Partitions are in the order of time.
func (v *sourceView) fill(partitions []report.Partition, span record.Span) {
	beside := map[report.PartitionState]int64{}
	hour := record.Time(time.Hour.Microseconds())
	at := span.Start
	for i := range partitions {
		p := &partitions[i]
		if p.Source != v.Name {
			continue
		}
		v.Objects, v.Bytes = v.Objects+p.Objects, v.Bytes+p.Bytes
		v.Rows, v.Rejects = v.Rows+p.Rows, v.Rejects+p.Rejects
		of := partitionSpan(p)
		part := record.Span{Start: max(of.Start, at), End: min(of.End, span.End)}
		if part.Start >= part.End { // of the margin
			beside[p.State]++
			continue
		}

		if part.Start > at {
			v.Cells = append(v.Cells, cell{Hours: int((part.Start - at) / hour), Title: "not read"})
		}
		words := stateWords[p.State]
		v.Cells = append(v.Cells, cell{
			Hours: int((part.End - part.Start) / hour), State: string(p.State), Symbol: words.symbol, Rows: short(p.Rows),
			Title: fmt.Sprintf("%s; %s, %s, %s rejected", words.text, counted(p.Objects, "object"), counted(p.Rows, "row"), report.Grouped(p.Rejects)),
		})
		at = part.End
	}

	if at < span.End {
		v.Cells = append(v.Cells, cell{Hours: int((span.End - at) / hour), Title: "not read"})
	}

	v.Margin = margin(beside)
}

// margin counts the partitions that were read outside of the interval, by state.
func margin(beside map[report.PartitionState]int64) string {
	var words []string
	for _, state := range slices.Sorted(maps.Keys(beside)) {
		words = append(words, fmt.Sprintf("%d %s", beside[state], state))
	}
	return strings.Join(words, ", ")
}

// balanceView accounts for the rows of one kind of source.
type balanceView struct {
	Kind string
	record.Balance
}

func balanceViews(s *report.Summary) []balanceView {
	var list []balanceView
	for _, kind := range []string{"manifests", "cdrs", "registrations"} {
		list = append(list, balanceView{kind, s.Balance[kind]})
	}
	return list
}
