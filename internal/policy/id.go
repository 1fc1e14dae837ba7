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

// Normal returns the subject with its ids in normal form.
func (s AcceptedSubject) Normal(texts *intern.Table) AcceptedSubject {
	for _, id := range []*string{&s.Org, &s.Conversation, &s.Recording} {
		*id = texts.String(ID(texts, *id))
	}
	return s
}

// Fits reports whether the subject of a finding is one that s accepts. Both have their
// ids in normal form.
func (s AcceptedSubject) Fits(about AcceptedSubject) bool {
	fits := func(wanted, is string) bool { return wanted == "" || wanted == is }
	return fits(s.Class, about.Class) && fits(s.Org, about.Org) && fits(s.Conversation, about.Conversation) && fits(s.Recording, about.Recording)
}
