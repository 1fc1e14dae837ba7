package sample

import (
	"encoding/binary"

	"cdrmend/internal/audio"
)

// mediaDefect is the defect of a media object.
type mediaDefect uint8

const (
	heard mediaDefect = iota
	errorPage
	mediaCut
	oneChannel
)

// body returns the media object of a recording: audio of two channels as long as the
// recording, unless it has a defect.
func (r *recording) body(c *call) []byte {
	// extraID uses the same stream; 15 is beyond every recording's number.
	bits := random(mediaStream, c.number<<4|15)
	sound := audio.Sound{Duration: r.end.Sub(r.start), Channels: 2, Serial: bits.Uint32()}
	format := audio.Opus
	switch r.ext {
	case "wav":
		format = audio.LowRate
	case "mp4":
		return screen(bits)
	}

	switch r.media {
	case errorPage:
		return audio.ErrorPage()
	case oneChannel:
		sound.Channels = 1
	case mediaCut:
		whole := format.Append(nil, sound)
		return whole[:len(whole)/2]
	}
	return format.Append(nil, sound)
}

// screen returns bytes that begin like a film of a screen, which nobody listens to. Below
// 1,024 of them a run would take it for empty.
func screen(bits interface{ Uint64() uint64 }) []byte {
	b := append(make([]byte, 0, 1280), "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"...)
	for len(b) < 1200 {
		b = binary.LittleEndian.AppendUint64(b, bits.Uint64())
	}
	return b
}

// brokenMedia spoils what can be heard in some recordings. Their metadata know nothing of
// it.
func (a *author) brokenMedia() {
	page := a.pick("13:50", on(frankfurt))
	page.recordings[0].media = errorPage
	a.story.chapter("media-not-audio", []Case{
		page.aboutRecording(0, Finding{"media_not_audio", ""}), page.aboutLeg(Finding{"missing_recording", ""}),
	}, "The object of one recording is the error page of a server, saved under the name of audio. Metadata and size look as always, but there is nothing to hear; the call counts as lost.")

	cut := a.pick("15:45", func(c *call) bool { return c.trunk == dublin && long(c) })
	cut.recordings[0].media = mediaCut
	a.story.chapter("media-cut", []Case{
		cut.aboutRecording(0, Finding{"media_cut", ""}), cut.aboutLeg(Finding{"short_recording", ""}),
	}, "The audio of one recording ends in the middle, as after an upload that broke off, while its metadata promise the whole call.")

	mono := a.pick("19:30", on(frankfurt))
	mono.recordings[0].media = oneChannel
	a.story.chapter("media-one-channel", []Case{
		mono.aboutRecording(0, Finding{"media_channels", ""}),
	}, "One recording has one channel where all others have two: one of the two parties may be missing in it.")
}
