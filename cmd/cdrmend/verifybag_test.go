package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/object/objecttest"
)

func TestABagInABucketIsVerified(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "packs", objecttest.Plain)
	put := func(key, text string) { server.Put(t, "packs", "matter 7/"+key, []byte(text)) }
	put("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
	put("data/é.txt", "hello\n")
	put("manifest-sha256.txt", fmt.Sprintf("%x  data/é.txt\n", sha256.Sum256([]byte("hello\n"))))

	verify := func(more ...string) (string, int) {
		out, _, code := said(t, false, append([]string{"verify", "s3://packs/matter 7/", "--json"}, more...)...)
		return out, code
	}
	text, code := verify()
	fits(t, "bag", text)
	if code != exitDone || !strings.Contains(text, `"state": "valid"`) {
		t.Errorf("exits with %d:\n%s", code, text)
	}
	if text, code = verify("--inputs"); code != exitUsage || !strings.Contains(text, "--inputs is about an output of runs") {
		t.Errorf("exits with %d:\n%s", code, text)
	}

	put("data/more.txt", "x")
	text, code = verify()
	fits(t, "bag", text)
	if code != exitFindings || !strings.Contains(text, "no payload manifest lists it") {
		t.Errorf("exits with %d:\n%s", code, text)
	}
}
