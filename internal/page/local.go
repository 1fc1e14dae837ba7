package page

import (
	"time"

	"cdrmend/internal/record"
)

// localZone is the zone in which a page shows times, in addition to UTC. Nil: UTC alone.
type localZone struct{ location *time.Location }

func zoneOf(location *time.Location) *localZone {
	if location == nil {
		return nil
	}
	return &localZone{location}
}

func (z *localZone) name() string {
	if z == nil {
		return ""
	}
	return z.location.String()
}

// stamp writes a time in the zone, with the zone's short name at that time: an hour
// that occurs twice has two. It is empty without a zone or a time.
func (z *localZone) stamp(t record.Time) string {
	if z == nil || !t.Known() {
		return ""
	}
	return t.Std().In(z.location).Format("2006-01-02 15:04:05 MST")
}

// utc writes a time in UTC that follows its local time: without the day when
// that is the same.
func (z *localZone) utc(t record.Time) string {
	text, local := stamp(t), z.stamp(t)
	const day = len("2006-01-02")
	if len(local) > day && text[:day] == local[:day] {
		return text[day+1:]
	}
	return text
}

// zoneData is a zone for the script: its offsets from UTC in seconds, each from a
// time on in microseconds. A browser's own knowledge of zones may be older.
type zoneData struct {
	Name    string       `json:"name"`
	Offsets []zoneOffset `json:"offsets"`
}

type zoneOffset struct {
	From    int64  `json:"from"`
	Seconds int    `json:"seconds"`
	Short   string `json:"short"`
}

// data returns the offsets that hold around a span; nil without a zone. Times far
// outside of it, as those of a call that never ended, get the nearest offset.
func (z *localZone) data(span record.Span) *zoneData {
	if z == nil {
		return nil
	}
	const margin = 366 * 24 * time.Hour
	d := &zoneData{Name: z.location.String()}
	last := span.End.Std().Add(margin)
	for at := span.Start.Std().Add(-margin).In(z.location); at.Before(last); {
		short, seconds := at.Zone()
		d.Offsets = append(d.Offsets, zoneOffset{at.UnixMicro(), seconds, short})

		_, end := at.ZoneBounds()
		if end.IsZero() {
			break
		}
		at = end
	}
	return d
}
