package object

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// versionPage is one page of versions and delete markers.
type versionPage struct {
	*s3.ListObjectVersionsOutput
	asked *s3.ListObjectVersionsInput
}

// repeats reports whether a version is the one that the markers name: it was
// on the page before, and some servers repeat it.
func (p versionPage) repeats(key string, version *string) bool {
	return p.asked.KeyMarker != nil && key == *p.asked.KeyMarker && aws.ToString(version) == aws.ToString(p.asked.VersionIdMarker)
}

// versionPages yields the pages of a listing of versions. It does not use the
// SDK's paginator, which sends an encoded key marker back without decoding it.
func (c *client) versionPages(ctx context.Context, prefix string) iter.Seq2[versionPage, error] {
	return func(yield func(versionPage, error) bool) {
		in := &s3.ListObjectVersionsInput{
			Bucket:                   &c.bucket,
			Prefix:                   &prefix,
			EncodingType:             types.EncodingTypeUrl,
			OptionalObjectAttributes: []types.OptionalObjectAttributes{types.OptionalObjectAttributesRestoreStatus},
		}

		for {
			page, err := c.api.ListObjectVersions(ctx, in)
			if err != nil {
				yield(versionPage{}, newFault(err, "s3:ListBucketVersions"))
				return
			}
			if !yield(versionPage{page, in}, nil) || !aws.ToBool(page.IsTruncated) {
				return
			}

			marker, err := decodeKey(page.NextKeyMarker, page.EncodingType)
			if err != nil {
				yield(versionPage{}, err)
				return
			}
			in.KeyMarker, in.VersionIdMarker = &marker, page.NextVersionIdMarker
		}
	}
}

// listVersions yields the latest version of each object, with its id.
func (c *client) listVersions(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for page, err := range c.versionPages(ctx, prefix) {
			if err != nil {
				yield(Info{}, err)
				return
			}
			for _, v := range page.Versions {
				if !aws.ToBool(v.IsLatest) {
					continue
				}

				info, err := newInfo(v.Key, page.EncodingType, v.Size, v.ETag, v.LastModified)
				if err == nil && page.repeats(info.Path(), v.VersionId) {
					continue
				}

				info.VersionID = aws.ToString(v.VersionId)
				info.Archived = archived(string(v.StorageClass), v.RestoreStatus)
				if !yield(info, err) || err != nil {
					return
				}
			}
		}
	}
}

// hidden yields the versions that listVersions leaves out, and the delete
// markers.
func (c *client) hidden(ctx context.Context, prefix string) iter.Seq2[Hidden, error] {
	return func(yield func(Hidden, error) bool) {
		for page, err := range c.versionPages(ctx, prefix) {
			if err != nil {
				yield(Hidden{}, err)
				return
			}
			for _, v := range page.Versions {
				key, err := decodeKey(v.Key, page.EncodingType)
				if err == nil && (aws.ToBool(v.IsLatest) || page.repeats(key, v.VersionId)) {
					continue
				}

				if !yield(Hidden{Key: key, VersionID: aws.ToString(v.VersionId)}, err) || err != nil {
					return
				}
			}

			for _, m := range page.DeleteMarkers {
				key, err := decodeKey(m.Key, page.EncodingType)
				if err == nil && page.repeats(key, m.VersionId) {
					continue
				}

				if !yield(Hidden{Key: key, VersionID: aws.ToString(m.VersionId), Marker: true}, err) || err != nil {
					return
				}
			}
		}
	}
}

// kept returns the retention of the latest version of a key.
func (c *client) kept(ctx context.Context, key string) (Retention, error) {
	out, err := c.api.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &c.bucket, Key: &key})
	if err == nil && out.Retention != nil {
		return Retention{Mode: strings.ToLower(string(out.Retention.Mode)), Until: aws.ToTime(out.Retention.RetainUntilDate).UTC()}, nil
	}

	// The call may also succeed without a retention; newFault keeps that nil.
	err = newFault(err, "s3:GetObjectRetention")
	if f, ok := errors.AsType[*fault](err); ok {
		switch f.code {
		case "NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest":
			return Retention{}, nil // the object has none, or the bucket has no Object Lock
		}
	}
	return Retention{}, err
}

// remove deletes all versions of an object, and its delete markers. A bucket without
// versions has one, which has no name.
func (c *client) remove(ctx context.Context, key string) error {
	var versions []*string
	for page, err := range c.versionPages(ctx, key) {
		if err != nil {
			return err
		}
		for _, v := range page.Versions {
			if name, err := decodeKey(v.Key, page.EncodingType); err == nil && name == key {
				versions = append(versions, v.VersionId)
			}
		}
		for _, m := range page.DeleteMarkers {
			if name, err := decodeKey(m.Key, page.EncodingType); err == nil && name == key {
				versions = append(versions, m.VersionId)
			}
		}
	}
	if len(versions) == 0 {
		versions = append(versions, nil)
	}
	for _, v := range versions {
		if aws.ToString(v) == "null" {
			v = nil
		}
		if _, err := c.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &c.bucket, Key: &key, VersionId: v}); err != nil {
			return newFault(err, "s3:DeleteObjectVersion")
		}
	}
	return nil
}
