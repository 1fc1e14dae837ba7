package object

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// fault is a failed request: advice on what to do about it, and the server's or
// the network's own words.
type fault struct {
	advice string // may be empty
	status int    // of the answer; 0 without one
	code   string // of the answer
	cause  error

	permission string // that the request needs
}

// Trouble is what a failed request says of its cause.
type Trouble struct {
	Permission string // the action that access was denied for, such as s3:ListBucket; empty if that is not the cause
	Advice     string // what is wrong and what to do about it; may be empty
	Settings   bool   // a wrong setting, missing access or refused credentials: trying again does not help
}

// TroubleOf returns what an error of a store says of its cause, the zero value if it
// says nothing.
func TroubleOf(err error) Trouble {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return Trouble{}
	}

	t := Trouble{Advice: f.advice}
	if f.denied() {
		t.Permission = f.permission
	}
	switch {
	case t.Permission != "", f.code == "NoSuchBucket", f.code == "RequestTimeTooSkewed", f.advice == adviceRefused, f.advice == adviceNoCredentials, f.elsewhere(), untrusted(f.cause):
		t.Settings = true
	}
	return t
}

// CodeArchived is the code of an object that has to be restored before it can be read.
const CodeArchived = "InvalidObjectState"

// codeDenied is the code of an object that may not be read, where the store has no other.
const codeDenied = "AccessDenied"

// codeKMSBusy is the code of a read for which KMS was asked too often.
const codeKMSBusy = "KMS.ThrottlingException"

// isCode matches codes of S3 and KMS. What else an answer has in the place of a code may be
// anything, and reports show codes to everybody.
var isCode = regexp.MustCompile(`^[A-Za-z]+(\.[A-Za-z]+)?$`)

// kmsKey finds the name of a KMS key in an answer.
var kmsKey = regexp.MustCompile(`arn:aws[a-z-]*:kms:[a-z0-9-]+:\d*:(key|alias)/[A-Za-z0-9/_-]+`)

// Unreadable reports whether an error says that the store does not let one object be
// read: that it is denied, that its key may not be used, or that it is archived. It
// returns the store's code, and the KMS key that the answer names.
func Unreadable(err error) (code, key string, ok bool) {
	f, isFault := errors.AsType[*fault](err)
	if !isFault {
		return codeDenied, "", errors.Is(err, fs.ErrPermission)
	}
	if f.code == CodeArchived || f.undecryptable() || f.denied() {
		code = f.code
		if !isCode.MatchString(code) {
			code = codeDenied
		}
		return code, kmsKey.FindString(f.cause.Error()), true
	}
	return "", "", false
}

// denied reports whether the request was understood and is not allowed.
func (f *fault) denied() bool {
	if f.status != http.StatusForbidden && f.status != http.StatusUnauthorized {
		return false
	}
	return f.code != "InvalidObjectState" && f.code != "RequestTimeTooSkewed" && f.advice != adviceRefused && !f.elsewhere()
}

// undecryptable reports whether the key of the object may not be used. A KMS that fails or
// is too busy says nothing about the key.
func (f *fault) undecryptable() bool {
	return strings.HasPrefix(f.code, "KMS.") && f.code != codeKMSBusy && f.status < http.StatusInternalServerError
}

// elsewhere reports whether the bucket is in another region.
func (f *fault) elsewhere() bool {
	switch f.code {
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return true
	}
	return f.status == http.StatusMovedPermanently
}

func (f *fault) Error() string {
	if f.advice == "" {
		return f.cause.Error()
	}
	return f.advice + ": " + f.cause.Error()
}

func (f *fault) Unwrap() error { return f.cause }

func (f *fault) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return f.code == "NoSuchBucket"
	case fs.ErrPermission:
		denied := f.status == http.StatusForbidden || f.status == http.StatusUnauthorized
		return denied && f.code != "InvalidObjectState" || f.advice == adviceNoCredentials
	case ErrArchived:
		return f.code == "InvalidObjectState"
	}
	return false
}

// newFault wraps the error of a request that needs the given permission; nil
// stays nil.
func newFault(err error, permission string) error {
	if err == nil {
		return nil
	}

	f := &fault{cause: shortest(err), permission: permission}
	region := ""
	if resp, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		f.status = resp.HTTPStatusCode()
		region = resp.HTTPResponse().Header.Get("X-Amz-Bucket-Region")
	}

	if api, ok := errors.AsType[smithy.APIError](err); ok {
		f.code = api.ErrorCode()
	}

	f.advice = f.advise(permission, region)
	return f
}

const (
	adviceNoCredentials = "no usable AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role"
	adviceBusy          = "the server is still too busy after many attempts: lower concurrency or run again later"
	adviceRefused       = "the credentials are refused: renew or correct them"
)

func (f *fault) advise(permission, region string) string {
	if brokenOff(f.cause) {
		return "the answers break off: check the network and run again"
	}

	switch f.code {
	case "NoSuchBucket":
		return "the bucket does not exist: create it or correct the URL"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
		return adviceRefused
	case "RequestTimeTooSkewed":
		return "the clock of this machine is wrong: set it"
	case "InvalidObjectState":
		return "the object is archived: restore it and run again"
	case codeKMSBusy:
		return adviceBusy
	case "EntityTooLarge", "KeyTooLongError", "NoSuchKey":
		return ""
	}
	if f.elsewhere() {
		return elsewhere(region)
	}

	switch f.status {
	case 0, http.StatusOK:
		return f.adviseUnanswered()
	case http.StatusConflict:
		return "somebody else is writing there: run again when nothing else does"
	case http.StatusForbidden, http.StatusUnauthorized:
		return fmt.Sprintf("access is denied: allow the job's role %s and the use of the bucket's KMS key", permission)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return adviceBusy
	}

	if f.status >= http.StatusInternalServerError {
		return "the server failed at every attempt: run again later"
	}
	return ""
}

func elsewhere(region string) string {
	if region == "" {
		return "the bucket is in another region: set s3.region"
	}
	return fmt.Sprintf("the bucket is in another region: set s3.region to %q", region)
}

func (f *fault) adviseUnanswered() string {
	if untrusted(f.cause) {
		return "the certificate of the endpoint is not trusted: name the file of its CA in AWS_CA_BUNDLE"
	}
	if _, ok := errors.AsType[net.Error](f.cause); ok {
		return "the endpoint cannot be reached: check the endpoint, the region and the network"
	}
	return ""
}

func untrusted(err error) bool {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return authority || host || invalid
}

// brokenOff reports whether an answer ended early or never began. The SDK
// reports a listing that was cut off as one that it cannot decode.
func brokenOff(err error) bool {
	_, unreadable := errors.AsType[*smithy.DeserializationError](err)
	return unreadable || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// mismatched reports whether bytes do not match the server's checksum of them.
// The SDK exports no error type for that.
func mismatched(err error) bool { return strings.Contains(err.Error(), "checksum did not match") }

// shortest strips what the SDK wraps around the server's or the network's
// words.
func shortest(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api
	}
	if send, ok := errors.AsType[*url.Error](err); ok {
		return send.Err
	}
	return err
}

// refused reports whether a conditional write found its key taken. An upload
// that no longer exists counts too: either its completion succeeded and the
// answer was lost, or somebody else removed it. What the key holds shows which.
func refused(err error) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && (f.status == http.StatusPreconditionFailed || f.code == "NoSuchUpload")
}

// gone reports whether a read did not find the object that it was pinned to.
func gone(err error) bool {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return false
	}
	switch f.code {
	case "NoSuchKey", "NoSuchVersion", "NotFound":
		return true
	}
	return f.status == http.StatusPreconditionFailed
}
