package profile_test

import (
	"testing"

	"cdrmend/internal/profile"
)

// A key of a source without documents is a recording, named in the profile as none, or
// passed over, which a run counts.
func TestEveryKeyOfASourceWithoutDocumentsIsUsedExcludedOrCounted(t *testing.T) {
	const own = `
manifests:
  documents: none
  media_pattern: '/(?P<recording_id>r\d+)\.wav$'
  media_exclude: '/greetings/'
`
	p, err := profile.Load("own.yaml", []byte(own), "manifests")
	if err != nil {
		t.Fatal(err)
	}

	const recording, passed, neither = "recording", "passed over", "neither"
	for key, want := range map[string]string{
		"d/r1.wav":           recording,
		"d/r1.WAV":           recording, // that the pattern does not match: a reject
		"d/odd name.mp3":     recording,
		"d/odd.wav49":        recording,
		"d/r1.wav.tmp":       recording,
		"d/r1.wav.part":      recording,
		"d/r1.wav.gz.PART":   recording,
		"d/r1.wav.gpg":       recording,
		"d/r1.wav.txt":       passed,
		"d/r1.wav.sha256":    passed,
		"d/r1.pdf":           passed,
		"d/notes":            passed,
		"d/.r1.wav.Xk3bQ1":   passed,
		"d/tmp":              passed,
		"d/.tmp":             passed,
		"d/greetings/r1.wav": neither,
		"d/greetings/x.txt":  neither,
		"d/folder/":          neither,
	} {
		got := neither
		switch is, over := p.IsRecording(key), p.PassesOver(key); {
		case is && over:
			got = "both"
		case is:
			got = recording
		case over:
			got = passed
		}
		if got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
}

// A name of a vendor with another suffix than that of audio is no recording: it may be
// a file that is still being copied, or a checksum.
func TestBuiltInProfilesReadOnlyNamesThatEndInTheSuffixOfAudio(t *testing.T) {
	for name, stem := range map[string]string{
		"asterisk":       "m/1795168800.12",
		"freepbx":        "m/in-201-5550111-20261120-100000-1795168800.1",
		"freeswitch":     "m/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f",
		"amazon-connect": "m/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f_20261120T10:00_UTC",
	} {
		p := builtIn(t, name, "manifests")
		for suffix, want := range map[string]bool{
			".wav": true, ".WAV": true, ".wav49": true, ".gsm": true, ".sln16": true, ".ulaw": true, ".mp3": true,
			".wav.tmp": false, ".wav.part": false, ".txt": false, ".tmp": false, "": false,
		} {
			if got := p.MediaPattern.MatchString(stem + suffix); got != want {
				t.Errorf("%s: %s%s is matched: %v, want %v", name, stem, suffix, got, want)
			}
		}
	}
}
