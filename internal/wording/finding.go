package wording

import (
	"fmt"
	"strings"
)

// classes explain the classes of findings.
var classes = map[string]Words{
	"ambiguous_field": {
		Sentence: "a required value is missing, and the evidence names more than one; none was filled in",
		Remedy:   "look the value up by hand among those that the finding names, and mend it where the manifest comes from",
		Title:    "look up values that are missing",
		Severity: "major",
	},
	"conflict": {
		Sentence: "the metadata contradicts the name of its object, the call detail records, or itself",
		Remedy:   "find out which of the two is right, and correct the export or the call detail records",
		Title:    "find out which of two values is right",
		Severity: "major",
	},
	"count_mismatch": {
		Sentence: "the manifest announces another number of recordings than it holds",
		Remedy:   "export its time again, then run again",
		Title:    "export again what is incomplete",
		Severity: "major",
	},
	"duplicate": {
		Sentence: "an earlier entry describes the same recording",
		Remedy:   "nothing, unless the two differ: then find out which of them is right",
		Title:    "compare the entries of one recording",
		Severity: "minor",
	},
	"export_failed": {
		Sentence: "the export itself says that recordings failed",
		Remedy:   "repeat the export job of that time, then run again",
		Title:    "repeat failed export jobs",
		Severity: "major",
	},
	"input_missing": {
		Sentence: "nothing was delivered for a time in which something was needed",
		Remedy:   "check the export job and the URL of the source, deliver what is missing, then run again",
		Title:    "deliver inputs that are missing",
	},
	"invalid_field": {
		Sentence: "a value could not be read, occurs twice in local time, or contradicts another",
		Remedy:   "correct the profile of the source if all values are like this, else the system that writes them",
		Title:    "correct values that cannot be read",
		Severity: "minor",
	},
	"malformed_document": {
		Sentence: "the document is broken; what could be recovered was kept, and the rest was set aside",
		Remedy:   "export its time again, then run again; the rejects hold what was set aside",
		Title:    "export again what is incomplete",
		Severity: "major",
	},
	"media_mismatch": {
		Sentence: "the audio has another size than its metadata says",
		Remedy:   "compare the audio with the original at the vendor, and export it again",
		Title:    "compare audio of the wrong size with the original",
		Severity: "critical",
	},
	"media_missing": {
		Sentence: "the audio that the metadata names is not there",
		Remedy:   "export the recording again while the vendor still has it",
		Title:    "export missing audio again",
	},
	"metadata_missing": {
		Sentence: "the audio came without its metadata; a document was written for it",
		Remedy:   "export its metadata again; until then use the document that was written",
		Title:    "export missing metadata again",
		Severity: "major",
	},
	"missing_field": {
		Sentence: "a required value is missing, and no evidence says what it was",
		Remedy:   "look the value up at the vendor; if all entries lack it, change the export or required_fields",
		Title:    "look up values that are missing",
		Severity: "major",
	},
	"missing_recording": {
		Sentence: "the call was to be recorded, and no manifest that was read has its recording",
		Remedy:   "look for the recording at the vendor and export it again; if it was never made, keep the finding as evidence of that",
		Title:    "look for missing recordings",
		Severity: "critical",
	},
	"no_cdr": {
		Sentence: "no call detail record belongs to the recording",
		Remedy:   "find out which calls the call detail records leave out: the number of calls may be too low",
		Title:    "find out which calls the call detail records leave out",
		Severity: "minor",
	},
	"recorded_in_error": {
		Sentence: "there is a recording of a call that was not to be recorded",
		Remedy:   "have whoever is responsible for data protection decide whether it must be deleted, and correct the recording policy",
		Title:    "decide about recordings that should not exist",
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
		Severity: "major",
	},
	"stray_record": {
		Sentence: "rows of another interval lie in a partition that the run of that interval never reads: they are missing from its numbers",
		Remedy:   "raise lookahead or lookback of the source to the hours that the finding names, then run the interval of the rows again",
		Title:    "raise lookahead or lookback",
	},
	"truncated_document": {
		Sentence: "the document ends too early; what came before the cut was recovered",
		Remedy:   "export its time again, then run again",
		Title:    "export again what is incomplete",
		Severity: "major",
	},
	"unfit_source": {
		Sentence: "the source lacks a field without which no call of it can be judged, so that nothing is claimed of its calls",
		Remedy:   "correct the profile or the export of the source so that it has the fields that the finding names, then run again",
		Title:    "deliver the fields that unfit sources lack",
		Severity: "major",
	},
}

// details explain the forms of details. Where the form ends in an equals sign a
// value follows.
var details = []detailed{
	{"missing_recording", "void=", Words{
		Sentence: "a manifest lists a recording of it, but its audio is gone, empty or failed",
		Remedy:   "ask whoever runs the recorder or the export whether the audio can still be restored",
	}},
	{"missing_recording", "pending", Words{
		Sentence: "a manifest announces its recording, but the audio had not been delivered yet",
		Remedy:   "run again once the export has delivered it; if it never does, repeat the export job",
	}},
	{"missing_recording", "contested", Words{
		Sentence: "its conversation has fewer recordings than legs, and nobody can say whose they are",
		Remedy:   "have the export name the leg of each recording; if one recording hears several legs, set one_recording_per: conversation for the source of the call detail records",
	}},
	{"missing_recording", "like=", Words{
		Sentence: "a recording that is of no leg has its times and its line or both its numbers, under another id",
		Remedy:   "compare the two; if they are the same call, correct the ids in the call detail records or in the export",
	}},
	{"missing_recording", "apart=", Words{
		Sentence: "its conversation has recordings that fit none of its legs",
		Remedy:   "compare their ids and times with those of the leg; if all differ by the same time, the clocks do",
	}},
	{"no_cdr", "apart", Words{
		Sentence: "most of the recording lies outside all legs of its conversation",
		Remedy:   "find out whether a leg of the conversation is missing from the call detail records, or whether the clocks differ",
	}},
	{"media_missing", "state=", Words{
		Sentence: "the metadata itself says that there is no audio",
		Remedy:   "ask whoever runs the recorder why it deleted or failed to make the audio; the finding of the call counts the loss",
	}},
	{"media_missing", "bytes=", Words{
		Sentence: "the audio is there but empty",
		Remedy:   "export the recording again while the vendor still has it; if it is empty there too, find out why the recorder heard nothing",
	}},
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

// Finding says what one finding means. The values that it quotes are those of its
// row: whoever shows it redacts the row before.
func Finding(class, recording, field, detail string) string {
	text := meaning(class, recording, field, detail)
	switch class {
	case "missing_recording", "no_cdr", "media_missing", "unfit_source":
		if w, ok := Detail(class, detail); ok {
			text += ": " + w.Sentence
		}
	}
	return text
}

func meaning(class, recording, field, detail string) string {
	switch class {
	case "missing_recording":
		if recording == "" {
			return "the leg was to be recorded, and no manifest that was read has a recording of it"
		}
		return "recording " + recording + ", which the leg lists, is in no manifest that was read"
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
