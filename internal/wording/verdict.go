package wording

// reasons explain why a verdict is indeterminate, or why a leg was not to be
// recorded.
var reasons = map[string]Words{
	"unparsed": {
		Sentence: "a value that the verdict needs could not be read",
		Remedy:   "see the findings of class invalid_field, and correct the profile or the system that writes the records",
		Title:    "correct values that cannot be read",
		Command:  explainCall,
	},
	"unsound": {
		Sentence: "its start, answer, end and talk contradict each other, so that nobody knows what should be recorded",
		Remedy:   "compare the times with those of the telephone system, and correct the profile or the export of the call detail records",
		Title:    "compare contradictory times with the telephone system",
		Command:  explainCall,
	},
	"unfit": {
		Sentence: "its source lacks a field without which no call can be judged",
		Remedy:   "see the finding of class unfit_source, and correct the profile or the export",
		Title:    "deliver the fields that sources lack",
		Command:  runAgain,
	},
	"no_end": {
		Sentence: "nothing says when it ended, so that nobody knows how much should be recorded, or whether anybody answered",
		Remedy:   "have the call detail records deliver the end or the duration of calls",
		Title:    "deliver when calls end",
		Command:  explainCall,
	},
	"contested": {
		Sentence: "its conversation has recordings, and nobody can say whether one of them is its own",
		Remedy:   "have the export name the leg of each recording, and its times; if one recording hears several legs, set one_recording_per: conversation for the source of the call detail records",
		Title:    "name the leg of each recording",
		Command:  explainCall,
	},
	"inputs": {
		Sentence: "manifests of its time are incomplete, or lie outside of what was read, so that its recording may stand there",
		Remedy:   "export again what is incomplete, then run again; where its start is missing, deliver it, or set a longer lookback",
		Title:    "export again what is incomplete",
		Command:  runAgain,
	},
	"doubtful": {
		Sentence: "a local time of it or of its conversation's recordings occurs twice that night",
		Remedy:   "have the source write times with their offset from UTC",
		Title:    "write times with their offset from UTC",
		Command:  explainCall,
	},
	"strangers": {
		Sentence: "the call detail records of its source and the manifests do not speak of the same calls",
		Remedy:   "check that both sources deliver the same system and organisation, and which ids they share",
		Title:    "check that both sources describe the same system",
		Command:  runAgain,
	},
	"clock_offset": {
		Sentence: "the clocks of its source and of the manifests differ",
		Remedy:   "set clock_offset as the warning says, then run again; better, have both clocks synchronised",
		Title:    "set clock_offset",
		Command:  runAgain,
	},
	"possible": {
		Sentence: "a recording without an id, under another id or still to be delivered may be its own",
		Remedy:   "look up which call that recording is of, and correct its id in the export",
		Title:    "look up whose recordings these are",
		Command:  explainCall,
	},
	"no_id": {
		Sentence: "it names neither a recording nor a conversation",
		Remedy:   "have the call detail records deliver the conversation id or the recording ids",
		Title:    "deliver the ids of conversations or recordings",
		Command:  runAgain,
	},
	"unnamed": {
		Sentence: "its recordings name neither themselves nor their audio, so that nobody could find them",
		Remedy:   "have the export deliver the recording id or the key of the audio",
		Title:    "deliver the ids of recordings",
		Command:  explainCall,
	},
	"shared": {
		Sentence: "the only recording that it could have is also taken for another leg, and covers nothing of this one",
		Remedy:   "have the export name the leg of each recording",
		Title:    "name the leg of each recording",
		Command:  explainCall,
	},

	"not recorded by source": {Sentence: "its call detail record says that it was not to be recorded"},
	"not expected":           {Sentence: "its call detail record does not ask for a recording, and the policy does not expect one: nobody answered, or nothing is expected"},
}

// proofs explain what shows that a leg was recorded.
var proofs = map[string]Words{
	"id":           {Sentence: "its call detail record lists the recording by its id"},
	"leg":          {Sentence: "the recording bears the id of the leg"},
	"conversation": {Sentence: "a recording has its conversation; their times are compared only where they are sound"},
	"shared":       {Sentence: "each recording that it has is also taken for another leg, so that it proves only that one of these legs was recorded"},
}

// rules say how each rule finds a repaired value.
var rules = map[string]string{
	"object-key":        "taken from the name of its object",
	"media-key":         "taken from the name of its audio",
	"sole-unclaimed":    "the one recording of the conversation that nothing else describes",
	"cdr-recording":     "the call detail records that list the recording agree on it",
	"cdr-conversation":  "the call detail records of the conversation agree on it",
	"registration-line": "the registrations of its line name it",
	"arithmetic":        "computed from start, end and duration",
}
