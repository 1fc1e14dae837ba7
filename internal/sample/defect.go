package sample

import (
	"bytes"
	"encoding/json"
	"time"
)

// defect is the defect of a recording's metadata.
type defect uint8

const (
	sound defect = iota
	trunkAbsent
	trunkNull
	trunkEmpty
	endAbsent
	endNull
	cutInTrunk
	cutInEnd
	cutAtStart
	metadataLost
	otherConversation
	otherTrunk
	otherDuration
)

// overstated is by how much a wrong duration is too long.
const overstated = 95 * time.Second

// damage changes what the document says. cut shortens it afterwards.
func (f defect) damage(d *metadataDocument, rec *recording) {
	switch f {
	case trunkAbsent:
		d.SIPTrunkID = nil
	case trunkNull:
		d.SIPTrunkID = json.RawMessage("null")
	case trunkEmpty:
		d.SIPTrunkID = json.RawMessage(`""`)
	case endAbsent:
		d.EndTime = nil
	case endNull:
		d.EndTime = json.RawMessage("null")
	case otherConversation:
		d.ConversationID = rec.other
	case otherTrunk:
		d.SIPTrunkID = encode(rec.other)
	case otherDuration:
		d.DurationMS += overstated.Milliseconds()
	}
}

// cut ends a document inside the value of a member, if that is the defect.
func (f defect) cut(document []byte) []byte {
	var member string
	switch f {
	case cutInTrunk:
		member = "sipTrunkId"
	case cutInEnd:
		member = "endTime"
	case cutAtStart:
		member = "recordingId"
	default:
		return document
	}

	// Enough of the value stays to look like one, and too little to be one.
	before := `"` + member + `":"`
	return document[:bytes.Index(document, []byte(before))+len(before)+11]
}
