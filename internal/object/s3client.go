package object

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	transfertypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// list yields the objects below prefix in the order of the server.
func (c *client) list(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	if c.versions {
		return c.listVersions(ctx, prefix)
	}
	return c.listObjects(ctx, prefix)
}

func (c *client) listObjects(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for page, err := range c.objectPages(ctx, prefix, nil, nil) {
			if err != nil {
				yield(Info{}, err)
				return
			}
			for _, o := range page.Contents {
				info, err := objectInfo(o, page.EncodingType)
				if !yield(info, err) || err != nil {
					return
				}
			}
		}
	}
}

// objectPages yields the pages of a listing. With a delimiter, a page has only
// the objects and folders directly below prefix.
func (c *client) objectPages(ctx context.Context, prefix string, delimiter, after *string) iter.Seq2[*s3.ListObjectsV2Output, error] {
	return func(yield func(*s3.ListObjectsV2Output, error) bool) {
		pages := s3.NewListObjectsV2Paginator(c.api, &s3.ListObjectsV2Input{
			Bucket:                   &c.bucket,
			Prefix:                   &prefix,
			Delimiter:                delimiter,
			StartAfter:               after,
			EncodingType:             types.EncodingTypeUrl,
			OptionalObjectAttributes: []types.OptionalObjectAttributes{types.OptionalObjectAttributesRestoreStatus},
		})

		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if !yield(page, newFault(err, "s3:ListBucket")) || err != nil {
				return
			}
		}
	}
}

func objectInfo(o types.Object, enc types.EncodingType) (Info, error) {
	info, err := newInfo(o.Key, enc, o.Size, o.ETag, o.LastModified)
	info.Archived = archived(string(o.StorageClass), o.RestoreStatus)
	return info, err
}

func newInfo(key *string, enc types.EncodingType, size *int64, etag *string, modified *time.Time) (Info, error) {
	name, err := decodeKey(key, enc)
	info := Info{
		Size:     aws.ToInt64(size),
		ETag:     unquote(etag),
		Modified: aws.ToTime(modified).UTC().Truncate(time.Microsecond),
	}
	return info.withPath(name), err
}

// decodeKey undoes the URL encoding, which is asked for because XML cannot
// carry every key. Servers that do not know it answer with plain keys.
func decodeKey(key *string, enc types.EncodingType) (string, error) {
	if enc != types.EncodingTypeUrl {
		return aws.ToString(key), nil
	}
	name, err := url.QueryUnescape(aws.ToString(key))
	if err != nil {
		return "", fmt.Errorf("decoding key %q: %w", aws.ToString(key), err)
	}
	return name, nil
}

func unquote(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }

func archived(class string, restored *types.RestoreStatus) bool {
	if class != string(types.ObjectStorageClassGlacier) && class != string(types.ObjectStorageClassDeepArchive) {
		return false
	}

	// A restored copy can be read until it expires.
	return restored == nil || aws.ToBool(restored.IsRestoreInProgress) || restored.RestoreExpiryDate == nil
}

// get returns the bytes between two places of exactly the object that info describes.
func (c *client) get(ctx context.Context, info Info, from, to int64) (io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: &c.bucket, Key: aws.String(info.Path()), IfMatch: aws.String(`"` + info.ETag + `"`)}
	permission := "s3:GetObject"
	if info.VersionID != "" {
		in.VersionId, permission = &info.VersionID, "s3:GetObjectVersion"
	}
	switch {
	case to < info.Size:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", from, to-1))
	case from > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", from))
	}

	out, err := c.api.GetObject(ctx, in)
	if err != nil {
		return nil, newFault(err, permission)
	}

	// Check the answer too: a server may ignore the condition or the range.
	if unquote(out.ETag) != info.ETag || aws.ToInt64(out.ContentLength) != to-from {
		out.Body.Close()
		return nil, ErrChanged
	}

	return out.Body, nil
}

