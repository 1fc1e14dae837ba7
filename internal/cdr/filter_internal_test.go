package cdr

import (
	"reflect"
	"testing"

	"cdrmend/internal/intern"
)

// A text that is missing in the list would become another one when its row passes
// the filter.
func TestTextsAreAllTextsOfLeg(t *testing.T) {
	var l Leg
	for _, text := range l.texts() {
		*text = 1
	}
	leg := reflect.ValueOf(l)
	for _, field := range reflect.VisibleFields(leg.Type()) {
		if text, ok := leg.FieldByIndex(field.Index).Interface().(intern.Text); ok && text != 1 {
			t.Errorf("%s is not among the texts", field.Name)
		}
	}
}
