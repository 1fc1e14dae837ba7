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
	what, next, _ := strings.Cut(t.Advice, ": ")
	if next == "" {
		next = "check again later"
	}
	text := strings.Replace(err.Error(), t.Advice, what, 1) // what to do stands by itself
	switch {
	case t.Permission != "":
		lacking := t.Permission + " on bucket " + bucket
		return Problem{
			Kind: Permission, Permission: lacking, Text: text,
			Next: "allow the job's role " + lacking + ", and the use of the bucket's KMS key",
		}
	case errors.Is(err, object.ErrArchived):
		return Problem{Kind: Archived, Text: err.Error(), Next: "restore the archived objects of the nights that you want to run"}
	case t.Settings:
		return Problem{Kind: Setting, Text: text, Next: next}
	case bucket == "" && errors.Is(err, fs.ErrNotExist):
		return Problem{Kind: Setting, Text: err.Error(), Next: "correct the URL, or mount the directory"}
	case bucket == "" && errors.Is(err, fs.ErrPermission):
		return Problem{Kind: Permission, Text: err.Error(), Next: "allow the job's user to read the directory"}
	case bucket == "":
		return Problem{Kind: Unreachable, Text: err.Error(), Next: "see the error of the file system, then check again"}
	}

	return Problem{Kind: Unreachable, Text: text, Next: next}
}
