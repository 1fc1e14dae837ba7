package sample

// Org is the organisation that everything in the night belongs to.
const Org = "6f0a7c52-3e1d-4b8a-9c47-d2b15e8f6a30"

// sandboxOrg is the organisation that a wrong token was issued for.
const sandboxOrg = "0b9d4e17-85c2-4f6e-a1d3-7e5f20c8b964"

// trunk is one SIP trunk of the site, with the client that registers its
// lines. Each client has a service account of its own.
type trunk struct {
	id, name string
	share    int  // of the calls, in percent
	refresh  int  // the minute of each hour in which its client gets a new token
	opaque   bool // its tokens cannot be read, like those of the platform; the others come from a gateway that logs their claims
	sessions bool // the metadata of its recordings names the session
	gateway  bool // its gateway writes the call detail records, with the line of each call, and has a standby recorder
	lines    []string
}

// The trunks.
const (
	frankfurt = iota
	dublin
	leeds
)

var trunks = [...]trunk{
	frankfurt: {
		id: "3c9e1a74-52d8-4e0b-8f16-a97d403be215", name: "frankfurt", share: 50, refresh: 5, sessions: true,
		lines: []string{
			"a1f47d0e-9c35-4b62-b8e0-15d2c6937f4a",
			"a2c80b5f-176e-4d93-9a41-e3f75d08b26c",
			"a3d92e61-48fa-4c07-8b5d-70c1e6a4f938",
		},
	},
	dublin: {
		id: "71b5f0c8-e64a-4d29-a3f7-0c8e5d92b416", name: "dublin", share: 32, refresh: 25, opaque: true,
		lines: []string{
			"b1e63c9a-05d7-4f18-92cb-d84a7f1e3065",
			"b2f7a41d-6b80-4e5c-8d39-2a96c0e5f71b",
			"b3086d5e-f29c-4a74-b1e8-5d3f947c0a26",
		},
	},
	leeds: {
		id: "d84f2b16-07a9-4c5e-b9d1-63e0f8a7c52d", name: "leeds", share: 18, refresh: 8, sessions: true, gateway: true,
		lines: []string{
			"c1a95f38-7d42-4be6-8c0f-9e61d7b3f405",
			"c2b0e7d4-83f1-4960-a5cd-04f8e29b6d13",
		},
	},
}

// trunkFor returns the trunk for a number from 0 to 99.
func trunkFor(percent int) int {
	for i, t := range trunks {
		if percent -= t.share; percent < 0 {
			return i
		}
	}
	return len(trunks) - 1
}

// queues are those in which callers wait. Calls of the last one are not to be
// recorded: the IVR puts callers into it who do not want that.
var queues = [...]string{
	"e7c40b92-1d5f-4a38-96e0-58b3f21d7c64",
	"e81f6d3a-b702-4c95-8e4b-0a97d5c3f126",
	"e9d25a07-64c8-4f1b-a3d9-7b10e8f4c53d",
}

var queueNames = [len(queues)]string{"orders", "service", "no recording wanted"}

const declinedQueue = len(queues) - 1
