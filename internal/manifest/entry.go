package manifest

import (
	"bytes"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// entry brings the fields of one entry into normal form. The order in which it
// reads them is the order in which those that did not parse are listed.
func (r *Reader) entry(b *Batch, index uint32, value func(record.Field) jsonscan.Value) Row {
	v := &r.values
	v.batch, v.index, v.value, v.present, v.failed, v.doubtful = b, index, value, 0, false, false
	e := Row{Entry: Entry{
		Index: index,
		Org:   v.id(record.OrgID), Recording: v.later(record.RecordingID, laterRecording), Conversation: v.later(record.ConversationID, laterConversation),
		Leg: v.later(record.LegID, laterLeg), Trunk: v.id(record.TrunkID), Line: v.id(record.LineID),
		Start: v.time(record.StartTime), End: v.time(record.EndTime), Duration: v.number(record.DurationMS),
		Direction: v.plain(record.Direction), ANI: v.phone(record.ANI), DNIS: v.phone(record.DNIS),
		MediaType: v.plain(record.MediaType), MediaSubtype: v.plain(record.MediaSubtype), State: v.plain(record.State),
		Users: v.users(),
	}}

	d := &v.details
	d.MediaKey = v.bytes(d.MediaKey, record.MediaKey, r.norm.PlainBytes)
	d.MediaBytes = v.number(record.MediaBytes)
	d.MediaSHA256 = v.bytes(d.MediaSHA256, record.MediaSHA256, r.norm.PlainBytes)
	e.MediaBytes, e.DetailsHash = d.MediaBytes, r.storeDetails(b, d)

	if len(d.MediaKey) > 0 {
		e.IDInMediaKey, _, _ = r.norm.Later(idInMediaKey(r.norm.Profile, d.MediaKey), b.slot(laterInMediaKey))
		if r.MediaKeys {
			e.MediaKey = r.norm.Texts.Of(d.MediaKey)
		}
	}
	e.Present = uint32(v.present)
	if v.doubtful {
		e.Present |= doubtful
	}
	if b.Doc.Key.identifies() || value(record.RecordingID).Kind != jsonscan.Absent || value(record.ConversationID).Kind != jsonscan.Absent {
		e.Present |= identified
	}
	return e
}

// identifies reports whether the key names a recording or a conversation.
func (k *KeyIDs) identifies() bool {
	return k.Recording != intern.None || k.Conversation != intern.None
}

// values reads the values of one entry after another. It notes which of them
// the entry has and which did not parse.
type values struct {
	norm     *profile.Normalizer
	batch    *Batch
	index    uint32
	value    func(record.Field) jsonscan.Value
	present  record.Fields
	failed   bool    // a value did not parse
	doubtful bool    // a time is a local time that occurs twice
	details  Details // its memory is used for the next entry

	userText []byte // the users of the entry, joined; likewise
}

func (v *values) note(f record.Field, raw jsonscan.Value, present, ok bool) {
	if present {
		v.present.Add(f)
	}
	if !ok {
		v.failed = true
		extra := v.batch.Doc.extra()
		extra.Invalid = append(extra.Invalid, record.Invalid{Row: v.index, Field: f, Raw: profile.Shown(raw)})
	}
}

func (v *values) id(f record.Field) intern.Text {
	raw := v.value(f)
	t, ok := v.norm.ID(raw)
	v.note(f, raw, t != intern.None, ok)
	return t
}

// later is id for ids that are interned later.
func (v *values) later(f record.Field, kind uint32) intern.Text {
	raw := v.value(f)
	t, present, ok := v.norm.Later(raw, v.batch.slot(kind))
	v.note(f, raw, present, ok)
	return t
}

// The kinds of ids that are interned later.
const (
	laterRecording = iota
	laterConversation
	laterInMediaKey
	laterLeg
	laterBits = 2
)

// slot says where an id of the next entry goes that is interned later: the
// lowest bits are its kind, the others the number of the entry in b.Entries.
func (b *Batch) slot(kind uint32) uint32 { return uint32(len(b.Entries))<<laterBits | kind }

// settle fills in the ids that wait. It must be called before the entries that
// they belong to leave b.Entries.
func (b *Batch) settle(n *profile.Normalizer) {
	n.Settle(func(slot uint32, id intern.Text) {
		e := &b.Entries[slot>>laterBits]
		switch slot & (1<<laterBits - 1) {
		case laterRecording:
			e.Recording = id
		case laterConversation:
			e.Conversation = id
		case laterInMediaKey:
			e.IDInMediaKey = id
		case laterLeg:
			e.Leg = id
		}
	})
}

func (v *values) plain(f record.Field) intern.Text {
	raw := v.value(f)
	t, ok := v.norm.Plain(raw)
	v.note(f, raw, t != intern.None, ok)
	return t
}

// bytes returns a text that is not interned, in the memory of b.
func (v *values) bytes(b []byte, f record.Field, read func(jsonscan.Value) ([]byte, bool)) []byte {
	raw := v.value(f)
	text, ok := read(raw)
	v.note(f, raw, len(text) > 0, ok)
	return append(b[:0], text...) // text is valid only until the next value is read
}

func (v *values) time(f record.Field) record.Time {
	raw := v.value(f)
	t, ok := v.norm.Time(raw)
	v.doubtful = v.doubtful || !ok && t.Known()
	v.note(f, raw, t.Known(), ok)
	return t
}

func (v *values) phone(f record.Field) intern.Number {
	raw := v.value(f)
	digits, ok := v.norm.PhoneBytes(raw)
	number := v.norm.Texts.NumberOf(digits)
	v.note(f, raw, number != intern.NoNumber, ok)
	return number
}

func (v *values) number(f record.Field) int64 {
	raw := v.value(f)
	n, ok := v.norm.Int(raw)
	v.note(f, raw, n != profile.NoInt, ok)
	return n
}

// users reads the users of the entry without repeated ones, as one text. A list
// does not parse when one of its elements does not.
func (v *values) users() intern.Text {
	// Most lists are missing or have one element.
	raw := v.value(record.UserIDs)
	if sole, one := v.norm.Sole(raw); one {
		user, ok := v.norm.ID(sole)
		v.note(record.UserIDs, raw, user != intern.None, ok)
		return user
	}
	text := v.userText[:0]

	const few = 32           // a short list is searched faster than a map is made
	var seen map[string]bool // when there are more than a few
	n := 0
	known := func(before, user []byte) bool {
		if seen == nil && n < few {
			for other := range bytes.SplitSeq(before, separator) {
				if len(before) > 0 && bytes.Equal(other, user) {
					return true
				}
			}
			return false
		}
		if seen == nil {
			seen = map[string]bool{}
			for other := range bytes.SplitSeq(before, separator) {
				seen[string(other)] = true
			}
		}
		had := seen[string(user)]
		seen[string(user)] = true
		return had
	}

	ok := v.norm.Elements(raw, func(element jsonscan.Value) (ok bool) {
		before := len(text)
		if before > 0 {
			text = append(text, intern.ListSeparator)
		}
		from := len(text)
		text, ok = v.norm.AppendID(text, element)
		if user := text[from:]; len(user) == 0 || known(text[:before], user) {
			text = text[:before]
		} else {
			n++
		}
		return ok
	})
	if !ok {
		text = text[:0]
	}

	v.userText = text
	v.note(record.UserIDs, raw, len(text) > 0, ok)
	return v.norm.Recent.Of(v.norm.Texts, text)
}

// separator joins the users of an entry.
var separator = []byte{intern.ListSeparator}

// KeyOf returns the ids in an object key, in normal form. The media key is the
// key of the media object that the document belongs to.
func KeyOf(p *profile.Profile, key string, n *profile.Normalizer) KeyIDs {
	if p.KeyPattern == nil {
		return KeyIDs{}
	}
	at := p.KeyPattern.FindStringSubmatchIndex(key)
	if at == nil {
		return KeyIDs{}
	}

	var ids KeyIDs
	for i, name := range p.KeyPattern.SubexpNames() {
		if name == "" || at[2*i] < 0 { // a group without a name, or one that did not take part
			continue
		}

		v := jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(key[at[2*i]:at[2*i+1]])}
		switch name {
		case "org_id":
			ids.Org, _ = n.ID(v)
		case "conversation_id":
			ids.Conversation, _ = n.ID(v)
		case "recording_id":
			ids.Recording, _ = n.ID(v)
		case "media_key":
			ids.Media = n.Texts.OfString(strings.TrimSuffix(key, p.Suffix))
		}
	}
	return ids
}

// IDFromMediaKey returns the recording id in the name of a media object.
func IDFromMediaKey(p *profile.Profile, mediaKey []byte, n *profile.Normalizer) intern.Text {
	id, _ := n.ID(idInMediaKey(p, mediaKey))
	return id
}

// idInMediaKey returns the base name of a media key up to its first dot, when
// that is a UUID or looks like an id of the profile.
func idInMediaKey(p *profile.Profile, mediaKey []byte) jsonscan.Value {
	name := bytes.TrimRight(mediaKey, "/")
	name = name[bytes.LastIndexByte(name, '/')+1:]
	name, _, _ = bytes.Cut(name, []byte("."))

	// Any other name may be anything, such as "audio" or a date.
	if !profile.SpellsUUID(name) && (p.IDPattern == nil || !p.IDPattern.Match(name)) {
		return jsonscan.Value{}
	}
	return jsonscan.Value{Kind: jsonscan.Cell, Raw: name}
}
