package manifest

import (
	"reflect"
	"testing"

	"cdrmend/internal/intern"
)

// A text that is missing in the list would become another one when its row passes
// the filter.
func TestTextsAreAllTextsOfEntry(t *testing.T) {
	var e Entry
	for _, text := range e.texts() {
		*text = 1
	}
	fields := reflect.ValueOf(e)
	for i := range fields.NumField() {
		if text, ok := fields.Field(i).Interface().(intern.Text); ok && text != 1 {
			t.Errorf("%s is not among the texts", fields.Type().Field(i).Name)
		}
	}
}
