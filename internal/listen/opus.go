package listen

import (
	"errors"
	"fmt"
	"math"

	"github.com/pion/opus"
)

// opusRate is what Opus counts in, whatever was recorded.
const opusRate = 48000

// opusMoments is the longest packet, of 120 ms.
const opusMoments = opusRate * 120 / 1000

// decodeOpus follows RFC 7845.
func decodeOpus(in *input, m *meter) error {
	o := newOgg(in, m, "OpusHead")
	channels, gain, err := opusHead(o)
	if err != nil {
		return err
	}
	if _, err := o.next(); err != nil { // comments
		return o.unfinished(err)
	}
	m.begin(opusRate, channels)
	o.mark()

	decoder, err := opus.NewDecoderWithOutput(opusRate, channels)
	if err != nil {
		return err
	}
	room := make([]float32, opusMoments*channels)
	return o.sound(func(packet []byte) ([]float32, error) {
		n, err := decoder.DecodeToFloat32(packet, room)
		if err != nil {
			return nil, err
		}
		samples := room[:n*channels]
		if gain != 1 {
			for i := range samples {
				samples[i] *= gain
			}
		}
		return samples, nil
	})
}

// opusHead reads the first packet: the channels, and by how much all samples are
// amplified. Moments that only start the decoder do not count.
func opusHead(o *ogg) (channels int, gain float32, err error) {
	head, err := o.next()
	if err != nil {
		return 0, 0, o.unfinished(err)
	}
	if len(head) < 19 || head[8]>>4 != 0 || head[9] == 0 {
		return 0, 0, damaged(o.pageAt)
	}

	// A family other than 0 tells how several Opus streams make one sound. One
	// stream of one or two channels is the same in all.
	channels = int(head[9])
	family := head[18]
	single := family != 0 && len(head) >= 21 && head[19] == 1 && int(head[20]) == channels-1
	if channels > 2 || family != 0 && !single {
		return 0, 0, stop(fmt.Sprintf("opus with %d channels of family %d is not decoded", channels, family))
	}

	o.m.skip = int64(little.Uint16(head[10:]))
	gain = float32(math.Pow(10, float64(int16(little.Uint16(head[16:])))/(20*256)))
	return channels, gain, nil
}

// unfinished says that the stream ends within its header.
func (o *ogg) unfinished(err error) error {
	if s := stop(""); errors.As(err, &s) {
		return err
	}
	return cutOff(o.in.at)
}
