package object_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"

	"golang.org/x/sync/errgroup"
)

// holder opens a bucket as one that holds.
func holder(t *testing.T, bucket string, opts object.Options) object.Holder {
	t.Helper()
	return mustOpen(t, object.OpenQuick, object.Location{Bucket: bucket}, opts).(object.Holder)
}

func versionsOf(t *testing.T, h object.Holder, key string) []object.Version {
	t.Helper()
	var list []object.Version
	for v, err := range h.Versions(t.Context(), key) {
		if err != nil {
			t.Fatalf("the versions of %q: %v", key, err)
		}
		list = append(list, v)
	}
	return list
}

func wantHold(t *testing.T, h object.Holder, v object.Version, want bool) {
	t.Helper()
	if got, err := h.LegalHold(t.Context(), v.Info); err != nil || got != want {
		t.Errorf("the hold of version %s of %q is %t, %v, want %t", v.VersionID, v.Key, got, err, want)
	}
}

func setHold(t *testing.T, h object.Holder, v object.Version, on bool) {
	t.Helper()
	if err := h.SetLegalHold(t.Context(), v.Info, on); err != nil {
		t.Fatalf("setting the hold of version %s of %q to %t: %v", v.VersionID, v.Key, on, err)
	}
}

func TestALegalHoldIsThatOfOneVersion(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "locked", objecttest.Locked)
	const key = "a/rec ä+%.wav"
	server.Put(t, "locked", key, []byte("one"))
	server.Put(t, "locked", key, []byte("two"))
	server.Put(t, "locked", key+"2", []byte("another object"))
	for _, versions := range []bool{false, true} {
		h := holder(t, "locked", object.Options{Versions: versions})
		list := versionsOf(t, h, key)
		if len(list) != 2 || !list[0].Latest || list[1].Latest || list[0].ETag == list[1].ETag || list[0].Key != key {
			t.Fatalf("the versions are %+v, want two of %q, the latest first", list, key)
		}
		for _, set := range []struct{ version, on int }{{1, 1}, {1, 1}, {0, 1}, {1, 0}, {0, 0}, {0, 0}} {
			setHold(t, h, list[set.version], set.on == 1)
			wantHold(t, h, list[set.version], set.on == 1)
		}
		setHold(t, h, list[1], true)
		wantHold(t, h, list[0], false)
		wantHold(t, h, list[1], true)
		if got := server.Held(t, "locked", key, list[1].VersionID); !got {
			t.Errorf("the server does not hold version %s", list[1].VersionID)
		}
		setHold(t, h, list[1], false)
	}
}

func TestAVersionUnderADeleteMarkerIsHeld(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "locked", objecttest.Locked)
	server.Put(t, "locked", "a", []byte("one"))
	server.Remove(t, "locked", "a")
	h := holder(t, "locked", object.Options{})
	list := versionsOf(t, h, "a")
	if len(list) != 2 || !list[0].Marker || !list[0].Latest || list[1].Marker || list[1].Latest || list[1].Size != 3 {
		t.Fatalf("got %+v, want a delete marker and the version under it", list)
	}
	setHold(t, h, list[1], true)
	wantHold(t, h, list[1], true)
	if err := h.SetLegalHold(t.Context(), list[0].Info, true); !errors.Is(err, object.ErrChanged) {
		t.Errorf("holding the marker: got %v, want %v", err, object.ErrChanged)
	}
}

func TestWhatIsNotThereCannotBeHeld(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "locked", objecttest.Locked)
	server.Put(t, "locked", "a", []byte("one"))
	h := holder(t, "locked", object.Options{})
	if list := versionsOf(t, h, "never"); len(list) != 0 {
		t.Errorf("a key that never held anything has %+v", list)
	}
	for name, info := range map[string]object.Info{"no object": {Key: "never"}, "no version": {Key: "a", VersionID: "01JZZZZZZZZZZZZZZZZZZZZZZZ"}} {
		if _, err := h.LegalHold(t.Context(), info); !errors.Is(err, object.ErrChanged) {
			t.Errorf("%s: asking gives %v, want %v", name, err, object.ErrChanged)
		}
		if err := h.SetLegalHold(t.Context(), info, true); !errors.Is(err, object.ErrChanged) {
			t.Errorf("%s: setting gives %v, want %v", name, err, object.ErrChanged)
		}
	}
}

