package bag

import "fmt"

// notes is what was found wrong with a bag so far. What counts as wrong depends on the
// version of the standard that it follows.
type notes struct {
	report  *Report
	version version

	warned map[string]int     // number of warnings of a file
	styles map[[2]string]bool // of lines of a file that were warned of
}

func newNotes(name string) *notes {
	return &notes{
		report: &Report{Format: ReportFormat, Bag: name, Algorithms: []string{}, Info: []Label{}, Problems: []Problem{}, Unchecked: []Problem{}, Warnings: []Problem{}},
		warned: map[string]int{}, styles: map[[2]string]bool{},
	}
}

func (n *notes) problem(name string, line int, format string, args ...any) {
	n.report.Problems = append(n.report.Problems, Problem{name, line, fmt.Sprintf(format, args...)})
}

func (n *notes) unchecked(name string, line int, format string, args ...any) {
	n.report.Unchecked = append(n.report.Unchecked, Problem{name, line, fmt.Sprintf(format, args...)})
}

// warning names what is allowed and may do harm. Of one file a thousand are named.
func (n *notes) warning(name string, line int, format string, args ...any) {
	n.warned[name]++
	switch count := n.warned[name]; {
	case count < maxNamed:
		n.report.Warnings = append(n.report.Warnings, Problem{name, line, fmt.Sprintf(format, args...)})
	case count == maxNamed:
		n.report.Warnings = append(n.report.Warnings, Problem{name, line, "there are more warnings like those before, which are not named"})
	}
}

// style warns once of a way to write lines that a tag file has in most of them.
func (n *notes) style(name string, line int, format string, args ...any) {
	if key := [2]string{name, format}; !n.styles[key] {
		n.styles[key] = true
		n.warning(name, line, format, args...)
	}
}

// since names a problem of bags of version 1.0, which earlier versions allowed or left
// open.
func (n *notes) since(name string, line int, format string, args ...any) {
	if n.version.current() {
		n.problem(name, line, format, args...)
	} else {
		n.warning(name, line, format, args...)
	}
}
