package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cdrmend/internal/media"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// getAll is a bare loop over the objects of a bucket: it takes the bucket, a
// prefix and how many requests are in flight, and prints how many objects it
// got.
func getAll(ctx context.Context, args []string) error {
	client, inFlight, err := loopClient(ctx, args[2])
	if err != nil {
		return err
	}
	keys := make(chan string, 10_000)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(keys)
		return list(ctx, client, args[0], args[1], func(key string) {
			select {
			case keys <- key:
			case <-ctx.Done():
			}
		})
	})
	var objects atomic.Int64
	getEach(ctx, g, client, &s3.GetObjectInput{Bucket: &args[0]}, inFlight, keys, &objects)
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Println(objects.Load())
	return nil
}

// loopClient returns the client of a loop, and how many of its requests are in flight.
func loopClient(ctx context.Context, text string) (client *s3.Client, inFlight int, err error) {
	if inFlight, err = strconv.Atoi(text); err != nil {
		return nil, 0, err
	}
	client, err = bareClient(ctx, inFlight)
	return client, inFlight, err
}

// getEach gets the objects with some keys, as a request says.
func getEach(ctx context.Context, g *errgroup.Group, client *s3.Client, like *s3.GetObjectInput, inFlight int, keys <-chan string, objects *atomic.Int64) {
	for range inFlight {
		g.Go(func() error {
			for key := range keys {
				in := *like
				in.Key = &key
				got, err := client.GetObject(ctx, &in)
				if err != nil {
					return err
				}
				_, err = io.Copy(io.Discard, got.Body)
				got.Body.Close()
				if err != nil {
					return err
				}
				objects.Add(1)
			}
			return nil
		})
	}
}

// getHeads is a bare loop over the first bytes of objects: it takes the bucket, how their
// keys end and how many requests are in flight. It prints how many objects it got a second,
// after it listed them.
func getHeads(ctx context.Context, args []string) error {
	client, inFlight, err := loopClient(ctx, args[2])
	if err != nil {
		return err
	}
	var all []string
	err = list(ctx, client, args[0], "", func(key string) {
		if strings.HasSuffix(key, args[1]) {
			all = append(all, key)
		}
	})
	if err != nil {
		return err
	}

	keys := make(chan string, len(all))
	for _, key := range all {
		keys <- key
	}
	close(keys)
	started := time.Now()
	var objects atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	getEach(ctx, g, client, &s3.GetObjectInput{Bucket: &args[0], Range: aws.String(fmt.Sprintf("bytes=0-%d", media.HeadBytes-1))}, inFlight, keys, &objects)
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Println(float64(objects.Load()) / time.Since(started).Seconds())
	return nil
}

// listAll is a bare listing of a bucket below some prefixes, all at once. It prints how
// many objects there are.
func listAll(ctx context.Context, args []string) error {
	bucket, prefixes := args[0], args[1:]
	client, err := bareClient(ctx, len(prefixes))
	if err != nil {
		return err
	}
	var objects atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for _, prefix := range prefixes {
		g.Go(func() error {
			return list(ctx, client, bucket, prefix, func(string) { objects.Add(1) })
		})
	}
	err = g.Wait()
	fmt.Println(objects.Load())
	return err
}

func list(ctx context.Context, client *s3.Client, bucket, prefix string, f func(key string)) error {
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			f(*o.Key)
		}
	}
	return nil
}

// bareClient keeps a connection for each request in flight, without which
// the loop would be slower than it need be.
func bareClient(ctx context.Context, inFlight int) (*s3.Client, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = inFlight, inFlight
	})))
	if err != nil {
		return nil, err
	}
	return s3.NewFromConfig(c, func(o *s3.Options) {
		o.UsePathStyle = true
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}), nil
}
