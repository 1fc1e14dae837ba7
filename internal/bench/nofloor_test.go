//go:build !goexperiment.jsonv2

package bench

import (
	"context"
	"errors"
)

func floor(context.Context, []string) error {
	return errors.New("the floor checks JSON by jsontext: build it with GOEXPERIMENT=jsonv2, as make bench does")
}
