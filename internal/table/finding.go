package table

import (
	"cdrmend/internal/record"
)

// Finding is one row of findings. Empty texts are missing.
type Finding struct {
	ID, Class, Severity, Status           string
	Org, Conversation, Recording          string
	Leg, Trunk, Line                      string
	Direction, ANI, DNIS, Users, Queues   string // lists are joined by semicolons
	Field, Detail                         string
	Source, ObjectKey                     string
	Entry                                 int64 // element or row in the object, -1 when missing
	Start, End                            record.Time
	OutageID, OutageCause, OutageRelation string
	OutageOverlap                         int64 // ms, -1 when missing
}

// FindingOf reads a row of [Findings] or [History].
func FindingOf(r *Row) Finding {
	f := Finding{
		Entry: r.Count(19),
		Start: r.Time(20), End: r.Time(21),
		OutageID: r.Text(22), OutageCause: r.Text(23), OutageRelation: r.Text(24),
		OutageOverlap: r.Count(25),
	}
	for i, v := range [...]*string{
		&f.ID, &f.Class, &f.Severity, &f.Status, &f.Org, &f.Conversation, &f.Recording, &f.Leg, &f.Trunk, &f.Line,
		&f.Direction, &f.ANI, &f.DNIS, &f.Users, &f.Queues, &f.Field, &f.Detail, &f.Source, &f.ObjectKey,
	} {
		*v = r.Text(i)
	}
	return f
}

// HistoryRow is one row of history: a finding as last seen, and its state.
type HistoryRow struct {
	Finding
	State        string // the status in the newest commit, or Closed
	FirstCommit  int64  // the first commit in which it held
	LastCommit   int64  // the last commit in which it held
	ClosedCommit int64  // the commit that closed it, -1 while it holds
}

// HistoryOf reads a row of [History].
func HistoryOf(r *Row) HistoryRow {
	return HistoryRow{
		Finding:      FindingOf(r),
		State:        r.Text(stateColumn),
		FirstCommit:  r.Count(firstColumn),
		LastCommit:   r.Count(lastColumn),
		ClosedCommit: r.Count(closedColumn),
	}
}
