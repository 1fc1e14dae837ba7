package wording

import (
	"fmt"
	"slices"
	"strings"
)

// classes explain the classes of findings.
var classes = map[string]Words{
	"ambiguous_field": {
		Sentence: "a required value is missing, and the evidence names more than one; none was filled in",
		Remedy:   "look the value up by hand among those that the finding names, and mend it where the manifest comes from",
		Title:    "look up values that are missing",
		Command:  explainFinding,
		Severity: "major",
	},
	"conflict": {
		Sentence: "the metadata contradicts the name of its object, the call detail records, or itself",
		Remedy:   "find out which of the two is right, and correct the export or the call detail records",
		Title:    "find out which of two values is right",
		Command:  explainFinding,
		Severity: "major",
	},
	"count_mismatch": {
		Sentence: "the manifest announces another number of recordings than it holds",
		Remedy:   "export its time again, then run again",
		Title:    "export again what is incomplete",
		Command:  runAgain,
		Severity: "major",
	},
	"duplicate": {
		Sentence: "an earlier entry describes the same recording",
		Remedy:   "nothing, unless the two differ: then find out which of them is right",
		Title:    "compare the entries of one recording",
		Command:  explainFinding,
		Severity: "minor",
	},
	"export_failed": {
		Sentence: "the export itself says that recordings failed",
		Remedy:   "repeat the export job of that time, then run again",
		Title:    "repeat failed export jobs",
		Command:  runAgain,
		Severity: "major",
	},
	"input_missing": {
		Sentence: "nothing was delivered for a time in which something was needed",
		Remedy:   "check the export job and the URL of the source, deliver what is missing, then run again",
		Title:    "deliver inputs that are missing",
		Command:  runAgain,
	},
	"invalid_field": {
		Sentence: "a value could not be read, occurs twice in local time, or contradicts another",
		Remedy:   "correct the profile of the source if all values are like this, else the system that writes them",
		Title:    "correct values that cannot be read",
		Command:  explainFinding,
		Severity: "minor",
	},
	"malformed_document": {
		Sentence: "the document is broken; what could be recovered was kept, and the rest was set aside",
		Remedy:   "export its time again, then run again; the rejects hold what was set aside",
		Title:    "export again what is incomplete",
		Command:  runAgain,
		Severity: "major",
	},
	"media_channels": {
		Sentence: "the audio has fewer channels than nine in ten recordings of its source have: one of the parties may be missing",
		Remedy:   "listen to the recording; if one party cannot be heard, check the recorder's port or trunk on that side",
		Title:    "check recordings with fewer channels than usual",
		Command:  explainFinding,
		Severity: "minor",
	},
	"media_cut": {
		Sentence: "the audio is shorter than its metadata says, or its file ends before its header says",
		Remedy:   "export the recording again while the vendor still has it; if it is cut there too, find out what stopped the recorder",
		Title:    "export audio again that is cut",
		Command:  explainFinding,
	},
	"media_mismatch": {
		Sentence: "the audio has another size than its metadata says",
		Remedy:   "compare the audio with the original at the vendor, and export it again",
		Title:    "compare audio of the wrong size with the original",
		Command:  explainFinding,
		Severity: "critical",
	},
	"media_missing": {
		Sentence: "a manifest lists a recording whose audio is not there, or is empty",
		Remedy:   "export the recording again while the vendor still has it; where the metadata itself says that there is no audio, ask whoever runs the recorder why",
		Title:    "export missing audio again",
		Command:  explainFinding,
	},
	"media_not_audio": {
		Sentence: "the object that should hold the audio holds nothing to hear",
		Remedy:   "export the recording again while the vendor still has it; if the original is no better, nothing shows that the call was recorded",
		Title:    "export recordings again that hold no audio",
		Command:  explainFinding,
		Severity: "critical",
	},
	"media_silent": {
		Sentence: "the audio has a channel in which nothing can be heard from beginning to end",
		Remedy:   "listen to the recording; if a party is missing, check the port, the codec and the trunk of the recorder on that side",
		Title:    "check recordings with a silent channel",
		Command:  explainFinding,
		Severity: "major",
	},
	"media_unreadable": {
		Sentence: "the audio is stored, but the store does not let it be read",
		Remedy:   "ask whoever owns the bucket or its key to let the job read the object, then run again",
		Title:    "have audio made readable",
		Command:  runAgain,
		Severity: "critical",
	},
	"metadata_missing": {
		Sentence: "the audio came without its metadata; a document was written for it",
		Remedy:   "export its metadata again; until then use the document that was written",
		Title:    "export missing metadata again",
		Command:  explainFinding,
		Severity: "major",
	},
	"missing_field": {
		Sentence: "a required value is missing, and no evidence says what it was",
		Remedy:   "look the value up at the vendor; if all entries lack it, change the export or required_fields",
		Title:    "look up values that are missing",
		Command:  explainFinding,
		Severity: "major",
	},
	"missing_recording": {
		Sentence: "the call was to be recorded, and no manifest that was read has a recording with audio that is known to be its own",
		Remedy:   "look for the recording at the vendor and export it again; where a manifest lists it without audio, ask whether the audio can be restored; if it was never made, keep the finding as evidence of that",
		Title:    "look for missing recordings",
		Command:  explainFinding,
		Severity: "critical",
	},
	"no_cdr": {
		Sentence: "no call detail record belongs to the recording",
		Remedy:   "find out which calls the call detail records leave out: the number of calls may be too low",
		Title:    "find out which calls the call detail records leave out",
		Command:  explainFinding,
		Severity: "minor",
	},
	"recorded_in_error": {
		Sentence: "there is a recording of a call that was not to be recorded",
		Remedy:   "have whoever is responsible for data protection decide whether it must be deleted, and correct the recording policy",
		Title:    "decide about recordings that should not exist",
		Command:  explainFinding,
		Severity: "major",
	},
	"repaired_field": {
		Sentence: "a missing value was filled in from evidence",
		Remedy:   "nothing; the repaired copy has the value",
		Severity: "minor",
	},
	"short_recording": {
		Sentence: "the recording covers less than the time in which somebody could be heard",
		Remedy:   "look for further parts of the recording at the vendor; find out why the recorder started late or stopped early",
		Title:    "look for missing parts of recordings",
		Command:  explainFinding,
		Severity: "major",
	},
	"stray_record": {
		Sentence: "rows of another interval lie in a partition that the run of that interval never reads: they are missing from its numbers",
		Remedy:   "raise lookahead or lookback of the source to the hours that the finding names, then run the interval of the rows again",
		Title:    "raise lookahead or lookback",
		Command:  runRows,
	},
	"truncated_document": {
		Sentence: "the document ends too early; what came before the cut was recovered",
		Remedy:   "export its time again, then run again",
		Title:    "export again what is incomplete",
		Command:  runAgain,
		Severity: "major",
	},
	"unfit_source": {
		Sentence: "the source lacks a field without which no call of it can be judged, so that nothing is claimed of its calls",
		Remedy:   "correct the profile or the export of the source so that it has the fields that the finding names, then run again",
		Title:    "deliver the fields that sources lack",
		Command:  runAgain,
		Severity: "major",
	},
}

