package object_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"

	"github.com/google/go-cmp/cmp"
)

// byteKeys is a bucket that takes any bytes as keys and encodes them when it lists them,
// as it is asked to. AWS refuses such keys, and the server of the other tests loses their
// bytes when it lists them.
func byteKeys(t *testing.T, keys ...string) {
	slices.Sort(keys)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := strings.TrimPrefix(r.URL.Path, "/odd-names/")
		switch {
		case r.URL.Query().Get("list-type") == "2":
			fmt.Fprint(w, `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>`)
			for _, key := range keys {
				fmt.Fprintf(w, `<Contents><Key>%s</Key><LastModified>2026-11-20T00:00:00.000Z</LastModified><ETag>"%x"</ETag><Size>%d</Size></Contents>`,
					strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"), key, len("data of "+key))
			}
			fmt.Fprint(w, `</ListBucketResult>`)
		case slices.Contains(keys, key) && r.Header.Get("If-Match") == fmt.Sprintf(`"%x"`, key):
			w.Header().Set("ETag", r.Header.Get("If-Match"))
			fmt.Fprint(w, "data of "+key)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
		}
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"} {
		t.Setenv(name, value)
	}
}

func TestKeysOfABucketThatAreNotUTF8KeepTheirBytes(t *testing.T) {
	byteKeys(t, "p/a\xff", "p/a%\xff", "p/a\xfe", "p/ü%FF", "p/a~")
	store := mustOpen(t, object.Open, object.Location{Bucket: "odd-names"}, object.Options{PathStyle: true})
	got := map[string]string{}
	for info, err := range store.List(t.Context(), "p/") {
		if err != nil {
			t.Fatal(err)
		}
		got[info.Key] = read(t, store, info)

		info.Alias = nil // as who knows only the key
		if again := read(t, store, info); again != got[info.Key] {
			t.Errorf("by the key %q alone %q is read, want %q", info.Key, again, got[info.Key])
		}
	}
	want := map[string]string{
		"p/a%FF": "data of p/a\xff", "p/a%25%FF": "data of p/a%\xff", "p/a%FE": "data of p/a\xfe", "p/ü%FF": "data of p/ü%FF", "p/a~": "data of p/a~",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestServerThatLosesTheBytesOfKeysHidesNoObject uses one that lists another key than it
// was given: that is an error, as the object would be missing else.
func TestServerThatLosesTheBytesOfKeysHidesNoObject(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "odd-names", objecttest.Plain)
	server.Put(t, "odd-names", "p/a\xff", []byte("data"))
	store := mustOpen(t, object.Open, object.Location{Bucket: "odd-names"}, object.Options{})
	for info, err := range store.List(t.Context(), "p/") {
		if err == nil {
			_, err = store.Open(t.Context(), info, 0)
		}
		if err == nil || !strings.Contains(err.Error(), "p/a") {
			t.Errorf("reading %q: %v", info.Key, err)
		}
	}
}
