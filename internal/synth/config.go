package synth

import (
	"fmt"
	"strconv"
	"strings"
)

// Config returns the configuration that runs the night. The base is where its
// objects lie: an s3:// URL, or a directory relative to the configuration
// file, empty for the directory of the file itself. Results go to out/ below
// the base.
func (n *Night) Config(base string) []byte {
	if base = strings.TrimSuffix(base, "/"); base != "" {
		base += "/"
	}
	below := func(path string) string { return strconv.Quote(base + path) }
	if v := vendorOf(n.Profile); v != nil {
		return n.vendorConfig(v, below)
	}

	s := n.site()
	manifests, log, media := "manifests/date={date}/", Cdrmend, "none"
	if n.Profile == GenesysCloud {
		manifests, log = "recordings/{org}/year={year}/month={month}/day={day}/hour={hour}/", "http-client-log"
	}

	if n.Media {
		media = "header"
		if n.Profile == Cdrmend { // others lie among the sidecars
			media += ", url: " + below("audio-{date}/")
		}
	}
	cdrs := Cdrmend
	if n.CDRs == Details {
		cdrs = "genesys-conversation-detail"
	}

	hour := ""
	if n.Hourly {
		hour = "hour={hour}/"
		manifests += hour
	}
	comment, settle := "It is complete as it is: no source settles later.", "0s"
	if n.Late > 0 {
		comment, settle = n.settles(), "48h"
	}

	return fmt.Appendf(nil, config, comment, s.org[:], below(manifests), s.org[:], n.Profile, settle, below("cdr/date={date}/"+hour), cdrs,
		below("registrations/date={date}/"+hour), log, media, below("out/"), s.queues[unrecordedQueue][:])
}

const config = `# A synthetic night. %s
name: synth
org: %s
sources:
  manifests:
    - name: export
      url: %s
      org: %s
      profile: %s
      settle: %s
  cdrs:
    - name: cdr
      url: %s
      profile: %s
  registrations:
    - name: registrar
      url: %s
      profile: %s
media: {check: %s}
output:
  url: %s
policy:
  exclusions:
    - {reason: internal call, direction: internal}
    - {reason: not to be recorded, queue: %s}
`