// details explain the forms of details. Where the form ends in an equals sign or a full
// stop more follows; an empty one is that of a finding without a detail.
var details = []detailed{
	{"missing_recording", "", Words{ // what its class asks for, but for what only details can tell
		Remedy: "look for the recording at the vendor and export it again; if it was never made, keep the finding as evidence of that",
	}},
	{"missing_recording", unreadable, Words{
		Sentence: "a manifest lists it, or a recording of its conversation, but what is stored as its audio cannot be read",
		Remedy:   "ask whoever owns the bucket or its key to let the job read the object, then run again",
		Title:    "have audio made readable",
		Command:  runAgain,
	}},
	{"missing_recording", "void=media_not_audio", Words{
		Sentence: "a manifest lists it, or a recording of its conversation, but what is stored as its audio holds nothing to hear",
		Remedy:   "export the recording again while the vendor still has it; if the original is no better, nothing shows that the call was recorded",
		Title:    "export recordings again that hold no audio",
		Command:  explainFinding,
	}},
	{"missing_recording", "void=", Words{
		Sentence: "a manifest lists it, or a recording of its conversation, but without audio",
		Remedy:   "ask whoever runs the recorder or the export whether the audio can still be restored",
		Title:    "ask whether audio that is gone can be restored",
		Command:  explainFinding,
	}},
	{"missing_recording", "pending", Words{
		Sentence: "a manifest announces it, or a recording of its conversation, but the audio had not been delivered yet",
		Remedy:   "run again once the export has delivered it; if it never does, repeat the export job",
		Title:    "run again once the export has delivered the audio",
		Command:  runAgain,
	}},
	{"missing_recording", "contested", Words{
		Sentence: "its conversation has recordings, and nobody can say whether one of them is its own",
		Remedy:   "have the export name the leg of each recording, and its times; if one recording hears several legs, set one_recording_per: conversation for the source of the call detail records",
		Title:    "name the leg of each recording",
		Command:  explainFinding,
	}},
	{"missing_recording", "like=", Words{
		Sentence: "a recording under another id, which is of no leg, has its times and its line or both its numbers: it may be its own",
		Remedy:   "compare the two; if they are the same call, correct the ids in the call detail records or in the export",
		Title:    "compare calls with the recordings that look like theirs",
		Command:  explainFinding,
	}},
	{"missing_recording", "apart=", Words{
		Sentence: "its conversation has recordings that fit none of its legs",
		Remedy:   "compare their ids and times with those of the leg; if all differ by the same time, the clocks do",
		Title:    "compare the ids and times of recordings with those of the legs",
		Command:  explainFinding,
	}},
	{"no_cdr", "apart", Words{
		Sentence: "most of the recording lies outside all legs of its conversation",
		Remedy:   "find out whether a leg of the conversation is missing from the call detail records, or whether the clocks differ",
	}},
	{"media_missing", "state=", Words{
		Sentence: "the metadata itself says that there is no audio",
		Remedy:   "ask whoever runs the recorder why it deleted or failed to make the audio; the finding of the call counts the loss",
		Title:    "ask why there is no audio",
		Command:  explainFinding,
	}},
	{"media_missing", "bytes=", Words{
		Sentence: "the audio is empty, or too small for the time that it is said to last",
		Remedy:   "export the recording again while the vendor still has it; if it is empty there too, find out why the recorder heard nothing",
		Title:    "export missing audio again",
		Command:  explainFinding,
	}},
	{"media_unreadable", "code=InvalidObjectState", Words{
		Sentence: "the audio is archived: it has to be restored before anybody can hear it",
		Remedy:   "restore the object from its archive, then run again",
		Title:    "restore audio from its archive",
		Command:  runAgain,
	}},
	{"media_unreadable", "code=KMS.", Words{
		Sentence: "the audio is encrypted with a key that cannot be used",
		Remedy:   "ask the owner of the key to enable it, or to cancel its deletion, then run again; the finding names the key where the store does",
		Title:    "have the key of encrypted audio enabled",
		Command:  runAgain,
	}},
	{"media_unreadable", "code=AccessDenied;key=", Words{
		Sentence: "the audio is encrypted with a key that the job may not use",
		Remedy:   "ask the owner of the key that the finding names to allow the job's role kms:Decrypt, then run again",
		Title:    "have the job allowed to use the key of encrypted audio",
		Command:  runAgain,
	}},
	{"media_cut", "span=", Words{Sentence: "the detail has the milliseconds that the recording should last, and those that its audio lasts; a byte is where its file ends"}},
	{"media_silent", "channels=", Words{Sentence: "the detail has the numbers of the silent channels, from 1, how many there are, and the milliseconds of the longest silence in all of them"}},
	{"media_channels", "channels=", Words{Sentence: "the detail has the channels of the recording, and those that are usual"}},
	{"media_not_audio", "byte=", Words{Sentence: "the detail has what was found instead, and the byte at which it shows"}},
	{"stray_record", "interval=", Words{
		Sentence: "the detail names the interval of the rows, their number, and the hours with which its run would reach them",
	}},
	{"unfit_source", "shape", Words{
		Sentence: "none of its conversations has a participant with a session: it is not an export of conversation details",
		Remedy:   "export conversation details with participants and sessions, or choose the profile that fits the export, then run again",
	}},
	{"duplicate", "same", Words{Sentence: "the two say the same"}},
	{"duplicate", "differing", Words{
		Sentence: "the two say different things",
		Remedy:   "find out which of the two is right, and correct the export",
	}},
	{"invalid_field", "end-before-start", Words{Sentence: "its end lies before its start"}},
	{"invalid_field", "over-24h", Words{
		Sentence: "it lasts more than 24 hours, so that its times prove nothing",
		Remedy:   "find out whether the recorder or the call was never ended",
	}},
	{"count_mismatch", "total=", Words{Sentence: "the detail has the number that it announces and the number found"}},
	{"export_failed", "failed=", Words{Sentence: "the detail has the number of failed recordings"}},
	{"truncated_document", "offset=", Words{Sentence: "the detail has the byte at which it ends and the number of entries recovered"}},
	{"malformed_document", "offset=", Words{Sentence: "the detail has the byte of the first error and the number of entries recovered"}},
	{"media_mismatch", "expected=", Words{Sentence: "the detail has both sizes in bytes"}},
}

