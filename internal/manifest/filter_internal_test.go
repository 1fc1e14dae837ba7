package manifest

import (
	"reflect"
	"testing"

	"cdrmend/internal/intern"
)

// A text that is missing in the list would become another one when its row passes
// the filter.
func TestTextsAreAllTextsOfRow(t *testing.T) {
	var e Row
	for _, text := range e.texts() {
		*text = 1
	}
	for _, fields := range []reflect.Value{reflect.ValueOf(e.Entry), reflect.ValueOf(e.Particulars)} {
		for i := range fields.NumField() {
			if text, ok := fields.Field(i).Interface().(intern.Text); ok && text != 1 {
				t.Errorf("%s is not among the texts", fields.Type().Field(i).Name)
			}
		}
	}
}
