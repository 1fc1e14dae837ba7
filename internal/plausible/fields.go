package plausible

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// fieldsOf returns the fields of a kind of source whose values are at hand when a
// decision was made. The others change no verdict.
func fieldsOf(kind policy.Kind) []record.Field {
	switch kind {
	case policy.Manifests:
		return record.EntryFields
	case policy.CDRs:
		return []record.Field{
			record.OrgID, record.ConversationID, record.LegID, record.RecordingIDs, record.TrunkID, record.LineID, record.Direction, record.ANI, record.DNIS,
			record.UserIDs, record.QueueIDs, record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.TalkMS, record.Recorded,
		}
	}
	return []record.Field{record.EventTime, record.OrgID, record.TrunkID, record.LineID, record.Status, record.ExpirySeconds}
}

// shaped returns the fields that the shape of a kind of source can fill.
func shaped(kind policy.Kind) record.Fields {
	if kind == policy.CDRs {
		return record.Of(record.ConversationID, record.LegID, record.TrunkID, record.Direction, record.ANI, record.DNIS, record.StartTime, record.AnswerTime, record.EndTime, record.Talk)
	}
	return record.Of(record.EventTime, record.LineID, record.Status)
}

// entryHas reports whether an entry has a value: in its body, or an id from elsewhere.
func entryHas(e *manifest.Entry, f record.Field) bool {
	switch f {
	case record.OrgID:
		return e.Org != intern.None
	case record.ConversationID:
		return e.Conversation != intern.None
	case record.RecordingID:
		return e.Recording != intern.None
	}
	return e.Has(f)
}

// legHas reports whether a leg has a value, its own or one that follows from others.
func (w *observer) legHas(n uint32, f record.Field) bool {
	l, p := &w.Trace.Legs[n], &w.Particulars[n]
	switch f {
	case record.OrgID:
		return l.Org != intern.None
	case record.ConversationID:
		return l.Conversation != intern.None
	case record.LegID:
		return l.ID != intern.None
	case record.RecordingIDs:
		return p.Recordings.N > 0
	case record.TrunkID:
		return l.Trunk != intern.None
	case record.LineID:
		return l.Line != intern.None
	case record.Direction:
		return l.Direction != intern.None
	case record.ANI:
		return l.ANI != intern.NoNumber
	case record.DNIS:
		return l.DNIS != intern.NoNumber
	case record.UserIDs:
		return l.Users != intern.None
	case record.QueueIDs:
		return l.Queues != intern.None
	case record.StartTime:
		return l.Start.Known()
	case record.AnswerTime:
		return l.Answer.Known()
	case record.EndTime:
		return l.End.Known()
	case record.Talk:
		return p.Talk.N > 0
	case record.TalkMS:
		return p.TalkMS >= 0
	}
	return p.Recorded != profile.Unknown
}

// eventHas reports whether an event has a value.
func eventHas(e *registration.Event, f record.Field) bool {
	switch f {
	case record.OrgID:
		return e.Org != intern.None
	case record.TrunkID:
		return e.Trunk != intern.None
	case record.LineID:
		return e.Line != intern.None
	case record.ExpirySeconds:
		return e.Expiry >= 0
	}
	return true // without a time or a status it would be a reject
}
