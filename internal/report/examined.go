package report

import (
	"fmt"

	"cdrmend/internal/wording"
)

// mediaCheck says how the audio was examined.
var mediaCheck = map[string]string{
	"none":   "Whether audio is stored, and can be played, was not examined.",
	"exists": stored + ". Whether it can be played was not examined.",
	"size":   stored + compared + "Whether it can be played was not examined.",
	"header": stored + compared,
	"decode": stored + compared,
}

const (
	stored   = "Where the manifest names the audio, it has to be stored, and not empty"
	compared = "; audio of another size than its metadata says is a finding. "
)

// Examined says how the audio was examined, and claims nothing of audio that nobody
// looked into.
func (s *Summary) Examined() string {
	text := mediaCheck[s.Config.Media.Check]
	m := s.Media
	if m == nil {
		return text
	}
	looked := m.Heard + m.Unreadable + m.NoAudio
	text += fmt.Sprintf("Of %s of voice the run asked for the beginning of the audio. ", Of(looked, m.Recordings)+" "+wording.Noun(m.Recordings, "recording"))
	if looked < m.Recordings {
		text += "Nothing is claimed of what is in the audio of the others. "
	}
	text += "A recording whose audio could not be read, or held nothing to hear, does not count as present; one whose audio is shorter than its metadata says covers no more than that. "
	if all := m.Decoded + m.NotDecoded; all > 0 {
		text += fmt.Sprintf("The audio of %s was decoded from beginning to end, to find channels without a sound. What is said in it was not examined.", Of(m.Decoded, all))
	} else {
		text += "Whether the rest of the audio can be played, and whether anything can be heard in it, was not examined."
	}
	return text
}
