package object

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Versions yields what one key held.
func (b *bucket) Versions(ctx context.Context, key string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		list, err := b.client.versionsOf(ctx, key)
		if escaped, ok := (Info{Key: key}).unlisted(); ok && err == nil && len(list) == 0 {
			list, err = b.client.versionsOf(ctx, escaped.Path())
		}
		if err != nil {
			yield(Version{}, fmt.Errorf("listing the versions of %q: %w", b.url+key, err))
			return
		}
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// LegalHold asks for the hold of a version.
func (b *bucket) LegalHold(ctx context.Context, info Info) (bool, error) {
	on, err := b.client.legalHold(ctx, info)
	if err != nil {
		return false, fmt.Errorf("asking for the legal hold of %q: %w", b.url+info.Key, err)
	}
	return on, nil
}

// SetLegalHold sets or lifts the hold of a version.
func (b *bucket) SetLegalHold(ctx context.Context, info Info, on bool) error {
	if err := b.client.setLegalHold(ctx, info, on); err != nil {
		return fmt.Errorf("setting the legal hold of %q: %w", b.url+info.Key, err)
	}
	return nil
}

// versionsOf returns the versions of a name and its delete markers, the newest first. The
// answer has the two in lists of their own, so their times order them.
func (c *client) versionsOf(ctx context.Context, name string) ([]Version, error) {
	var list []Version
	for page, err := range c.versionPages(ctx, name) {
		if err != nil {
			return nil, err
		}
		found, beyond, err := page.versionsOf(name)
		if err != nil {
			return nil, err
		}
		if list = append(list, found...); beyond {
			break
		}
	}

	slices.SortStableFunc(list, func(a, b Version) int {
		switch {
		case a.Latest == b.Latest:
		case a.Latest:
			return -1
		default:
			return 1
		}
		return b.Modified.Compare(a.Modified)
	})
	return list, nil
}

// versionsOf returns what a page has of a name, and whether it goes on beyond that name.
func (p versionPage) versionsOf(name string) (list []Version, beyond bool, err error) {
	for _, v := range p.Versions {
		info, err := newInfo(v.Key, p.EncodingType, v.Size, v.ETag, v.LastModified)
		if err != nil {
			return nil, false, err
		}
		beyond = beyond || info.Path() > name
		if info.Path() != name || p.repeats(name, v.VersionId) {
			continue
		}
		info.VersionID = aws.ToString(v.VersionId)
		info.Archived = archived(string(v.StorageClass), v.RestoreStatus)
		list = append(list, Version{Info: info, Latest: aws.ToBool(v.IsLatest)})
	}

	for _, m := range p.DeleteMarkers {
		info, err := newInfo(m.Key, p.EncodingType, nil, nil, m.LastModified)
		if err != nil {
			return nil, false, err
		}
		beyond = beyond || info.Path() > name
		if info.Path() == name && !p.repeats(name, m.VersionId) {
			info.VersionID = aws.ToString(m.VersionId)
			list = append(list, Version{Info: info, Latest: aws.ToBool(m.IsLatest), Marker: true})
		}
	}
	return list, beyond, nil
}

// versionID is how a version is named in a request; nil for the latest.
func (i Info) versionID() *string {
	if i.VersionID == "" {
		return nil
	}
	return &i.VersionID
}

func (c *client) legalHold(ctx context.Context, info Info) (bool, error) {
	out, err := c.api.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &c.bucket, Key: aws.String(info.Path()), VersionId: info.versionID()})
	if err == nil {
		return out.LegalHold != nil && out.LegalHold.Status == types.ObjectLockLegalHoldStatusOn, nil
	}

	// A version without any lock has none, or its bucket has no Object Lock: some servers
	// say the same of both.
	err = newFault(err, "s3:GetObjectLegalHold")
	if f, ok := errors.AsType[*fault](err); ok && f.code == "NoSuchObjectLockConfiguration" {
		return false, nil
	}
	return false, holdError(err)
}

func (c *client) setLegalHold(ctx context.Context, info Info, on bool) error {
	status := types.ObjectLockLegalHoldStatusOff
	if on {
		status = types.ObjectLockLegalHoldStatusOn
	}
	_, err := c.api.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
		Bucket: &c.bucket, Key: aws.String(info.Path()), VersionId: info.versionID(), LegalHold: &types.ObjectLockLegalHold{Status: status},
	})
	return holdError(newFault(err, "s3:PutObjectLegalHold"))
}

// holdError makes a refusal one of the errors that callers of a [Holder] can tell apart.
func holdError(err error) error {
	f, ok := errors.AsType[*fault](err)
	switch {
	case err == nil:
		return nil
	case gone(err), ok && f.code == "MethodNotAllowed": // of a delete marker
		return fmt.Errorf("%w: %w", ErrChanged, err)
	case ok && lockless(f):
		return fmt.Errorf("%w: the bucket has no Object Lock: %w", errors.ErrUnsupported, err)
	}
	return err
}

// lockless reports whether a server says that a bucket has no Object Lock. Of
// InvalidRequest only the words tell.
func lockless(f *fault) bool {
	switch f.code {
	case "ObjectLockConfigurationNotFoundError", "InvalidBucketState", "NotImplemented":
		return true
	case "InvalidRequest", "InvalidArgument":
		return strings.Contains(strings.ToLower(f.cause.Error()), "object lock")
	}
	return false
}
