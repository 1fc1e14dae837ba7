package intake

import (
	"iter"

	"cdrmend/internal/manifest"
	"cdrmend/internal/object"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// Where a source has no documents, each partition with a recording gets one that is
// made of the keys of its recordings. Nothing is stored under its key. Its entries
// follow from the listing alone, which the run id names.

// addMade adds the documents that are made, and notes the media objects of each.
func (in *Inputs) addMade() {
	made := map[uint32]*Object{} // by partition
	in.eachRecording(func(i uint32) {
		o := &in.Objects[i]
		m := made[o.Partition]
		if m == nil {
			info := object.Info{Key: in.firsts[o.Partition] + profile.MadeDocument}
			m = &Object{Info: info, Source: o.Source, Partition: o.Partition, Document: true, Virtual: true, Made: true}
			made[o.Partition] = m
			in.Partitions[o.Partition].Empty = false
		}
		if o.Modified.After(m.Modified) {
			m.Modified = o.Modified
		}
	})
	if len(made) == 0 {
		return
	}

	var all []Object
	for _, m := range made {
		all = append(all, *m)
	}
	in.insert(all) // which sorts them

	// Objects have their final numbers only now.
	document := map[uint32]uint32{} // by partition
	for i := range in.Objects {
		if in.Objects[i].Made {
			document[in.Objects[i].Partition] = uint32(i)
		}
	}
	in.recordings = map[uint32][]uint32{}
	in.eachRecording(func(i uint32) {
		n := document[in.Objects[i].Partition]
		in.recordings[n] = append(in.recordings[n], i)
	})
}

// eachRecording calls do for every media object of the sources without documents, in
// the order of objects.
func (in *Inputs) eachRecording(do func(n uint32)) {
	for i := range in.Objects {
		o := &in.Objects[i]
		if p := in.Sources[o.Source].Profile; p.NoDocuments && !o.Made && p.IsRecording(o.Key) {
			do(uint32(i))
		}
	}
}

// PassedOver counts what lies in the sources without documents and is no recording for
// their profile. It follows from the objects, so the run id does not name it.
func (in *Inputs) PassedOver() (list []Ignored) {
	for source := range in.Sources {
		p := in.Sources[source].Profile
		if !p.NoDocuments {
			continue
		}
		var counts object.Ignored
		for i := range in.Objects {
			if o := &in.Objects[i]; int(o.Source) == source && !o.Made && p.PassesOver(o.Key) {
				counts.Add(object.NoRecording, o.Key)
			}
		}
		if kinds := counts.Kinds(); kinds != nil {
			list = append(list, Ignored{in.Sources[source].Name, kinds})
		}
	}
	return list
}

// mediaOf yields the media objects of a document that is made.
func (in *Inputs) mediaOf(n uint32) iter.Seq[manifest.MediaObject] {
	return func(yield func(manifest.MediaObject) bool) {
		for _, i := range in.recordings[n] {
			o := &in.Objects[i]
			if !yield(manifest.MediaObject{Key: o.Key, Size: o.Size, Modified: record.TimeOf(o.Modified)}) {
				return
			}
		}
	}
}

// nameOfMedia returns the name by which entries name a media object: of a source
// without documents its key, which they are made of, else the name in the store, which
// its manifests have.
func (in *Inputs) nameOfMedia(o *Object) string {
	if in.Sources[o.Source].Profile.NoDocuments {
		return o.Key
	}
	return o.Path()
}