// Finding says what one finding means. Where its detail decides what is true of it, the
// sentence is that of the detail. The values that it quotes are those of its row:
// whoever shows it redacts the row before.
func Finding(class, recording, field, detail string) string {
	switch class {
	case "missing_recording":
		return missing(recording, detail)
	case "media_missing":
		return withoutAudio(detail)
	case "media_not_audio":
		return meaning(class, field, detail) + foundInstead(detail)
	case "media_unreadable":
		if w, ok := Detail(class, detail); ok {
			return w.Sentence
		}
	}

	text := meaning(class, field, detail)
	if class == "no_cdr" || class == "unfit_source" {
		if w, ok := Detail(class, detail); ok {
			text += ": " + w.Sentence
		}
	}
	return text
}

// FindingIn says what one finding means in its status. Of one that is indeterminate it
// claims nothing but what is known, and says what is not.
func FindingIn(status, class, recording, field, detail string) string {
	text := Finding(class, recording, field, detail)
	if status != "indeterminate" {
		return text
	}

	switch class {
	case "missing_recording":
		return undecided(recording, detail)
	case "short_recording":
		return detail + " ms of the talk time are in no recording that was found, and nobody can tell yet whether another has them"
	case "recorded_in_error":
		return "there is a recording that may be of a call that was not to be recorded, or of another leg of its conversation: nobody can tell"
	}
	return text + "; what was read is incomplete, so that nobody can tell yet whether this holds"
}

