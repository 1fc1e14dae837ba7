package cdr

import (
	"reflect"
	"testing"

	"cdrmend/internal/intern"
)

// A text that is missing there would stand for another one as soon as its row
// has passed the sieve.
func TestTextsAreAllTextsOfLeg(t *testing.T) {
	var l Leg
	for _, text := range l.texts() {
		*text = 1
	}
	fields := reflect.ValueOf(l)
	for i := range fields.NumField() {
		if text, ok := fields.Field(i).Interface().(intern.Text); ok && text != 1 {
			t.Errorf("%s is not among the texts", fields.Type().Field(i).Name)
		}
	}
}
