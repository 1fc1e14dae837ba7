package audit

import (
	"cdrmend/internal/report"
)

// Notices are what limits the numbers, in the order in which it was met.
type Notices struct {
	List []Notice `json:"list"`
	More int64    `json:"more"` // that are not in the list
}

// Notice is something that a reader must know before any number. What several intervals
// say in the same words stands there once.
type Notice struct {
	About     string `json:"about"` // elsewhere, not judged, warning or incomplete
	Text      string `json:"text"`
	Next      string `json:"next"` // what to do; empty when the text says it
	First     string `json:"first_interval"`
	Last      string `json:"last_interval"`
	Intervals int64  `json:"intervals"`
}

// mostNotices is how many notices a report has at most.
const mostNotices = 60

// noticing collects notices.
type noticing struct {
	Notices
	at map[report.Notice]int // in the list
}

func (n *noticing) add(label string, list []report.Notice) {
	for _, one := range list {
		i, known := n.at[one]
		switch {
		case known:
			n.List[i].Last = label
			n.List[i].Intervals++
		case len(n.List) == mostNotices:
			n.More++
		default:
			n.at[one] = len(n.List)
			n.List = append(n.List, Notice{one.About, one.Text, one.Next, label, label, 1})
		}
	}
}
