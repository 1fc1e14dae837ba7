package object_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
)

// wantMessage checks that an error is one line that says what to do.
func wantMessage(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	t.Log(err)
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the message is %q, want %q in it", err, part)
		}
	}
	for _, no := range []string{"\n", "testsecret", "RequestID", "exceeded maximum number of attempts"} {
		if strings.Contains(err.Error(), no) {
			t.Errorf("the message is %q, want no %q in it", err, no)
		}
	}
}

func gatewayStore(t *testing.T, opts objecttest.GatewayOptions, bucket string) (*objecttest.Server, object.Store) {
	t.Helper()
	server := objecttest.Gateway(t, opts)
	server.Setenv(t)
	server.Bucket(t, "bucket", objecttest.Plain)
	return server, mustOpen(t, object.OpenQuick, object.Location{Bucket: bucket}, object.Options{})
}

func TestMissingBucketDoesNotExist(t *testing.T) {
	_, store := gatewayStore(t, objecttest.GatewayOptions{}, "no-such-bucket")
	_, listErr := listKeys(t, store, "a/")
	_, openErr := store.Open(t.Context(), object.Info{Key: "a", ETag: "b", Size: 1}, 0)
	createErr := store.Create(t.Context(), "a", object.ContentOf(nil))
	for _, err := range []error{listErr, openErr, createErr} {
		if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, object.ErrChanged) {
			t.Errorf("in a missing bucket: %v, want fs.ErrNotExist", err)
		}
		wantMessage(t, err, "s3://no-such-bucket/a", "does not exist", "create it")
	}
}

func TestRefusedCredentialsSaySo(t *testing.T) {
	gatewayStore(t, objecttest.GatewayOptions{}, "bucket")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "bucket"}, object.Options{})
	_, err := listKeys(t, store, "")
	wantMessage(t, err, "s3://bucket/", "credentials are refused")
}

func TestMissingCredentialsShowWhenTheStoreIsOpened(t *testing.T) {
	for _, kv := range (&objecttest.Server{}).Env() {
		key, value, _ := strings.Cut(kv, "=")
		t.Setenv(key, value)
	}
	_, err := object.Open(t.Context(), object.Location{Bucket: "bucket"}, object.Options{})
	wantMessage(t, err, "no usable AWS credentials", "AWS_ACCESS_KEY_ID")
}

func TestUnreachableEndpointSaysSo(t *testing.T) {
	server, store := gatewayStore(t, objecttest.GatewayOptions{}, "bucket")
	server.Stop()
	_, err := listKeys(t, store, "")
	wantMessage(t, err, "endpoint cannot be reached", "connection refused")
}

func TestUntrustedCertificateFailsAtOnceAndSaysSo(t *testing.T) {
	gatewayStore(t, objecttest.GatewayOptions{TLS: true}, "bucket")
	if err := os.Unsetenv("AWS_CA_BUNDLE"); err != nil {
		t.Fatal(err)
	}
	store := mustOpen(t, object.Open, object.Location{Bucket: "bucket"}, object.Options{})
	_, err := listKeys(t, store, "")
	wantMessage(t, err, "AWS_CA_BUNDLE")
}

func TestAnswersThatAnOperatorCanActOnSayHow(t *testing.T) {
	f := openFaulty(t, http.MethodGet)
	info := f.put([]byte("data"))
	elsewhere := func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
		answer(301, "PermanentRedirect")(w, r, server)
	}
	for _, test := range []struct {
		fault fault
		is    error
		want  []string
	}{
		{answer(403, "InvalidObjectState"), object.ErrArchived, []string{"archived", "restore it"}},
		{answer(403, "AccessDenied"), nil, []string{"access is denied", "s3:GetObject"}},
		{answer(403, "InvalidAccessKeyId"), nil, []string{"credentials are refused"}},
		{answer(403, "ExpiredToken"), nil, []string{"credentials are refused"}},
		{answer(403, "RequestTimeTooSkewed"), nil, []string{"clock"}},
		{elsewhere, nil, []string{"another region", `"eu-west-1"`}},
		{answer(404, "NoSuchKey"), object.ErrChanged, nil},
		{answer(412, "PreconditionFailed"), object.ErrChanged, nil},
	} {
		f.arm(test.fault)
		_, err := f.read(info)
		if test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("reading gives %v, want %v", err, test.is)
		}
		wantMessage(t, err, append(test.want, `reading "s3://bucket/key": `)...)
	}
	busy := answer(503, "SlowDown")
	f.arm(busy, busy, busy, busy, busy, busy)
	_, err := f.read(info)
	wantMessage(t, err, "too busy", "concurrency")
}

