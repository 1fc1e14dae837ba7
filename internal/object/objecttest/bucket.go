package objecttest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// BucketKind is what a bucket keeps.
type BucketKind uint8

// The kinds of bucket.
const (
	Plain     BucketKind = iota
	Versioned            // every version of an object
	Locked               // versions, and with Object Lock no way to remove them early
)

// Bucket makes a bucket.
func (s *Server) Bucket(t testing.TB, name string, kind BucketKind) {
	t.Helper()
	api := s.api(t)
	if _, err := api.CreateBucket(context.Background(), &s3.CreateBucketInput{
		Bucket:                     &name,
		ObjectLockEnabledForBucket: aws.Bool(kind == Locked),
	}); err != nil {
		t.Fatalf("making bucket %q: %v", name, err)
	}
	if kind != Versioned {
		return
	}
	if _, err := api.PutBucketVersioning(context.Background(), &s3.PutBucketVersioningInput{
		Bucket:                  &name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatalf("making bucket %q versioned: %v", name, err)
	}
}

// Put writes an object, over another if need be.
func (s *Server) Put(t testing.TB, bucket, key string, data []byte) {
	t.Helper()
	if _, err := s.api(t).PutObject(context.Background(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data)}); err != nil {
		t.Fatalf("putting %q: %v", key, err)
	}
}

// Remove removes an object; in a versioned bucket it only hides it.
func (s *Server) Remove(t testing.TB, bucket, key string) {
	t.Helper()
	if _, err := s.api(t).DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatalf("removing %q: %v", key, err)
	}
}

// Retention returns the mode, in capitals, and the date of an object's lock,
// zero without one.
func (s *Server) Retention(t testing.TB, bucket, key string) (mode string, until time.Time) {
	t.Helper()
	out, err := s.api(t).GetObjectRetention(context.Background(), &s3.GetObjectRetentionInput{Bucket: &bucket, Key: &key})
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "NoSuchObjectLockConfiguration" {
		return "", time.Time{}
	}
	if err != nil {
		t.Fatalf("retention of %q: %v", key, err)
	}
	return string(out.Retention.Mode), aws.ToTime(out.Retention.RetainUntilDate)
}

// Rot flips a bit of an object where the server keeps it, until mend is called.
func (s *Server) Rot(t testing.TB, bucket, key string) (mend func()) {
	t.Helper()
	path := filepath.Join(s.dir, "root", bucket, filepath.FromSlash(key))
	flip := func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b := make([]byte, 1)
		if _, err := f.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 1
		if _, err := f.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
	}
	flip()
	return flip
}

// Retain sets the lock of an object, also to an earlier date, as an
// administrator may who bypasses governance.
func (s *Server) Retain(t testing.TB, bucket, key, mode string, until time.Time) {
	t.Helper()
	if _, err := s.api(t).PutObjectRetention(context.Background(), &s3.PutObjectRetentionInput{
		Bucket: &bucket, Key: &key, BypassGovernanceRetention: aws.Bool(true),
		Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionMode(mode), RetainUntilDate: &until},
	}); err != nil {
		t.Fatalf("retaining %q: %v", key, err)
	}
}

func (s *Server) api(t testing.TB) *s3.Client {
	tr := transport(s.CAFile)
	t.Cleanup(tr.CloseIdleConnections)
	return s3.NewFromConfig(aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
		BaseEndpoint: &s.Endpoint,
		HTTPClient:   &http.Client{Transport: tr},
	})
}

// Proxy stands before the server and hands each request to intercept, which
// may answer it, pass it on, or both. It returns the URL to use as endpoint.
// Panicking with http.ErrAbortHandler breaks the connection.
func (s *Server) Proxy(t testing.TB, intercept func(w http.ResponseWriter, r *http.Request, server http.Handler)) string {
	t.Helper()
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	tr := transport(s.CAFile)
	forward := &httputil.ReverseProxy{
		Transport: tr,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // is part of what was signed
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { intercept(w, r, forward) }))
	t.Cleanup(func() {
		proxy.CloseClientConnections()
		proxy.Close()
		tr.CloseIdleConnections()
	})
	return proxy.URL
}

// Hold puts the latest version of an object under legal hold, as another program does.
func (s *Server) Hold(t testing.TB, bucket, key string) {
	t.Helper()
	if _, err := s.api(t).PutObjectLegalHold(context.Background(), &s3.PutObjectLegalHoldInput{
		Bucket: &bucket, Key: &key, LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn},
	}); err != nil {
		t.Fatalf("holding %q: %v", key, err)
	}
}

// Held reports whether a version of an object is under legal hold; of the latest when the
// id is empty.
func (s *Server) Held(t testing.TB, bucket, key, version string) bool {
	t.Helper()
	in := &s3.GetObjectLegalHoldInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := s.api(t).GetObjectLegalHold(context.Background(), in)
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "NoSuchObjectLockConfiguration" {
		return false
	}
	if err != nil {
		t.Fatalf("hold of %q: %v", key, err)
	}
	return out.LegalHold.Status == types.ObjectLockLegalHoldStatusOn
}

// RemoveVersion removes one version of an object for good.
func (s *Server) RemoveVersion(t testing.TB, bucket, key, version string) {
	t.Helper()
	if _, err := s.api(t).DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: &version}); err != nil {
		t.Fatalf("removing version %s of %q: %v", version, key, err)
	}
}
