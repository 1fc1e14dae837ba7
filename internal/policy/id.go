package policy

import "cdrmend/internal/record"

// ID returns an id of the configuration, or of a command, in the normal form
// that ids of records have. No profile applies to it.
func ID(texts *record.Texts, written string) record.Text {
	n := record.Normalizer{Profile: &record.Profile{}, Texts: texts}
	id, _ := n.ID(record.Value{Kind: record.Cell, Raw: []byte(written)})
	return id
}
