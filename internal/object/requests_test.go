package object_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
)

func TestReadIsPinnedOnBothSides(t *testing.T) {
	f := openFaulty(t, http.MethodGet)
	info := f.put([]byte("data"))
	asked := ""
	f.arm(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		asked = r.Header.Get("If-Match")
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		w.Header().Set("ETag", `"another"`)
		w.Header().Set("Content-Length", "4")
		_, _ = w.Write(answer.Body.Bytes())
	})
	got, err := f.read(info)
	if !errors.Is(err, object.ErrChanged) {
		t.Errorf("an answer of another ETag is read as %q, %v, want ErrChanged", got, err)
	}
	if want := `"` + info.ETag + `"`; asked != want {
		t.Errorf("the read was asked for with If-Match %s, want %s", asked, want)
	}
}

// TestWhatIsConfiguredIsAskedFor looks at the requests, as the test server
// ignores encryption.
func TestWhatIsConfiguredIsAskedFor(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "locked", objecttest.Locked)
	var headers http.Header
	endpoint := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == http.MethodPut || r.URL.Query().Has("uploads") {
			if !r.URL.Query().Has("partNumber") {
				headers = r.Header.Clone()
			}
		}
		server.ServeHTTP(w, r)
	})
	until := time.Now().UTC().Truncate(time.Second).AddDate(0, 0, 3)
	store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "locked"}, object.Options{
		Endpoint:  endpoint,
		PathStyle: true,
		Retention: object.Retention{Mode: "compliance", Until: until},
		SSEKMSKey: "arn:aws:kms:us-east-1:1:key/2",
	})
	want := map[string]string{
		"X-Amz-Server-Side-Encryption":                "aws:kms",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "arn:aws:kms:us-east-1:1:key/2",
		"X-Amz-Object-Lock-Mode":                      "COMPLIANCE",
		"X-Amz-Object-Lock-Retain-Until-Date":         until.Format("2006-01-02T15:04:05Z"),
	}
	for _, size := range []int{10, 10 << 20} {
		if err := store.Create(t.Context(), fmt.Sprint(size), object.ContentOf(bytes.Repeat([]byte("x"), size))); err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if got := headers.Get(name); got != value {
				t.Errorf("creating %d bytes asks for %s %q, want %q", size, name, got, value)
			}
		}
	}
}

func TestRoleIsAssumedWithTheExternalID(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "bucket", objecttest.Plain)
	asked := map[string]string{}
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Action", "RoleArn", "ExternalId", "RoleSessionName"} {
			asked[name] = r.FormValue(name)
		}
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken></SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`, server.AccessKey, server.SecretKey)
	}))
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "the-job")
	store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "bucket"}, object.Options{RoleARN: "arn:aws:iam::1:role/reader", ExternalID: "acme"})
	wantListed(t, store, "")
	want := map[string]string{"Action": "AssumeRole", "RoleArn": "arn:aws:iam::1:role/reader", "ExternalId": "acme", "RoleSessionName": "cdrmend"}
	for name, value := range want {
		if asked[name] != value {
			t.Errorf("the role is asked for with %s %q, want %q", name, asked[name], value)
		}
	}
}