// unreadable is the detail of a missing recording whose audio may be there: the store does
// not let it be read.
const unreadable = "void=media_unreadable"

// missing says what is known of the recording of a leg that lacks one.
func missing(recording, detail string) string {
	if recording != "" {
		return "recording " + recording + ", which the leg lists, " + Listed(detail)
	}

	const about, nothing = "the leg was to be recorded, and ", "no manifest that was read has a recording of it"
	switch known := Unlisted(detail); {
	case known == "":
		return about + nothing
	case strings.HasPrefix(detail, "apart="):
		return about + nothing + ": " + known
	default:
		return about + known
	}
}

// Listed says what the detail of a missing recording tells of one that a leg lists, in a
// clause that follows the recording's name.
func Listed(detail string) string {
	switch {
	case detail == unreadable:
		return "is in a manifest, but what is stored as its audio cannot be read"
	case strings.HasPrefix(detail, "void="):
		return "is in a manifest, but without audio: " + Void(detail)
	case detail == "pending":
		return "is announced by a manifest, but its audio had not been delivered yet"
	}
	if known := Unlisted(detail); known != "" {
		return "is in no manifest that was read; " + known
	}
	return "is in no manifest that was read"
}

// undecided says the same of a leg of which nobody can tell whether it lacks one.
func undecided(recording, detail string) string {
	known := Unlisted(detail)
	if recording == "" {
		if known == "" {
			known = "no manifest that was read has a recording that is known to be its own"
		}
		return "nobody can tell whether the leg was recorded: " + known
	}

	switch {
	case InManifest(detail):
		known = "it " + Listed(detail)
	case known == "":
		known = "no manifest that was read names it"
	default:
		known = "no manifest that was read names it; " + known
	}
	return "nobody can tell whether recording " + recording + ", which the leg lists, is there: " + known
}

// InManifest reports whether by the detail of a missing recording a manifest lists it, or
// another of its conversation, without audio that could be used.
func InManifest(detail string) bool { return detail == "pending" || strings.HasPrefix(detail, "void=") }

// Unlisted says what the detail of a missing recording tells of recordings that a leg
// does not list, empty when it tells nothing.
func Unlisted(detail string) string {
	switch n, apart := strings.CutPrefix(detail, "apart="); {
	case detail == unreadable:
		return "a manifest lists a recording of its conversation, but what is stored as its audio cannot be read"
	case strings.HasPrefix(detail, "void="):
		return "a manifest lists a recording of its conversation, but without audio: " + Void(detail)
	case detail == "pending":
		return "a manifest announces a recording of its conversation, but the audio had not been delivered yet"
	case apart && n == "1":
		return "1 recording of its conversation fits none of its legs"
	case apart:
		return n + " recordings of its conversation fit none of its legs"
	}
	w, _ := Detail("missing_recording", detail)
	return w.Sentence
}

