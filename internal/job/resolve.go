package job

import (
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// resolve settles what is global before anything is decided: outages, what is
// incomplete, which media objects there are.
func (j *Job) resolve(snap *snapshot, s *scan) (*reconcile.Evidence, error) {
	n := record.Normalizer{Profile: &record.Profile{}, Texts: s.texts}
	org, _ := n.ID(record.Value{Kind: record.Cell, Raw: []byte(j.Config.Org)})
	rests, err := s.rests.reader()
	if err != nil {
		return nil, err
	}
	s.dateTokens(snap)
	registration.FillTrunks(s.events, s.texts, j.Config.Policy.Lines, j.Config.Org)
	outages := registration.Outages(s.events, s.texts, &j.Config.Policy)
	ev := &reconcile.Evidence{
		Interval: snap.interval, Org: org, Texts: s.texts, Policy: &j.Config.Policy,
		Sources: snap.sources, Partitions: snap.partitions,
		Documents: s.documents, Entries: s.entries, Rests: rests,
		Legs: s.legs, Particulars: s.beside, Recordings: s.recordings, Talk: s.talk, LegInvalid: s.invalid,
		Outages: outages, Index: registration.NewIndex(outages), Lines: registration.NewLines(s.events, s.texts),
		Media: j.media(snap, s.texts),
	}
	s.documents, s.entries, s.legs, s.beside, s.recordings, s.talk, s.invalid = nil, nil, nil, nil, nil, nil, nil // the evidence's to give up
	for i := range snap.inputs {
		in := &snap.inputs[i]
		ev.Objects = append(ev.Objects, reconcile.Object{
			Source: in.source, Partition: in.partition, Key: in.Key, Modified: record.TimeOf(in.Modified),
		})
	}
	for i := range ev.Sources {
		ev.Sources[i].NoUse = !s.usable[uint32(i)]
	}
	for i := range ev.Partitions {
		ev.Partitions[i].Damaged = s.damage[uint32(i)]
		if count := s.rows[uint32(i)]; count != nil && count.tooMany(j.Config.Policy.MaxRejects) {
			ev.Partitions[i].Damaged = true
		}
	}
	return ev, nil
}

// dateTokens gives an event that does not say when its token was issued the
// last refresh of its source and organisation.
func (s *scan) dateTokens(snap *snapshot) {
	for _, times := range s.refreshes {
		slices.Sort(times)
	}
	for i := range s.events {
		e := &s.events[i]
		if e.Issued.Known() {
			continue
		}
		times := s.refreshes[refreshKey{snap.inputs[e.Ref.Object].source, e.Org}]
		after, _ := slices.BinarySearch(times, e.Time+1)
		if after > 0 {
			e.Issued = times[after-1]
		}
	}
}

// media returns how to look up a media object, nil when nobody wants to know.
func (j *Job) media(snap *snapshot, texts *record.Texts) *reconcile.Media {
	if j.Config.Media.Check == policy.MediaNone {
		return nil
	}
	type place struct {
		source int
		key    record.Text
	}
	const anywhere = -1
	sizes := map[place]int64{}
	for i := range snap.inputs {
		if in := &snap.inputs[i]; !in.virtual {
			sizes[place{int(in.source), texts.OfString(in.Key)}] = in.Size
		}
	}
	for i := range snap.media {
		sizes[place{anywhere, texts.OfString(snap.media[i].Key)}] = snap.media[i].Size
	}
	return &reconcile.Media{
		CheckSize: j.Config.Media.Check == policy.MediaSize,
		Size: func(source uint32, key record.Text) (int64, bool) {
			if size, ok := sizes[place{int(source), key}]; ok {
				return size, true
			}
			size, ok := sizes[place{anywhere, key}]
			return size, ok
		},
	}
}
