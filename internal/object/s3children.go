package object

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// listChildren yields the objects and folders directly below prefix.
func (c *client) listChildren(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for page, err := range c.objectPages(ctx, prefix, aws.String("/"), nil) {
			var children []Info
			if err == nil {
				children, err = childrenOf(page)
			}
			if err != nil {
				yield(Info{}, err)
				return
			}
			for _, info := range children {
				if !yield(info, nil) {
					return
				}
			}
		}
	}
}

// childrenOf returns the objects and folders of a page in one order: the page
// lists them separately.
func childrenOf(page *s3.ListObjectsV2Output) ([]Info, error) {
	var children []Info
	for _, o := range page.Contents {
		info, err := objectInfo(o, page.EncodingType)
		if err != nil {
			return nil, err
		}
		children = append(children, info)
	}

	for _, p := range page.CommonPrefixes {
		key, err := decodeKey(p.Prefix, page.EncodingType)
		if err != nil {
			return nil, err
		}
		children = append(children, Info{Key: key})
	}

	slices.SortFunc(children, func(a, b Info) int { return cmp.Compare(a.Key, b.Key) })
	return children, nil
}

// listAfter yields the objects directly below prefix whose keys come after a key.
func (c *client) listAfter(ctx context.Context, prefix, key string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for page, err := range c.objectPages(ctx, prefix, aws.String("/"), &key) {
			if err != nil {
				yield(Info{}, err)
				return
			}
			for _, o := range page.Contents {
				info, err := objectInfo(o, page.EncodingType)
				// Not every server knows where to start.
				if err == nil && info.Key <= key {
					continue
				}
				if !yield(info, err) || err != nil {
					return
				}
			}
		}
	}
}
