package manifest

import (
	"bytes"
	"slices"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// entry brings the fields of one entry into normal form.
func (r *Reader) entry(b *Batch, index uint32, value func(record.Field) jsonscan.Value) Entry {
	v := &r.values
	*v = values{r: r, batch: b, index: index, value: value}
	e := Entry{
		Index: index,
		Org:   v.id(record.OrgID), Recording: v.later(record.RecordingID, laterRecording), Conversation: v.later(record.ConversationID, laterConversation),
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
		e.Named = r.named(rest.MediaKey, uint32(len(b.Entries))<<laterBits|laterNamed)
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
	value func(record.Field) jsonscan.Value
	given record.Fields
}

func (v *values) note(f record.Field, raw jsonscan.Value, present, ok bool) {
	if present {
		v.given.Add(f)
	}
	if !ok {
		rare := v.batch.Doc.rare()
		rare.Invalid = append(rare.Invalid, record.Invalid{Row: v.index, Field: f, Raw: string(raw.Raw)})
	}
}

func (v *values) id(f record.Field) intern.Text {
	raw := v.value(f)
	t, ok := v.r.norm.ID(raw)
	v.note(f, raw, t != intern.None, ok)
	return t
}

// later is id for ids that are interned later.
func (v *values) later(f record.Field, what uint32) intern.Text {
	raw := v.value(f)
	t, present, ok := v.r.norm.Later(raw, uint32(len(v.batch.Entries))<<laterBits|what)
	v.note(f, raw, present, ok)
	return t
}

// Where an id goes that is interned later: the lowest bits tell what it is, the
// others the number of the entry.
const (
	laterRecording = iota
	laterConversation
	laterNamed
	laterBits = 2
)

// settle fills in the ids that wait.
func (r *Reader) settle(b *Batch) {
	r.norm.Settle(func(slot uint32, id intern.Text) {
		e := &b.Entries[slot>>laterBits]
		switch slot & (1<<laterBits - 1) {
		case laterRecording:
			e.Recording = id
		case laterConversation:
			e.Conversation = id
		case laterNamed:
			e.Named = id
		}
	})
}

func (v *values) plain(f record.Field) intern.Text {
	raw := v.value(f)
	t, ok := v.r.norm.Plain(raw)
	v.note(f, raw, t != intern.None, ok)
	return t
}

// bytes returns a text that is not interned, in the memory of b.
func (v *values) bytes(b []byte, f record.Field, read func(jsonscan.Value) ([]byte, bool)) []byte {
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
	v.note(f, raw, n != profile.NoInt, ok)
	return n
}

func (v *values) users(rest *Rest) {
	raw := v.value(record.UserIDs)
	rest.Users, v.r.text = rest.Users[:0], v.r.text[:0]
	const few = 32
	var seen map[string]bool // when there are more than a few
	known := func(user []byte) bool {
		if len(rest.Users) < few {
			return slices.ContainsFunc(rest.Users, func(other []byte) bool { return bytes.Equal(other, user) })
		}
		if seen == nil {
			seen = map[string]bool{}
			for _, other := range rest.Users {
				seen[string(other)] = true
			}
		}
		before := seen[string(user)]
		seen[string(user)] = true
		return before
	}
	ok := v.r.norm.Elements(raw, func(element jsonscan.Value) (ok bool) {
		from := len(v.r.text)
		v.r.text, ok = v.r.norm.AppendID(v.r.text, element)
		if user := v.r.text[from:]; len(user) > 0 && !known(user) {
			rest.Users = append(rest.Users, user)
		}
		return ok
	})
	if !ok {
		rest.Users = rest.Users[:0]
	}
	v.note(record.UserIDs, raw, len(rest.Users) > 0, ok)
}

// KeyOf returns what an object key says, in normal form. The media key is the
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
		if name == "" || at[2*i] < 0 {
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

// FromMediaKey returns the recording id that a media key's name holds.
func FromMediaKey(p *profile.Profile, mediaKey []byte, n *profile.Normalizer) intern.Text {
	id, _ := n.ID(idInMediaKey(p, mediaKey))
	return id
}

// named is FromMediaKey for an id that is interned later.
func (r *Reader) named(mediaKey []byte, slot uint32) intern.Text {
	id, _, _ := r.norm.Later(idInMediaKey(r.norm.Profile, mediaKey), slot)
	return id
}

// idInMediaKey returns the base name of a media key up to its first dot, when
// that is a UUID or looks like an id of the profile.
func idInMediaKey(p *profile.Profile, mediaKey []byte) jsonscan.Value {
	name := bytes.TrimRight(mediaKey, "/")
	name = name[bytes.LastIndexByte(name, '/')+1:]
	name, _, _ = bytes.Cut(name, []byte("."))
	if !profile.SpellsUUID(name) && (p.IDPattern == nil || !p.IDPattern.Match(name)) {
		return jsonscan.Value{}
	}
	return jsonscan.Value{Kind: jsonscan.Cell, Raw: name}
}
