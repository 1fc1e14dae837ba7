package wording

import (
	"fmt"
	"strings"
)

// Accepted says who accepted a finding, on what grounds, and by which row of the file of
// accepted findings. A row that is not known is 0. What is empty was not given, or must
// not be shown.
func Accepted(row int, by, reason, basis string) string {
	text := "accepted"
	if by != "" {
		text += " by " + by
	}
	if reason != "" {
		text += ": " + reason
	}

	var notes []string
	if basis != "" {
		notes = append(notes, "basis: "+basis)
	}
	if row > 0 {
		notes = append(notes, fmt.Sprintf("row %d of the file of accepted findings", row))
	} else {
		notes = append(notes, "the row of the file of accepted findings is not known")
	}
	switch {
	case by == "" && reason == "":
		notes = append(notes, "by whom and why is not shown")
	case by == "":
		notes = append(notes, "by whom is not shown")
	case reason == "":
		notes = append(notes, "why is not shown")
	}
	return text + " (" + strings.Join(notes, "; ") + ")"
}
