package manifest

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// WriteMade writes a document in the canonical format, with an entry on a line: the one
// that is made for the recordings of a partition whose source has no documents, or one
// for a document in XML. The entries have their final values; details are those of the
// same entries, in their order.
func WriteMade(w io.Writer, p *profile.Profile, texts *intern.Table, entries []Entry, details *DetailsReader) error {
	out := bufio.NewWriter(w)
	m := maker{
		texts: texts, profile: p,
		line: []byte(`{"format":"cdrmend.manifest/1","counts":{"total":` + strconv.Itoa(len(entries)) + `},"recordings":[`),
	}

	var of Details
	for i := range entries {
		if err := details.Next(&of); err != nil {
			return err
		}
		if i > 0 {
			m.line = append(m.line, ',')
		}
		m.entry(&entries[i], &of)

		_, _ = out.Write(m.line) // an error comes again from Flush
		m.line = m.line[:0]
	}

	_, _ = out.Write(append(m.line, "\n]}\n"...))
	return out.Flush()
}

// maker writes entries as members of a list in JSON.
type maker struct {
	texts   *intern.Table
	profile *profile.Profile
	line    []byte
	text    []byte // its memory is used for every value
	members int    // of the entry so far
}

func (m *maker) entry(e *Entry, of *Details) {
	m.line, m.members = append(m.line, '\n', '{'), 0
	m.id(record.OrgID, e.Org)
	m.id(record.RecordingID, e.Recording)
	m.id(record.ConversationID, e.Conversation)
	m.id(record.LegID, e.Leg)
	m.id(record.TrunkID, e.Trunk)
	m.id(record.LineID, e.Line)
	m.time(record.StartTime, e.Start)
	m.time(record.EndTime, e.End)
	m.number(record.DurationMS, e.Duration)
	m.id(record.Direction, e.Direction)
	m.value(record.ANI, m.texts.AppendNumber(m.text[:0], e.ANI))
	m.value(record.DNIS, m.texts.AppendNumber(m.text[:0], e.DNIS))
	m.id(record.MediaType, e.MediaType)
	m.id(record.MediaSubtype, e.MediaSubtype)
	m.list(record.UserIDs, e.Users)
	m.value(record.MediaKey, of.MediaKey)
	m.number(record.MediaBytes, of.MediaBytes)
	m.value(record.MediaSHA256, of.MediaSHA256)
	m.id(record.State, e.State)
	m.line = append(m.line, '}')
}

// name begins a member.
func (m *maker) name(f record.Field) {
	if m.members++; m.members > 1 {
		m.line = append(m.line, ',')
	}
	m.line = append(append(append(m.line, '"'), f.String()...), '"', ':')
}

// value writes a text; one that is missing is left out.
func (m *maker) value(f record.Field, text []byte) {
	if len(text) > 0 {
		m.name(f)
		m.line = jsonscan.AppendQuoted(m.line, text)
	}
}

func (m *maker) id(f record.Field, id intern.Text) {
	m.text = m.texts.AppendTo(m.text[:0], id)
	m.value(f, m.text)
}

// time writes a time as the clock of the source showed it.
func (m *maker) time(f record.Field, t record.Time) {
	if t.Known() {
		text, _ := m.profile.FormatTime(t)
		m.value(f, []byte(text))
	}
}

func (m *maker) number(f record.Field, n int64) {
	if n != profile.NoInt {
		m.name(f)
		m.line = strconv.AppendInt(m.line, n, 10)
	}
}

func (m *maker) list(f record.Field, ids intern.Text) {
	if ids == intern.None {
		return
	}
	m.name(f)
	m.line = append(m.line, '[')
	for i, id := range strings.Split(m.texts.String(ids), string(intern.ListSeparator)) {
		if i > 0 {
			m.line = append(m.line, ',')
		}
		m.line = jsonscan.AppendQuoted(m.line, []byte(id))
	}
	m.line = append(m.line, ']')
}
