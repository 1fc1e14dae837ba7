package sample

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

	var site strings.Builder
	for _, t := range trunks {
		fmt.Fprintf(&site, "#   %s  %s (%d lines)\n", t.id, t.name, len(t.lines))
	}

	return fmt.Appendf(nil, config,
		site.String(),
		Org,
		below("recordings/{org}/year={year}/month={month}/day={day}/hour={hour}/"),
		Org,
		below("standby/date={date}/"),
		below("cdr/date={date}/"),
		below("gateway/date={date}/"),
		below("registrations/date={date}/"),
		below("out/"),
		queues[declinedQueue],
	)
}

// Names returns what people call the organisation, trunks and queues, as the file that
// policy.names names.
func (n *Night) Names() []byte {
	text := []byte("kind,id,name\norganisation," + Org + ",Contact centre north\n")
	for _, t := range trunks {
		text = fmt.Appendf(text, "trunk,%s,%s\n", t.id, t.name)
	}
	for i, id := range queues {
		text = fmt.Appendf(text, "queue,%s,%s\n", id, queueNames[i])
	}
	return text
}

// The last section is policy, so that a caller can add to it.
const config = `# The sample night: one day of a contact centre with three trunks,
%sname: demo
org: %s
sources:
  manifests:
    - name: genesys
      url: %s
      org: %s
      profile: genesys-cloud
      settle: 0s # the sample is complete; a real export may deliver for 48 h, which is the default
    - name: standby # recorder of the Leeds gateway
      url: %s
      profile: cdrmend
  cdrs:
    - name: cdr
      url: %s
      profile: genesys-conversation-detail
    - name: gateway # of Leeds; it knows the line of each call
      url: %s
      profile: cdrmend
  registrations:
    - name: registrar
      url: %s
      profile: http-client-log
media: {check: header} # the beginning of each recording is read
output:
  url: %s
policy:
  required_scopes: ["sip:manage"]
  exclusions:
    - {reason: internal call, direction: internal}
    # The IVR puts callers who decline to be recorded into a queue of their own.
    - {reason: caller declined, queue: %s, forbid: true}
`