func TestTroubleTellsSettingsFromFailures(t *testing.T) {
	f := openFaulty(t, http.MethodGet)
	info := f.put([]byte("data"))
	versioned := info
	versioned.VersionID = "v"
	busy := answer(503, "SlowDown")
	for _, test := range []struct {
		faults     []fault
		info       object.Info
		permission string
		settings   bool
	}{
		{[]fault{answer(403, "AccessDenied")}, info, "s3:GetObject", true},
		{[]fault{answer(403, "AccessDenied")}, versioned, "s3:GetObjectVersion", true},
		{[]fault{answer(403, "InvalidObjectState")}, info, "", false},
		{[]fault{answer(403, "ExpiredToken")}, info, "", true},
		{[]fault{answer(403, "RequestTimeTooSkewed")}, info, "", true},
		{[]fault{answer(400, "AuthorizationHeaderMalformed")}, info, "", true},
		{[]fault{busy, busy, busy, busy, busy, busy}, info, "", false},
	} {
		f.arm(test.faults...)
		_, err := f.read(test.info)
		got := object.TroubleOf(err)
		if err == nil || got.Permission != test.permission || got.Settings != test.settings {
			t.Errorf("%v is %+v, want %q, %v", err, got, test.permission, test.settings)
		}
	}
	if got := object.TroubleOf(fs.ErrNotExist); got != (object.Trouble{}) {
		t.Errorf("an error that is not of a bucket is %+v", got)
	}
}

// What only says that the store or KMS is busy or fails now is no property of an object:
// then a run fails, and is repeated, before anybody is told that audio cannot be read.
func TestOnlyWhatStaysSoMakesAnObjectUnreadable(t *testing.T) {
	f := openFaulty(t, http.MethodGet)
	info := f.put([]byte("data"))
	for _, test := range []struct {
		status     int
		code       string
		unreadable bool
	}{
		{403, "AccessDenied", true},
		{403, "InvalidObjectState", true},
		{400, "KMS.DisabledException", true},
		{400, "KMS.KMSInvalidStateException", true},
		{400, "KMS.NotFoundException", true},
		{400, "KMS.ThrottlingException", false},
		{503, "KMS.ThrottlingException", false},
		{503, "KMS.DependencyTimeoutException", false},
		{500, "KMS.KMSInternalException", false},
		{503, "SlowDown", false},
		{403, "ExpiredToken", false},
		{403, "RequestTimeTooSkewed", false},
		{416, "InvalidRange", false},
		{404, "NoSuchKey", false},
	} {
		again := answer(test.status, test.code)
		f.arm(again, again, again, again, again, again)
		_, err := f.read(info)
		code, _, ok := object.Unreadable(err)
		if err == nil || ok != test.unreadable || ok && code != test.code {
			t.Errorf("after %d %s, which reads as %v, unreadable is %t with code %q, want %t", test.status, test.code, err, ok, code, test.unreadable)
		}
		if test.code == "KMS.ThrottlingException" {
			wantMessage(t, err, "too busy", "concurrency")
		}
	}
	f.arm(answer(403, "Denied by +49 30 123456;key=eyJhbGciOiJIUzI1NiJ9"))
	_, err := f.read(info)
	if code, key, ok := object.Unreadable(err); !ok || code != "AccessDenied" || key != "" {
		t.Errorf("an answer whose code is a text is unreadable: %t, with code %q and key %q", ok, code, key)
	}
	f.arm(answer(400, "KMS.ThrottlingException"), answer(400, "KMS.ThrottlingException"))
	if _, err := f.read(info); err != nil {
		t.Errorf("a KMS that was too busy for a moment fails the read: %v", err)
	}
}

func TestObjectLockWithoutALockedBucketSaysSo(t *testing.T) {
	gatewayStore(t, objecttest.GatewayOptions{}, "bucket")
	opts := object.Options{Retention: object.Retention{Mode: "governance", Until: time.Now().Add(time.Hour)}}
	store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "bucket"}, opts)
	err := store.Create(t.Context(), "key", object.ContentOf([]byte("data")))
	wantMessage(t, err, "Object Lock")
}

func TestOpenRefusesWhatMakesNoSense(t *testing.T) {
	for _, test := range []struct {
		loc  object.Location
		opts object.Options
	}{
		{object.Location{}, object.Options{}},
		{object.Location{Bucket: "b", Dir: "d"}, object.Options{}},
		{object.Location{Bucket: "b"}, object.Options{Retention: object.Retention{Mode: "forever", Until: time.Unix(1, 0)}}},
		{object.Location{Bucket: "b"}, object.Options{Retention: object.Retention{Mode: "governance"}}},
	} {
		if _, err := object.Open(t.Context(), test.loc, test.opts); err == nil {
			t.Errorf("Open(%+v, %+v) succeeds", test.loc, test.opts)
		}
	}
}
