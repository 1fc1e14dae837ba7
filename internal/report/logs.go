package report

import (
	"slices"

	"cdrmend/internal/policy"
)

// Logs says how much the logs of registrations can tell about outages.
type Logs uint8

// How much they can tell.
const (
	WholeLogs   Logs = iota // all that there was to read was read
	PartialLogs             // a part of them is missing or damaged, or may still come
	BlankLogs               // nothing usable was delivered
	NoLogs                  // no source has any
)

// Logs returns how much the logs of registrations of a run can tell. Only with whole
// logs does a number of outages say that there were no others.
func (s *Summary) Logs() Logs {
	kind := policy.Registrations.String()
	if !slices.ContainsFunc(s.Config.Sources, func(c policy.SourceIdentity) bool { return c.Kind == kind }) {
		return NoLogs
	}

	usable, whole := false, true
	for _, p := range s.Partitions {
		if p.Kind != kind {
			continue
		}
		usable = usable || p.State != Unusable
		whole = whole && (p.State == Complete || p.State == Empty)
	}
	switch {
	case !usable:
		return BlankLogs
	case !whole:
		return PartialLogs
	}
	return WholeLogs
}

// Untold is a clause that says why outages cannot be told, empty when they can be told
// at least in part.
func (l Logs) Untold() string {
	switch l {
	case NoLogs:
		return "no log of registrations was to be read"
	case BlankLogs:
		return "the logs of registrations delivered nothing usable"
	}
	return ""
}

// Limit is a clause that limits a number of outages: why there may be others. It is
// empty when the logs are whole.
func (l Logs) Limit() string {
	if l == PartialLogs {
		return "logs of registrations are incomplete for a part of the time, so that there may be further outages"
	}
	return l.Untold()
}
