package ledger

import (
	"reflect"
	"time"

	"cdrmend/internal/token"
)

// ProductionFile is the name of the tag file that seals a production.
const ProductionFile = "production.json"

// ProductionFormat is the format of production.json.
const ProductionFormat = "cdrmend.production/1"

const productionType = "cdrmend-production+jws"

// Production is production.json: it vouches for the files of a production, and names the
// commits that it was made from.
type Production struct {
	Format   string     `json:"format"`
	Output   string     `json:"output"` // its id; empty for one of an earlier version
	Matter   string     `json:"matter"`
	Manifest string     `json:"manifest_sha256"` // of manifest-sha256.txt, which names every other file below data/
	Records  []Produced `json:"records"`
	Time     time.Time  `json:"time"` // of the newest of these records
	Tool     string     `json:"tool"` // that made the production
}

// Produced is a commit record that a production rests on.
type Produced struct {
	Interval string `json:"interval"`
	Number   int64  `json:"number"`
	SHA256   string `json:"sha256"`
}

// Seal encodes the production as its file, signed if there is a key.
func (p Production) Seal(key *token.Signer) ([]byte, error) {
	p.Format = ProductionFormat
	return seal(&p, productionType, key)
}

// IsSealedIn reports whether a file is the production as the key sealed it before. Its
// signature may have random parts, so that sealing again gives other bytes.
func (p Production) IsSealedIn(file []byte, key *token.Signer) bool {
	if len(file) == 0 || key == nil {
		return false
	}
	p.Format = ProductionFormat
	earlier, seal, err := OpenProduction(file, key.Public())
	return err == nil && seal.Signed && seal.Check == token.Verified && reflect.DeepEqual(*earlier, p)
}

// OpenProduction reads production.json. Keys are those that may have signed it, nil when none are known.
func OpenProduction(file []byte, keys *token.Keys) (*Production, Seal, error) {
	p := new(Production)
	seal, err := open(file, productionType, keys, p)
	if err != nil {
		return nil, seal, err
	}
	return p, seal, nil
}
