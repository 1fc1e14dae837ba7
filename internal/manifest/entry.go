package manifest

import (
	"bytes"
	"strings"

	"cdrmend/internal/record"
)

// entry brings the fields of one entry into normal form.
func (r *Reader) entry(b *Batch, index uint32, value func(record.Field) record.Value) Entry {
	v := &r.values
	*v = values{r: r, batch: b, index: index, value: value}
	e := Entry{
		Index: index,
		Org:   v.id(record.OrgID), Recording: v.id(record.RecordingID), Conversation: v.id(record.ConversationID),
		Trunk: v.id(record.TrunkID), Line: v.id(record.LineID),
		Start: v.time(record.StartTime), End: v.time(record.EndTime), Duration: v.number(record.DurationMS),
	}
	rest := &r.beside
	rest.Direction = v.bytes(rest.Direction, record.Direction, r.norm.PlainBytes)
	rest.ANI = v.bytes(rest.ANI, record.ANI, r.norm.PhoneBytes)
	rest.DNIS = v.bytes(rest.DNIS, record.DNIS, r.norm.PhoneBytes)
	e.MediaType, e.MediaSubtype = v.plain(record.MediaType), v.plain(record.MediaSubtype)
	rest.MediaKey = v.bytes(rest.MediaKey, record.MediaKey, r.norm.PlainBytes)
	rest.MediaBytes = v.number(record.MediaBytes)
	rest.MediaSHA256 = v.bytes(rest.MediaSHA256, record.MediaSHA256, r.norm.PlainBytes)
	v.users(rest)
	e.MediaBytes, e.Rest = rest.MediaBytes, r.rest(b, rest)
	if len(rest.MediaKey) > 0 {
		e.Named = FromMediaKey(r.norm.Profile, rest.MediaKey, &r.norm)
		if r.MediaKeys {
			e.MediaKey = r.norm.Texts.Of(rest.MediaKey)
		}
	}
	e.Given = uint32(v.given)
	return e
}

// values reads the values of one entry and notes which are there and which
// did not parse.
type values struct {
	r     *Reader
	batch *Batch
	index uint32
	value func(record.Field) record.Value
	given record.Fields
}

func (v *values) note(f record.Field, raw record.Value, present, ok bool) {
	if present {
		v.given.Add(f)
	}
	if !ok {
		rare := v.batch.Doc.rare()
		rare.Invalid = append(rare.Invalid, record.Invalid{Row: v.index, Field: f, Raw: string(raw.Raw)})
	}
}

func (v *values) id(f record.Field) record.Text {
	raw := v.value(f)
	t, ok := v.r.norm.ID(raw)
	v.note(f, raw, t != record.None, ok)
	return t
}

func (v *values) plain(f record.Field) record.Text {
	raw := v.value(f)
	t, ok := v.r.norm.Plain(raw)
	v.note(f, raw, t != record.None, ok)
	return t
}

// bytes returns a text that is not interned, in the memory of b.
func (v *values) bytes(b []byte, f record.Field, read func(record.Value) ([]byte, bool)) []byte {
	raw := v.value(f)
	text, ok := read(raw)
	v.note(f, raw, len(text) > 0, ok)
	return append(b[:0], text...)
}

func (v *values) time(f record.Field) record.Time {
	raw := v.value(f)
	t, ok := v.r.norm.Time(raw)
	v.note(f, raw, t.Known(), ok)
	return t
}

func (v *values) number(f record.Field) int64 {
	raw := v.value(f)
	n, ok := v.r.norm.Int(raw)
	v.note(f, raw, n != record.NoInt, ok)
	return n
}

func (v *values) users(rest *Rest) {
	raw := v.value(record.UserIDs)
	var ok bool
	v.r.ids, ok = v.r.norm.IDs(v.r.ids[:0], raw)
	v.note(record.UserIDs, raw, len(v.r.ids) > 0, ok)
	rest.Users = rest.Users[:0]
	v.r.text = v.r.text[:0]
	for _, id := range v.r.ids {
		from := len(v.r.text)
		v.r.text = v.r.norm.Texts.AppendTo(v.r.text, id)
		rest.Users = append(rest.Users, v.r.text[from:])
	}
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
func FromMediaKey(p *record.Profile, mediaKey []byte, n *record.Normalizer) record.Text {
	name := bytes.TrimRight(mediaKey, "/")
	name = name[bytes.LastIndexByte(name, '/')+1:]
	name, _, _ = bytes.Cut(name, []byte("."))
	if !record.SpellsUUID(name) && (p.IDPattern == nil || !p.IDPattern.Match(name)) {
		return record.None
	}
	id, _ := n.ID(record.Value{Kind: record.Cell, Raw: name})
	return id
}
