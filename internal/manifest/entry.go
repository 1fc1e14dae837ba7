package manifest

import (
	"path"
	"strings"

	"cdrmend/internal/record"
)

// entry brings the fields of one entry into normal form.
func (r *Reader) entry(b *Batch, index uint32, value func(record.Field) record.Value) Entry {
	v := values{r: r, batch: b, index: index, value: value}
	e := Entry{
		Index: index,
		Org:   v.id(record.OrgID), Recording: v.id(record.RecordingID), Conversation: v.id(record.ConversationID),
		Trunk: v.id(record.TrunkID), Line: v.id(record.LineID),
		Start: v.time(record.StartTime), End: v.time(record.EndTime), Duration: v.number(record.DurationMS),
		Direction: v.plain(record.Direction), ANI: v.phone(record.ANI), DNIS: v.phone(record.DNIS),
		MediaType: v.plain(record.MediaType), MediaSubtype: v.plain(record.MediaSubtype),
		MediaKey: v.plain(record.MediaKey), MediaBytes: v.number(record.MediaBytes), MediaSHA256: v.plain(record.MediaSHA256),
		Users: v.ids(record.UserIDs),
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

func (v *values) phone(f record.Field) record.Text {
	raw := v.value(f)
	t, ok := v.r.norm.Phone(raw)
	v.note(f, raw, t != record.None, ok)
	return t
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

func (v *values) ids(f record.Field) record.Run {
	raw := v.value(f)
	from := len(v.batch.Users)
	var ok bool
	v.batch.Users, ok = v.r.norm.IDs(v.batch.Users, raw)
	run := record.Run{At: uint32(from), N: uint32(len(v.batch.Users) - from)}
	v.note(f, raw, run.N > 0, ok)
	return run
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
