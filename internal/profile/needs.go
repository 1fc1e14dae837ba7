package profile

import "cdrmend/internal/record"

// Needs returns what judging needs of a source: of each list one field must be
// filled. The first field of a list stands for the others in reports. An answer is
// needed only where calls are expected to be answered.
func (p *Profile) Needs() [][]record.Field {
	switch p.Kind {
	case "manifests":
		// The object key may name what an entry has no place for.
		if p.KeyPattern != nil && (p.KeyPattern.SubexpIndex("recording_id") >= 0 || p.KeyPattern.SubexpIndex("conversation_id") >= 0) {
			return nil
		}
		return [][]record.Field{{record.ConversationID, record.RecordingID}}
	case "cdrs":
		return [][]record.Field{
			{record.StartTime},
			{record.EndTime, record.DurationMS},
			{record.AnswerTime, record.Talk, record.TalkMS, record.Recorded},
			{record.ConversationID, record.RecordingIDs},
		}
	}

	// An attempt that lacks one of these is a reject.
	return [][]record.Field{{record.EventTime}, {record.Status}, {record.TrunkID, record.LineID}}
}

// Joins reports whether a profile of one's own names places for an id of its entries
// that their keys do not give: legs are expected to find their recordings by it. A
// profile that is built in names places that only some exports have.
func (p *Profile) Joins(id record.Field) bool {
	keyed := p.KeyPattern != nil && p.KeyPattern.SubexpIndex(id.String()) >= 0
	return p.Kind == "manifests" && p.IsOwn() && p.HasPlace(id) && !keyed
}
