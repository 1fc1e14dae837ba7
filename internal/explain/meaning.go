package explain

import (
	"strings"

	"cdrmend/internal/table"
)

// meaning says in plain words what a finding means.
func meaning(f *table.Finding) string {
	switch f.Class {
	case "missing_recording":
		if f.Recording == "" {
			return "the leg was to be recorded, and no manifest that was read has a recording of it"
		}
		return "recording " + f.Recording + ", which the leg lists, is in no manifest that was read"
	case "repaired_field":
		return "the " + f.Field + " that was missing was filled in by rule " + f.Detail
	case "missing_field":
		return "the " + f.Field + " is missing, and nothing tells it"
	case "ambiguous_field":
		return "the " + f.Field + " is missing, and may be one of several"
	case "short_recording":
		return f.Detail + " ms of the talk time are not recorded, more than the tolerance allows"
	case "duplicate":
		return "an earlier entry has the same recording id; what the two say is " + f.Detail
	case "conflict":
		// The detail ends in the name of the source that it contradicts.
		return "its " + f.Field + " contradicts " + conflicts[f.Detail[strings.LastIndexByte(f.Detail, '=')+1:]]
	case "invalid_field":
		return "the " + f.Field + " cannot be read"
	}
	return meanings[f.Class]
}

// conflicts name what an entry contradicts, by the source in the detail.
var conflicts = map[string]string{
	"object-key": "its object key", "cdr": "the call detail records", "arithmetic": "its start and end",
}

// meanings are those of the other classes, which quote no value of the finding.
var meanings = map[string]string{
	"recorded_in_error":  "it was not to be recorded, and is",
	"metadata_missing":   "the audio was delivered without its metadata",
	"media_missing":      "the audio is not where it should be",
	"media_mismatch":     "the audio has another size than its metadata says",
	"no_cdr":             "no call detail record belongs to it",
	"export_failed":      "the export says itself that it failed for some recordings",
	"count_mismatch":     "the document holds another number of recordings than it says",
	"truncated_document": "the document ends in the middle of a value; what came before was recovered",
	"malformed_document": "the document is broken; what came before the error was recovered",
	"input_missing":      "nothing was delivered where something was needed",
}
