package synth

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/audio"
)

// bodies returns all objects of a night by key.
func bodies(t *testing.T, n *Night) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for o := range n.Objects() {
		var b bytes.Buffer
		write(t, &b, o)
		all[o.Key] = b.Bytes()
	}
	return all
}

func TestEntriesNameTheirMediaWithSizeAndHash(t *testing.T) {
	n := withMedia(*small(Cdrmend, JSONLines, CSV))
	n.Rates[TruncatedBatch], n.Prefix = 0, "a/prefix/"
	all := bodies(t, n)
	named := map[string]bool{}
	for key, body := range all {
		if !strings.HasPrefix(key, "manifests/") {
			continue
		}
		for line := range bytes.Lines(body) {
			var e struct {
				MediaKey    string `json:"media_key"`
				MediaBytes  int    `json:"media_bytes"`
				MediaSHA256 string `json:"media_sha256"`
			}
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if e.MediaKey == "" { // left out on purpose
				continue
			}
			media, there := all[strings.TrimPrefix(e.MediaKey, n.Prefix)]
			sum := sha256.Sum256(media)
			if !there || len(media) != e.MediaBytes || hex.EncodeToString(sum[:]) != e.MediaSHA256 {
				t.Fatalf("an entry names %+v, and there are %d bytes: %t", e, len(media), there)
			}
			named[e.MediaKey] = true
		}
	}
	if len(named) < 400 {
		t.Errorf("%d media objects are named", len(named))
	}
}

// TestMediaHaveTheDefectsThatWerePlanted counts media objects by what their bytes are.
func TestMediaHaveTheDefectsThatWerePlanted(t *testing.T) {
	for _, n := range []*Night{withMedia(*small(Cdrmend, JSONLines, CSV)), withMedia(*small(GenesysCloud, Sidecars, Details)), withMedia(*small(Asterisk, Names, Headerless))} {
		n.Margins = false
		n.Rates[MetadataLost], n.Rates[Duplicate] = 0, 0
		planted, got := n.Planted(), map[string]int{}
		for key, body := range bodies(t, n) {
			wav := bytes.HasPrefix(body, []byte("RIFF"))
			switch {
			case !strings.HasSuffix(key, ".opus") && !strings.HasSuffix(key, ".wav"):
			case bytes.Equal(body, audio.ErrorPage()):
				got["no audio"]++
			case wav && len(body) == 44:
				got["no audio"]++
			case wav && body[22] == 1, !wav && body[28+9] == 1: // channels in the header
				got["one channel"]++
			case wav && string(body[36:40]) != "data", !wav && !bytes.HasPrefix(body, []byte("OggS")):
				t.Errorf("%s begins with %q", key, body[:8])
			}
		}

		want := map[string]int{"one channel": planted.Findings[Finding{"media_channels", ""}]}
		for _, c := range n.conversations() {
			if c.recorded() && c.filed() && (c.fate == MediaEmpty || c.fate == MediaHTML) {
				want["no audio"] += c.count
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || len(want) != 2 {
			t.Errorf("%s: media objects %v, want %v", n.name(), got, want)
		}
		if planted.Findings[Finding{"media_cut", ""}] < 10 || planted.Findings[Finding{"media_not_audio", ""}] == 0 {
			t.Errorf("%s: this proves little: %+v", n.name(), planted)
		}
	}
}

func (n *Night) conversations() (list []call) {
	_ = n.day(n.site(), 0).whole().calls(func(c *call) error {
		list = append(list, *c)
		return nil
	})
	return list
}

func TestNoNumberOfChannelsIsUsualOfFewRecordingsOrMixedOnes(t *testing.T) {
	for _, test := range []struct{ entries, mono, want int }{{19, 1, 0}, {20, 2, 2}, {20, 3, 0}, {200, 20, 20}, {200, 21, 0}} {
		p := Planted{Entries: test.entries, Findings: map[Finding]int{{"media_channels", ""}: test.mono}}
		p.channels()
		if got := p.Findings[Finding{"media_channels", ""}]; got != test.want {
			t.Errorf("%d of %d recordings have one channel: %d findings, want %d", test.mono, test.entries, got, test.want)
		}
	}
}

func TestTheConfigurationLooksIntoMediaThatAreWritten(t *testing.T) {
	for _, n := range nights() {
		config := string(n.Config("s3://b/x"))
		switch {
		case n.Media != strings.Contains(config, "media: {check: header"):
			t.Errorf("%s:\n%s", n.name(), config)
		case n.Media && n.Profile == Cdrmend && !strings.Contains(config, `url: "s3://b/x/audio-{date}/"`):
			t.Errorf("%s does not say where its media are:\n%s", n.name(), config)
		}
	}
}
