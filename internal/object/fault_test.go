package object

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestFileSystemErrorsSayWhatToDo(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC:       "the disk is full: free space",
		syscall.EDQUOT:       "the disk is full: free space",
		syscall.EROFS:        "read-only",
		syscall.EACCES:       "access is denied",
		syscall.ENAMETOOLONG: "too long",
		syscall.ENOTDIR:      "parent of another",
		syscall.EIO:          "write /a:",
	} {
		err := fmt.Errorf("creating: %w", explain(&os.PathError{Op: "write", Path: "/a", Err: errno}))
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v is told as %q, want %q in it", errno, err, want)
		}
	}
}

func TestEncodedKeysAreDecodedOnlyWhenTheServerEncodes(t *testing.T) {
	for _, test := range []struct {
		key  string
		enc  types.EncodingType
		want string
	}{
		{"a%2Bb+c%01%E6%97%A5/d", types.EncodingTypeUrl, "a+b c\x01日/d"},
		{"a%2Bb+c", "", "a%2Bb+c"},
	} {
		if got, err := decodeKey(&test.key, test.enc); err != nil || got != test.want {
			t.Errorf("decodeKey(%q, %q) = %q, %v, want %q", test.key, test.enc, got, err, test.want)
		}
	}
	if got, err := decodeKey(aws.String("%zz"), types.EncodingTypeUrl); err == nil {
		t.Errorf("a key that is not encoded decodes to %q", got)
	}
}

func TestArchivedIsWhatHasToBeRestored(t *testing.T) {
	restored := &types.RestoreStatus{RestoreExpiryDate: aws.Time(time.Unix(1, 0)), IsRestoreInProgress: aws.Bool(false)}
	under := &types.RestoreStatus{IsRestoreInProgress: aws.Bool(true)}
	for _, test := range []struct {
		class  string
		status *types.RestoreStatus
		want   bool
	}{
		{"STANDARD", nil, false},
		{"", nil, false},
		{"GLACIER_IR", nil, false},
		{"GLACIER", nil, true},
		{"DEEP_ARCHIVE", nil, true},
		{"GLACIER", under, true},
		{"GLACIER", restored, false},
	} {
		if got := archived(test.class, test.status); got != test.want {
			t.Errorf("archived(%q, %+v) = %t, want %t", test.class, test.status, got, test.want)
		}
	}
}
