package record

// Field is a canonical field of an entry, a leg or an event. One list serves
// all three, so that a bit set of fields fits a machine word.
type Field uint8

// The canonical fields. The order of RecordingID to DurationMS is the order
// in which repairs append members to a document.
const (
	RecordingID Field = iota
	ConversationID
	TrunkID
	StartTime
	EndTime
	DurationMS
	OrgID
	LineID
	Direction
	ANI
	DNIS
	MediaType
	MediaSubtype
	UserIDs
	MediaKey
	MediaBytes
	MediaSHA256
	LegID
	State
	RecordingIDs
	AnswerTime
	QueueIDs
	TalkMS
	Talk
	Pauses
	Recorded
	UpdatedAt
	SIPStatus
	EventTime
	Username
	SIPDomain
	Transport
	Status
	Reason
	ExpirySeconds
	GrantType
	AccessToken
	TokenClaims
	TokenInfo
	TokenIssuedAt
	TokenScope
	AuthError
	CorrelationID
	NumFields // the number of fields
)

// NumEntryFields is the number of fields of an entry; they come first.
const NumEntryFields = State + 1

var fieldNames = [NumFields]string{
	"recording_id", "conversation_id", "trunk_id", "start_time", "end_time", "duration_ms",
	"org_id", "line_id", "direction", "ani", "dnis",
	"media_type", "media_subtype", "user_ids", "media_key", "media_bytes", "media_sha256",
	"leg_id", "state", "recording_ids", "answer_time", "queue_ids", "talk_ms", "talk", "pauses", "recorded", "updated_at", "sip_status",
	"time", "username", "sip_domain", "transport", "status", "reason", "expiry_seconds",
	"grant_type", "access_token", "token_claims", "token_info", "token_issued_at", "token_scope", "auth_error",
	"correlation_id",
}

// String returns the canonical name.
func (f Field) String() string { return fieldNames[f] }

// FieldByName returns the field with a canonical name.
func FieldByName(name string) (Field, bool) {
	for i, n := range fieldNames {
		if n == name {
			return Field(i), true
		}
	}
	return 0, false
}

// Fields is a set of fields.
type Fields uint64

// Of returns the set of the given fields.
func Of(fields ...Field) Fields {
	var s Fields
	for _, f := range fields {
		s.Add(f)
	}
	return s
}

// Add puts f into the set.
func (s *Fields) Add(f Field) { *s |= 1 << f }

// Has reports whether f is in the set.
func (s Fields) Has(f Field) bool { return s&(1<<f) != 0 }

// The fields of each kind of record, in the order of its tables.
var (
	EntryFields = []Field{
		OrgID, RecordingID, ConversationID, LegID, TrunkID, LineID, StartTime, EndTime, DurationMS, Direction, ANI, DNIS,
		MediaType, MediaSubtype, UserIDs, MediaKey, MediaBytes, MediaSHA256, State,
	}
	LegFields = []Field{
		OrgID, ConversationID, LegID, RecordingIDs, TrunkID, LineID, Direction, ANI, DNIS, UserIDs, QueueIDs,
		StartTime, AnswerTime, EndTime, DurationMS, TalkMS, Talk, Pauses, Recorded, UpdatedAt, SIPStatus,
	}
	EventFields = []Field{
		EventTime, OrgID, TrunkID, LineID, Username, SIPDomain, Transport, Status, Reason, ExpirySeconds, GrantType,
		AccessToken, TokenClaims, TokenInfo, TokenIssuedAt, TokenScope, AuthError, CorrelationID,
	}
)
