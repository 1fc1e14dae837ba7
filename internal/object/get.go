package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (d *directory) Get(ctx context.Context, key string) (Info, io.ReadCloser, error) {
	info, err := d.stat(key)
	if err == nil {
		var f io.ReadCloser
		if f, err = d.Open(ctx, info, 0); err == nil {
			return info, f, nil
		}
	}

	return Info{}, nil, fmt.Errorf("reading %q: %w", d.url+key, explain(err))
}

func (d *directory) stat(key string) (Info, error) {
	root, err := d.root()
	if err != nil {
		return Info{}, err
	}
	defer root.Close()

	fi, err := root.Stat(key)
	switch {
	case absent(err):
		return Info{}, fs.ErrNotExist
	case err != nil:
		return Info{}, err
	// To open a pipe would wait for a writer.
	case !fi.Mode().IsRegular():
		return Info{}, errors.New("it is no regular file: remove it")
	}
	return describe(key, fi), nil
}

func (d *directory) After(ctx context.Context, prefix, name string) iter.Seq2[Info, error] {
	return d.list(ctx, prefix, &walk{shallow: true, after: name})
}

func (d *directory) Origin(_ context.Context, key string) (Origin, error) {
	root, err := d.root()
	if err != nil {
		return Origin{}, err
	}
	defer root.Close()

	fi, err := root.Stat(key)
	if err != nil {
		return Origin{}, fmt.Errorf("asking who wrote %q: %w", d.url+key, err)
	}
	return Origin{Owner: fileOwner(fi), Modified: fi.ModTime().UTC()}, nil
}

func (b *bucket) Get(ctx context.Context, key string) (Info, io.ReadCloser, error) {
	return b.getNow(ctx, key)
}

// GetHashed is [Store.Get] for a caller that hashes all bytes and knows what their hash
// has to be. A bucket would hash them, too, to compare them with the checksum that the
// server keeps, which takes as long again.
func GetHashed(ctx context.Context, s Store, key string) (Info, io.ReadCloser, error) {
	if b, ok := s.(*bucket); ok {
		return b.getNow(ctx, key, func(o *s3.Options) { o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired })
	}
	return s.Get(ctx, key)
}

func (b *bucket) getNow(ctx context.Context, key string, options ...func(*s3.Options)) (Info, io.ReadCloser, error) {
	info, first, err := b.client.getNow(ctx, key, options...)
	if gone(err) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, nil, fmt.Errorf("reading %q: %w", b.url+key, err)
	}

	// What the answer describes is pinned: when it breaks off, the rest is that of
	// the same object.
	return info, &body{
		ctx: ctx, name: b.url + key, size: info.Size, stream: first,
		open: func(ctx context.Context, from int64) (io.ReadCloser, error) { return b.get(ctx, info, from, info.Size) },
	}, nil
}

// getNow returns the object that a key holds now.
func (c *client) getNow(ctx context.Context, key string, options ...func(*s3.Options)) (Info, io.ReadCloser, error) {
	out, err := c.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &c.bucket, Key: &key}, options...)
	if err != nil {
		return Info{}, nil, newFault(err, "s3:GetObject")
	}

	info, err := newInfo(&key, "", out.ContentLength, out.ETag, out.LastModified)
	return info, out.Body, err
}

func (b *bucket) After(ctx context.Context, prefix, name string) iter.Seq2[Info, error] {
	return b.inOrder(prefix, b.client.listAfter(ctx, prefix, prefix+name))
}

func (b *bucket) Origin(ctx context.Context, key string) (Origin, error) {
	o, err := b.client.origin(ctx, key)
	if err != nil {
		return o, fmt.Errorf("asking who wrote %q: %w", b.url+key, err)
	}
	return o, nil
}

// origin asks a listing for the owner, which no other request tells, and the
// object for its version.
func (c *client) origin(ctx context.Context, key string) (Origin, error) {
	page, err := c.api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &c.bucket, Prefix: &key, FetchOwner: aws.Bool(true), MaxKeys: aws.Int32(1), EncodingType: types.EncodingTypeUrl,
	})
	if err != nil {
		return Origin{}, newFault(err, "s3:ListBucket")
	}

	var o Origin
	for _, found := range page.Contents {
		if name, err := decodeKey(found.Key, page.EncodingType); err != nil || name != key {
			continue
		}
		o.Modified = aws.ToTime(found.LastModified).UTC()
		if found.Owner != nil {
			o.Owner = aws.ToString(found.Owner.DisplayName)
			if o.Owner == "" {
				o.Owner = aws.ToString(found.Owner.ID)
			}
		}
	}

	h, err := c.head(ctx, key)
	o.VersionID = h.info.VersionID
	return o, err
}
