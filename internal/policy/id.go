package policy

import (
	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
)

// ID returns an id of the configuration, or of a command, in the normal form
// that ids of records have. No profile applies to it.
func ID(texts *intern.Table, written string) intern.Text {
	n := profile.Normalizer{Profile: &profile.Profile{}, Texts: texts}
	id, _ := n.ID(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(written)})
	return id
}
