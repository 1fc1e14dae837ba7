package synth

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"
)

// sidecars yields the metadata of each recording, and the media objects that the
// night has.
func (d day) sidecars() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		// calls can be ended only by an error. It means nothing here, and no other can
		// occur.
		stopped := errors.New("stopped")
		_ = d.whole().calls(func(c *call) error {
			if !c.recorded() {
				return nil
			}
			for i := range c.count {
				for _, o := range d.sidecar(c, &c.legs[i]) {
					if !yield(o) {
						return stopped
					}
				}
			}
			return nil
		})
	}
}

// sidecar returns the objects of one recording. A recording that was delivered
// twice has a second set of them in another format.
func (d day) sidecar(c *call, l *leg) []Object {
	var list []Object
	add := func(media string) {
		// Lost metadata can be noticed only by the media object, so that is written even
		// in a night without media.
		if c.fate == MetadataLost || d.Media && c.fate != MediaLost {
			list = append(list, d.mediaObject(media, c, l))
		}
		if c.fate != MetadataLost {
			// Rendered now, because the call is reused before the object is written.
			body := d.appendMetadata(nil, c, l)
			list = append(list, Object{media + "_metadata.json", d.sent(l.until), func(w io.Writer) error {
				_, err := w.Write(body)
				return err
			}})
		}
	}

	media := string(d.appendFolder(nil, c)) + string(l.recording[:])
	add(media + ".opus")
	if c.fate == Duplicate {
		add(media + ".wav")
	}
	return list
}

// appendFolder appends the folder of a conversation. It lies below that of the
// hour in which the conversation started.
func (d day) appendFolder(b []byte, c *call) []byte {
	b = append(append(b, "recordings/"...), d.org[:]...)
	b = append(append(append(b, "/year="...), d.date[:4]...), "/month="...)
	b = append(append(append(b, d.date[5:7]...), "/day="...), d.date[8:]...)

	b = appendPadded(append(b, "/hour="...), int(c.legs[0].start)/3_600_000, 2)
	return append(append(append(b, "/conversation_id="...), c.id[:]...), '/')
}

// appendMetadata appends the metadata of a recording in the export's layout.
func (d day) appendMetadata(b []byte, c *call, l *leg) []byte {
	lacks := d.lacking(c, l)
	start := len(b)

	b = append(append(b, `{"organizationId":"`...), d.org[:]...)
	if !lacks.recording {
		b = append(append(b, `","recordingId":"`...), l.recording[:]...)
	}
	if !lacks.conversation {
		b = append(append(b, `","conversationId":"`...), c.id[:]...)
	}

	if c.names() {
		b = append(append(b, `","sessionId":"`...), l.id[:]...)
	}

	b = append(b, `","provider":"Edge","mediaType":"Call","mediaSubtype":"Trunk","initialDirection":"`...)
	b = append(append(b, c.direction()...), `","userIds":["`...)
	b = append(append(b, l.agent[:]...), `"],"startTime":"`...)

	b = append(d.appendTime(b, l.from), `+0000","durationMs":`...)
	b = strconv.AppendInt(b, c.duration(l), 10)
	if c.fate != MissingEnd {
		b = append(d.appendTime(append(b, `,"endTime":"`...), l.until), `+0000"`...)
	}

	// The cut is in the middle of the end time, so that this and the trunk are lost.
	if c.fate == TruncatedSidecar {
		return b[:start+bytes.LastIndexByte(b[start:], ':')]
	}

	return append(appendTrunk(b, `,"sipTrunkId":`, d.trunk(c.line), l), '}')
}
