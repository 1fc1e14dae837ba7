package synth

import (
	"fmt"
	"slices"
	"strings"
)

// Defect is one kind of thing that can be wrong with a night.
type Defect uint8

// Defects of a whole conversation. A conversation has at most one of them, so
// their rates add up to at most 1.
const (
	Internal Defect = iota
	Unrecorded
	Lost
	Short
	Duplicate
	Conflict
	NoCDR
	MissingID
	MissingEnd
	Invalid
	MetadataLost
	TruncatedSidecar
	MediaLost
	MediaEmpty
	MediaHTML
	MediaCut
	MediaShort
	MediaMono
	Unanswered
	Withdrawn
	NoVoice
	fates // how many there are

	// Defects of entries, conversations, rows and documents. They are independent
	// of those above and of each other.
	MissingTrunk = Defect(iota - 1)
	Superseded
	Rejected
	TruncatedBatch
	ExportFailed
	NumDefects
)

// sound is the fate of a conversation without a defect.
const sound = fates

// defects holds for each defect its name, what its rate counts, and the formats
// in which it occurs (empty: all).
var defects = [NumDefects]struct{ name, text, formats string }{
	Internal:         {"internal", "legs of internal calls, which are not recorded", ""},
	Unrecorded:       {"unrecorded", "legs that the source did not record", ""},
	Lost:             {"lost", "legs whose recording was never delivered", ""},
	Short:            {"short", "legs whose recording stops early", ""},
	Duplicate:        {"duplicate", "legs whose recording was delivered twice", ""},
	Conflict:         {"conflict", "legs whose recording contradicts itself", ""},
	NoCDR:            {"no-cdr", "legs that no CDR tells of", ""},
	MissingID:        {"missing-id", "legs whose recording lacks its own or its conversation's id", ""},
	MissingEnd:       {"missing-end", "legs whose recording lacks its end", ""},
	Invalid:          {"invalid", "legs whose recording has a duration that does not parse", ""},
	MetadataLost:     {"metadata-lost", "legs whose media object has no metadata", Sidecars},
	TruncatedSidecar: {"truncated", "legs whose sidecar is cut", Sidecars},
	MediaLost:        {"media-lost", "legs whose sidecar has no media object; needs --media", Sidecars},
	MediaEmpty:       {"media-empty", "legs whose media object is a WAV header alone; needs --media", ""},
	MediaHTML:        {"media-html", "legs whose media object is an error page; needs --media", ""},
	MediaCut:         {"media-cut", "legs whose media object ends in the middle; needs --media", ""},
	MediaShort:       {"media-short", "legs whose media last half as long as their metadata say; needs --media", ""},
	MediaMono:        {"media-one-channel", "legs whose media have one channel, not two; needs --media", ""},
	Unanswered:       {"unanswered", "calls that nobody answered; in vendors' files", vendorsFiles},
	Withdrawn:        {"withdrawn", "calls whose recording was deleted or never made, as the vendor says", vendorsFiles},
	NoVoice:          {"no-voice", "contacts that are chats or tasks, which are no calls", vendorsFiles},
	MissingTrunk:     {"missing-trunk", "entries without trunk", ""},
	Superseded:       {"superseded", "conversations that were told twice", ""},
	Rejected:         {"rejected", "legs before which a CDR row is broken", CSV},
	TruncatedBatch:   {"truncated-batch", "manifests that are cut", JSON + " " + JSONLines},
	ExportFailed:     {"export-failed", "manifests that tell of failed exports", JSON},
}

// ofMedia reports whether a defect is one of media objects.
func (d Defect) ofMedia() bool { return MediaLost <= d && d <= MediaMono }

// vendorsFiles is the format of defects that each vendor has or has not.
const vendorsFiles = "vendor"

func (d Defect) String() string { return defects[d].name }

// Text describes what the defect's rate counts.
func (d Defect) Text() string { return defects[d].text }

// Has reports whether a defect occurs in the night's formats.
func (n *Night) Has(d Defect) bool {
	if v := vendorOf(n.Profile); v != nil {
		return slices.Contains(v.defects, d)
	}
	in := strings.Fields(defects[d].formats)

	return len(in) == 0 || slices.Contains(in, n.Manifests) || slices.Contains(in, n.CDRs)
}

// Rates are the rates of all defects, from 0 to 1.
type Rates [NumDefects]float64

// Usual are the rates of an ordinary night: some of every common defect.
var Usual = Rates{
	Internal: 0.04, Unrecorded: 0.02, Lost: 0.002, Short: 0.001, Duplicate: 0.002, Conflict: 0.0005, NoCDR: 0.001,
	MissingID: 0.003, MissingEnd: 0.003, Invalid: 0.0005, MetadataLost: 0.001, TruncatedSidecar: 0.001,
	MissingTrunk: 0.02, Superseded: 0.01, Unanswered: 0.1, Withdrawn: 0.01, NoVoice: 0.05,
}

// check reports rates that no night can have.
func (r *Rates) check() error {
	sum := 0.0
	for d, rate := range r {
		// NoVoice this way round, the condition also refuses NaN.
		if !(rate >= 0 && rate <= 1) {
			return fmt.Errorf("the rate of %s is %v: it must be from 0 to 1", Defect(d), rate)
		}
		if d < int(fates) {
			sum += rate
		}
	}

	// Sums of decimal fractions are not exact, so a little more than 1 is allowed.
	if sum > 1+1e-9 {
		return fmt.Errorf("the rates from %s to %s add up to %v: one conversation has one of these defects at most", Internal, fates-1, sum)
	}

	return nil
}

// fate returns the defect of a conversation for a random number from 0 to 1:
// each defect owns a part of that range as long as its rate.
func (r *Rates) fate(at float64) Defect {
	for d, rate := range r[:fates] {
		if at -= rate; at < 0 {
			return Defect(d)
		}
	}
	return sound
}
