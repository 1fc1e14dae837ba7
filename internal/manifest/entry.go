package manifest

import (
	"path"
	"strings"

	"cdrmend/internal/record"
)

// entry brings the fields of one entry into normal form.
func (r *Reader) entry(b *Batch, index uint32, value func(record.Field) record.Value) Entry {
	e := Entry{Index: index}
	given := record.Fields(0)
	note := func(f record.Field, v record.Value, present, ok bool) {
		if present {
			given.Add(f)
		}
		if !ok {
			rare := b.Doc.rare()
			rare.Invalid = append(rare.Invalid, record.Invalid{Row: index, Field: f, Raw: string(v.Raw)})
		}
	}
	text := func(f record.Field, read func(record.Value) (record.Text, bool)) record.Text {
		v := value(f)
		t, ok := read(v)
		note(f, v, t != record.None, ok)
		return t
	}
	instant := func(f record.Field) record.Time {
		v := value(f)
		t, ok := r.norm.Time(v)
		note(f, v, t.Known(), ok)
		return t
	}
	number := func(f record.Field) int64 {
		v := value(f)
		n, ok := r.norm.Int(v)
		note(f, v, n != record.NoInt, ok)
		return n
	}
	e.Org = text(record.OrgID, r.norm.ID)
	e.Recording = text(record.RecordingID, r.norm.ID)
	e.Conversation = text(record.ConversationID, r.norm.ID)
	e.Trunk = text(record.TrunkID, r.norm.ID)
	e.Line = text(record.LineID, r.norm.ID)
	e.Start = instant(record.StartTime)
	e.End = instant(record.EndTime)
	e.Duration = number(record.DurationMS)
	e.Direction = text(record.Direction, r.norm.Plain)
	e.ANI = text(record.ANI, r.norm.Phone)
	e.DNIS = text(record.DNIS, r.norm.Phone)
	e.MediaType = text(record.MediaType, r.norm.Plain)
	e.MediaSubtype = text(record.MediaSubtype, r.norm.Plain)
	e.MediaKey = text(record.MediaKey, r.norm.Plain)
	e.MediaBytes = number(record.MediaBytes)
	e.MediaSHA256 = text(record.MediaSHA256, r.norm.Plain)

	users := value(record.UserIDs)
	from := len(b.Users)
	var ok bool
	b.Users, ok = r.norm.IDs(b.Users, users)
	e.Users = record.Run{At: uint32(from), N: uint32(len(b.Users) - from)}
	note(record.UserIDs, users, e.Users.N > 0, ok)

	e.Given = uint32(given)
	return e
}

// KeyOf returns what an object key says, in normal form. The media key is the
// key of the media object that the document belongs to.
func KeyOf(p *record.Profile, key string, n *record.Normalizer) KeyIDs {
	if p.KeyPattern == nil {
		return KeyIDs{}
	}
	at := p.KeyPattern.FindStringSubmatchIndex(key)
	if at == nil {
		return KeyIDs{}
	}
	var ids KeyIDs
	for i, name := range p.KeyPattern.SubexpNames() {
		if name == "" || at[2*i] < 0 {
			continue
		}
		v := record.Value{Kind: record.Cell, Raw: []byte(key[at[2*i]:at[2*i+1]])}
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

// FromMediaKey returns the recording id that a media key's name holds: its
// base name up to the first dot, when that is a UUID or looks like an id of
// the profile.
func FromMediaKey(p *record.Profile, mediaKey string, n *record.Normalizer) record.Text {
	name, _, _ := strings.Cut(path.Base(mediaKey), ".")
	id, _ := n.ID(record.Value{Kind: record.Cell, Raw: []byte(name)})
	canonical := n.Texts.String(id)
	if record.IsUUID(canonical) || p.IDPattern != nil && p.IDPattern.MatchString(name) {
		return id
	}
	return record.None
}