func TestWhereNothingCanBeHeldTheStoreSaysSo(t *testing.T) {
	dir := mustOpen(t, object.Open, object.Location{Dir: t.TempDir()}, object.Options{}).(object.Holder)
	wantUnsupported := func(name string, h object.Holder, info object.Info) {
		t.Helper()
		if _, err := h.LegalHold(t.Context(), info); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: asking gives %v, want %v", name, err, errors.ErrUnsupported)
		}
		if err := h.SetLegalHold(t.Context(), info, true); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: setting gives %v, want %v", name, err, errors.ErrUnsupported)
		}
	}
	wantUnsupported("a directory", dir, object.Info{Key: "a"})
	for _, err := range dir.Versions(t.Context(), "a") {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the versions in a directory: got %v, want %v", err, errors.ErrUnsupported)
		}
	}

	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	for name, kind := range map[string]objecttest.BucketKind{"plain": objecttest.Plain, "versioned": objecttest.Versioned} {
		server.Bucket(t, name, kind)
		server.Put(t, name, "a", []byte("data"))
		h := holder(t, name, object.Options{})
		list := versionsOf(t, h, "a")
		if len(list) != 1 || !list[0].Latest || list[0].VersionID == "" {
			t.Fatalf("a %s bucket has %+v, want one version", name, list)
		}
		wantUnsupported("a "+name+" bucket", h, list[0].Info)
	}
}

func TestADeniedHoldIsToldFromAFailure(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{Accounts: true})
	server.Setenv(t)
	server.Bucket(t, "locked", objecttest.Locked)
	server.Put(t, "locked", "a", []byte("one"))
	server.User(t, "auditor")
	server.Allow(t, "locked", "auditor", "s3:ListBucketVersions", "s3:ListBucket", "s3:GetObjectLegalHold")
	h := holder(t, "locked", object.Options{})
	list := versionsOf(t, h, "a")
	wantHold(t, h, list[0], false)
	err := h.SetLegalHold(t.Context(), list[0].Info, true)
	if code, _, ok := object.Unreadable(err); !ok || code != "AccessDenied" || !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "s3:PutObjectLegalHold") {
		t.Errorf("setting gives %v (code %q), want a refusal that names the permission", err, code)
	}
}

func TestAnArchivedVersionIsHeld(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "locked", objecttest.Locked)
	server.Put(t, "locked", "a", []byte("one"))
	reads := 0
	endpoint := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, s http.Handler) {
		if r.Method == http.MethodGet && !r.URL.Query().Has("legal-hold") && !r.URL.Query().Has("versions") || r.Method == http.MethodHead {
			reads++
		}
		s.ServeHTTP(w, r)
	})
	h := holder(t, "locked", object.Options{Endpoint: endpoint})
	v := versionsOf(t, h, "a")[0]
	v.Archived = true // as a listing says; the server has one storage class
	setHold(t, h, v, true)
	wantHold(t, h, v, true)
	if reads != 0 {
		t.Errorf("%d requests read an object, want none: one that is archived cannot be read", reads)
	}
}

func TestTheVersionsOfAKeyMayFillPages(t *testing.T) {
	if testing.Short() {
		t.Skip("more than a thousand objects are written")
	}
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "versioned", objecttest.Versioned)
	const more = 1003 // than a page has
	var g errgroup.Group
	g.SetLimit(8)
	for range more {
		g.Go(func() error {
			server.Put(t, "versioned", "a", []byte("a"))
			return nil
		})
	}
	_ = g.Wait() // Put reports its own failures
	server.Remove(t, "versioned", "a")
	server.Put(t, "versioned", "ab", []byte("another object"))

	seen := map[string]bool{}
	for _, v := range versionsOf(t, holder(t, "versioned", object.Options{}), "a") {
		if v.Key != "a" || seen[v.VersionID] {
			t.Errorf("version %s of %q is yielded, want each of a once", v.VersionID, v.Key)
		}
		seen[v.VersionID] = true
	}
	if len(seen) != more+1 {
		t.Errorf("got %d versions, want %d and a delete marker", len(seen), more)
	}
}
