package check

import (
	"errors"
	"io/fs"
	"strings"

	"cdrmend/internal/object"
)

// problemOf says what an error of a store means for who sets up a job. Bucket is empty
// for a directory.
func problemOf(err error, bucket string) Problem {
	t := object.TroubleOf(err)
	switch {
	case t.Permission != "":
		lacking := t.Permission + " on bucket " + bucket
		return Problem{
			Kind: Permission, Permission: lacking, Text: err.Error(),
			Next: "allow the job's role " + lacking + ", and the use of the bucket's KMS key",
		}
	case errors.Is(err, object.ErrArchived):
		return Problem{Kind: Archived, Text: err.Error(), Next: "restore the archived objects of the nights that you want to run"}
	case t.Settings:
		return Problem{Kind: Setting, Text: err.Error(), Next: afterColon(t.Advice)}
	case bucket == "" && errors.Is(err, fs.ErrNotExist):
		return Problem{Kind: Setting, Text: err.Error(), Next: "correct the URL, or mount the directory"}
	case bucket == "" && errors.Is(err, fs.ErrPermission):
		return Problem{Kind: Permission, Text: err.Error(), Next: "allow the job's user to read the directory"}
	case bucket == "":
		return Problem{Kind: Unreachable, Text: err.Error(), Next: "see the error of the file system, then check again"}
	}

	next := afterColon(t.Advice)
	if next == "" {
		next = "check again later"
	}
	return Problem{Kind: Unreachable, Text: err.Error(), Next: next}
}

// afterColon returns what an advice says to do: it follows what is wrong.
func afterColon(advice string) string {
	_, next, found := strings.Cut(advice, ": ")
	if !found {
		return advice
	}
	return next
}