// Told reports whether the sentence about a finding tells all that its detail does, so
// that nobody needs to read the detail beside it.
func Told(class, detail string) bool {
	return class == "missing_recording" && !strings.HasPrefix(detail, "like=")
}

// Void says why recordings that manifests list have no audio, from a detail that begins
// with void=. Words of the vendor that are not known here are not repeated.
func Void(detail string) string {
	var list []string
	for state := range strings.SplitSeq(strings.TrimPrefix(detail, "void="), ";") {
		text := voids[state]
		if text == "" {
			text = "the manifest says that there is none"
		}
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return strings.Join(list, "; ")
}

// voids say why there is no audio, by what a detail lists.
var voids = map[string]string{
	"absent":        "the manifest says that there is none",
	"deleted":       "the manifest says that it was deleted",
	"failed":        "the manifest says that making it failed",
	"media_missing": "it is not stored, or it is empty",

	"media_not_audio":  "what is stored holds nothing to hear",
	"media_unreadable": "what is stored cannot be read",
}

// withoutAudio says why the recording of a manifest has no audio.
func withoutAudio(detail string) string {
	switch state, said := strings.CutPrefix(detail, "state="); {
	case said && voids[state] != "":
		return "a manifest lists a recording without audio: " + voids[state]
	case said:
		return "a manifest lists a recording without audio: the manifest says that there is none"
	case strings.HasPrefix(detail, "bytes="):
		return "the audio of the recording is empty, or too small for the time that it is said to last"
	}
	return "the audio that the metadata names is not stored where it was looked for"
}

// foundInstead says what media hold that are no audio.
func foundInstead(detail string) string {
	_, found, ok := strings.Cut(detail, ";found=")
	if !ok {
		return ""
	}
	return ": " + found
}

func meaning(class, field, detail string) string {
	switch class {
	case "repaired_field":
		return "the " + field + " that was missing was filled in by rule " + detail
	case "missing_field":
		return "the " + field + " is missing, and nothing tells it"
	case "ambiguous_field":
		return "the " + field + " is missing, and may be one of several"
	case "short_recording":
		return detail + " ms of the talk time are not recorded, more than the tolerance allows"
	case "duplicate":
		return "an earlier entry has the same recording id; what the two say is " + detail
	case "conflict":
		// The detail ends in the name of the source that it contradicts.
		return "its " + field + " contradicts " + conflicts[detail[strings.LastIndexByte(detail, '=')+1:]]
	case "invalid_field":
		if w, ok := Detail(class, detail); ok {
			return w.Sentence
		}
		return "the " + field + " cannot be read"
	case "stray_record":
		return stray(detail)
	case "unfit_source":
		if _, ok := Detail(class, detail); !ok && detail != "" {
			return "the source lacks " + strings.ReplaceAll(detail, ";", ", ") + ", so that nothing is claimed of its calls"
		}
	}
	w := classes[class]
	return w.Sentence
}

// conflicts name what an entry contradicts, by the source in the detail.
var conflicts = map[string]string{
	"object-key": "its object key", "cdr": "the call detail records", "arithmetic": "its start and end",
}

// Stray is the detail of a finding about strays, taken apart.
type Stray struct {
	Interval string // label of the interval of the rows
	Rows     string
	Way      string // lookahead or lookback
	Hours    string // with which the run of that interval would reach the rows, as 30h
}

// StrayOf takes the detail of a stray apart; false when it has another form.
func StrayOf(detail string) (Stray, bool) {
	var s Stray
	for part := range strings.SplitSeq(detail, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "interval":
			s.Interval = value
		case "rows":
			s.Rows = value
		case "lookahead", "lookback":
			s.Way, s.Hours = name, value
		}
	}
	return s, s.Interval != "" && s.Rows != "" && s.Way != "" && s.Hours != ""
}

func stray(detail string) string {
	s, ok := StrayOf(detail)
	if !ok {
		return classes["stray_record"].Sentence
	}
	rows := s.Rows + " rows of interval " + s.Interval + " lie"
	if s.Rows == "1" {
		rows = "1 row of interval " + s.Interval + " lies"
	}
	return rows + " in a partition that the run of that interval never reads: missing from its numbers"
}

// StrayRemedy says how the run of the rows' interval would read them.
func StrayRemedy(source, detail string) string {
	s, ok := StrayOf(detail)
	if !ok {
		return classes["stray_record"].Remedy
	}
	return fmt.Sprintf("set %s: %s for source %s, then run interval %s again", s.Way, s.Hours, source, s.Interval)
}