// held describes the object that a key holds.
type held struct {
	info      Info
	sha256    string // base64, of the whole object; empty when the server has none
	lockMode  string
	lockUntil time.Time
}

func (c *client) head(ctx context.Context, key string) (held, error) {
	out, err := c.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return held{}, newFault(err, "s3:GetObject")
	}

	h := held{lockMode: string(out.ObjectLockMode), lockUntil: aws.ToTime(out.ObjectLockRetainUntilDate)}
	h.info = Info{Key: key, Size: aws.ToInt64(out.ContentLength), ETag: unquote(out.ETag), VersionID: aws.ToString(out.VersionId)}

	// A composite checksum is one of the parts' checksums, not of the object,
	// and cannot be compared.
	if out.ChecksumType != types.ChecksumTypeComposite && !strings.Contains(aws.ToString(out.ChecksumSHA256), "-") {
		h.sha256 = aws.ToString(out.ChecksumSHA256)
	}

	return h, nil
}

// put writes the object if its key is free.
func (c *client) put(ctx context.Context, key string, content Content) error {
	body, err := content.Open()
	if err != nil {
		return err
	}
	defer body.Close()

	if c.inParts(content) {
		return c.putParts(ctx, key, content, body)
	}

	in := &s3.PutObjectInput{
		Bucket:         &c.bucket,
		Key:            &key,
		Body:           body,
		ContentLength:  &content.Size,
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(content.SHA256[:])),
		IfNoneMatch:    aws.String("*"),
	}
	if c.kmsKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &c.kmsKey
	}
	if c.retention.Mode != "" {
		in.ObjectLockMode = types.ObjectLockMode(c.retention.mode())
		in.ObjectLockRetainUntilDate = aws.Time(c.retention.date())
	}

	_, err = c.api.PutObject(ctx, in)
	return c.putFault(err)
}

func (c *client) inParts(content Content) bool { return content.Size > c.tune.multipartAbove }

// putParts writes an object that is too large for one request. The object
// appears, or is refused, only with the last request.
func (c *client) putParts(ctx context.Context, key string, content Content, body io.Reader) error {
	in := &transfermanager.UploadObjectInput{
		Bucket:            &c.bucket,
		Key:               &key,
		Body:              body,
		ContentLength:     &content.Size,
		ChecksumAlgorithm: transfertypes.ChecksumAlgorithmSha256,
		IfNoneMatch:       aws.String("*"),
	}
	if c.kmsKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyID = transfertypes.ServerSideEncryptionAwsKms, &c.kmsKey
	}
	if c.retention.Mode != "" {
		in.ObjectLockMode = transfertypes.ObjectLockMode(c.retention.mode())
		in.ObjectLockRetainUntilDate = aws.Time(c.retention.date())
	}

	upload := transfermanager.New(c.api, func(o *transfermanager.Options) {
		o.PartSizeBytes, o.MultipartUploadThreshold = c.tune.partSize, c.tune.partSize
		o.FailTimeout = time.Minute // for the removal of the parts after a failure
	})

	_, err := upload.UploadObject(ctx, in)
	return c.putFault(err)
}

func (c *client) putFault(err error) error {
	err = newFault(err, "s3:PutObject")
	f, ok := errors.AsType[*fault](err)

	// For a bucket without Object Lock, InvalidRequest may be all that the
	// server says.
	if ok && f.code == "InvalidRequest" && c.retention.Mode != "" {
		f.advice = "the bucket may have no Object Lock: use one made with it or configure no retention"
	}
	return err
}

func (c *client) retain(ctx context.Context, h held, until time.Time) error {
	in := &s3.PutObjectRetentionInput{
		Bucket:    &c.bucket,
		Key:       &h.info.Key,
		Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionMode(h.lockMode), RetainUntilDate: &until},
	}
	if h.info.VersionID != "" {
		in.VersionId = &h.info.VersionID
	}
	_, err := c.api.PutObjectRetention(ctx, in)
	return newFault(err, "s3:PutObjectRetention")
}
