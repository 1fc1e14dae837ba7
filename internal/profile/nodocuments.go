package profile

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"cdrmend/internal/record"
)

// Some exports have recordings and nothing that describes them: what is known stands
// in the names of the recordings. In a profile with documents: none each media object
// is an entry. The groups of media_pattern, the object's key and its size are the
// columns from which fields are taken, as those of a text line are.

// MadeDocument is the name of the document that is made for the media objects of a
// partition.
const MadeDocument = "cdrmend.json"

// MadeSuffix follows the key of a document in XML in the name of the one that is written
// for it.
const MadeSuffix = ".cdrmend.json"

// The columns that every media object has. They lead to the fields of these names.
var mediaColumns = []string{record.MediaKey.String(), record.MediaBytes.String()}

// noDocuments completes a profile of media objects without documents.
func (b *builder) noDocuments(p *Profile) {
	if b.section.Documents == "" {
		return
	}
	p.NoDocuments = true
	for key, given := range b.section.ofDocuments() {
		if given {
			b.problem(key, "is given, but with documents: none there are no documents that it could be about")
		}
	}
	if b.section.MediaPattern == "" {
		b.problem("media_pattern", "is missing, want the regular expression of the keys of recordings; its named groups are the columns of fields")
	}

	groups := groupsOf(p.MediaPattern)
	for _, group := range groups {
		if slices.Contains(mediaColumns, group) {
			b.problem("media_pattern", "the group %q has the name of what every media object has; choose another name", group)
		}
	}
	p.Media = LinePattern{Pattern: p.MediaPattern, Columns: append(groups, mediaColumns...)}
	for _, column := range p.Media.Columns {
		if column != "" && !b.adopt(p, column, record.EntryFields) {
			b.problem("media_pattern", "the group %q feeds no field", column)
		}
	}
	b.mediaPlaces(p)

	if p.MediaPattern != nil && len(p.Fields[record.RecordingID])+len(p.Fields[record.ConversationID]) == 0 {
		b.problem("fields", "has neither recording_id nor conversation_id, so that no call could have a recording; name a group of media_pattern like one of them, or compute it")
	}
}

// groupsOf returns the names of the groups of a pattern, as text lines have them.
func groupsOf(re *regexp.Regexp) []string {
	if re == nil {
		return nil
	}
	return slices.Clone(re.SubexpNames())
}

// ofDocuments says by key what is given that is about documents.
func (s *section) ofDocuments() map[string]bool {
	d := &s.Document
	return map[string]bool{
		"formats": s.Formats != nil, "document": d.Entries+d.Format+d.OrgID+d.Total+d.Failed+d.Skipped != "",
		"key_pattern": s.KeyPattern != "", "exclude": s.Exclude != "", "media_suffix": s.MediaSuffix != "",
		"screen_pattern": s.ScreenPattern != "", "id_pattern": s.IDPattern != "",
	}
}

// mediaPlaces checks that every place is a column of media objects. Nothing else
// could ever stand there.
func (b *builder) mediaPlaces(p *Profile) {
	if p.MediaPattern == nil {
		return
	}
	known := func(place string) bool { return slices.Contains(p.Media.Columns, place) }
	want := strings.Join(slices.DeleteFunc(slices.Sorted(slices.Values(p.Media.Columns)), func(name string) bool { return name == "" }), " ")
	for _, f := range slices.Sorted(maps.Keys(p.Fields)) {
		for _, place := range p.Fields[f] {
			if place.Expr == nil && !known(place.Name) {
				b.problem("fields."+f.String(), "names %q, which is no group of media_pattern, want one of: %s", place.Name, want)
			}
		}
	}
	for _, place := range p.Inputs {
		if !known(place) {
			b.problem("fields", "a computed value reads %q, which is no group of media_pattern, want one of: %s", place, want)
		}
	}
}

// WritesAnew reports whether what is repaired in a source is not written into copies of
// its documents: there are none, or they are in XML, which is only read. Documents in
// the canonical format are written instead.
func (p *Profile) WritesAnew() bool {
	return p.NoDocuments || p.Kind == "manifests" && slices.Contains(p.Formats, XML)
}

// xmlManifests checks what a profile says of manifests in XML.
func (b *builder) xmlManifests(p *Profile) {
	if b.kind != "manifests" || !slices.Contains(p.Formats, XML) {
		return
	}
	if len(p.Formats) > 1 {
		b.problem("formats", "lists xml and others, want xml alone: its repaired values are written as other documents than those of other formats")
	}
	d := &b.section.Document
	for key, given := range map[string]string{"format": d.Format, "org_id": d.OrgID, "total": d.Total, "failed": d.Failed, "skipped": d.Skipped} {
		if given != "" {
			b.problem("document."+key, "is given, but nothing outside the entries is read of XML")
		}
	}
}

// HasPlace reports whether the profile says where a field stands.
func (p *Profile) HasPlace(f record.Field) bool { return len(p.Fields[f]) > 0 }

// IsRecording reports whether a key of a source without documents is that of a media
// object. It is when the media pattern matches it. So is one that looks like audio or
// video and that the pattern does not match: it may be the recording of a call, and
// nobody can tell of which.
func (p *Profile) IsRecording(key string) bool {
	name := path.Base(key)
	if isFolder(key) || strings.HasPrefix(name, ".") || p.excludesMedia(key) {
		return false
	}
	return looksRecorded(name) || p.MediaPattern.MatchString(key)
}

// PassesOver reports whether a key of a source without documents is no recording
// although nothing in the profile says so. What lies there is not read.
func (p *Profile) PassesOver(key string) bool {
	return !isFolder(key) && !p.excludesMedia(key) && !p.IsRecording(key)
}

func isFolder(key string) bool { return strings.HasSuffix(key, "/") }

// excludesMedia reports whether the profile says that a key is that of no recording.
func (p *Profile) excludesMedia(key string) bool {
	return p.MediaExclude != nil && p.MediaExclude.MatchString(key)
}

// looksRecorded reports whether a name is that of audio or video, also of a file that
// is still being written, packed or encrypted.
func looksRecorded(name string) bool {
	for {
		suffix := strings.ToLower(path.Ext(name))
		if !slices.Contains(wrappers, suffix) {
			return IsMediaName(name) && !isText(name) || slices.Contains(telephoneAudio, suffix)
		}
		name = name[:len(name)-len(suffix)]
	}
}

// wrappers are suffixes after that of a recording: of one that is still being written
// or copied, is packed, or encrypted.
var wrappers = []string{
	".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".incomplete",
	".gz", ".zst", ".bz2", ".xz", ".zip", ".gpg", ".pgp", ".enc", ".aes",
}

// telephoneAudio are suffixes of audio that telephone systems write, and hardly anybody
// else.
var telephoneAudio = []string{
	".wav49", ".ulaw", ".alaw", ".g722", ".g729", ".sln", ".sln16", ".sln48", ".au", ".pcm", ".vox", ".spx", ".wma", ".mka", ".3gp",
}

// IsMediaName reports whether a name is that of audio, of video, of subtitles or of
// a text for people.
func IsMediaName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".wav", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".flac", ".amr", ".gsm", ".webm", ".mp4", ".mkv":
		return true
	}
	return isText(name)
}

// isText reports whether a name is that of subtitles or of a text for people.
func isText(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".vtt", ".srt", ".pdf":
		return true
	}
	return false
}
