package object

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// client is the part of the S3 API that one bucket needs. It retries requests
// until the attempts are used up; its errors are faults.
type client struct {
	api       *s3.Client
	bucket    string
	versions  bool
	retention Retention
	kmsKey    string
	tune      tuning
}

func newClient(ctx context.Context, bucket string, opts Options, tune tuning) (*client, error) {
	limiter := opts.Limiter
	if limiter == nil {
		limiter = NewLimiter(defaultConcurrency)
	}
	if opts.Patience == (Patience{}) {
		opts.Patience = DefaultPatience
	}

	cfg, err := loadConfig(ctx, opts, limiter.max)
	if err != nil {
		return nil, err
	}

	api := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// The limiter is outermost: waiting for a place must not count as idle
		// time of the connection.
		o.HTTPClient = limitedClient{next: impatientClient{next: o.HTTPClient, idle: opts.Patience.Idle}, limiter: limiter}
		o.UsePathStyle = opts.PathStyle
		o.DisableLogOutputChecksumValidationSkipped = true
		if opts.Endpoint != "" {
			o.BaseEndpoint = aws.String(opts.Endpoint)
		}
	})

	return &client{api, bucket, opts.Versions, opts.Retention, opts.SSEKMSKey, tune}, nil
}

func loadConfig(ctx context.Context, opts Options, connections int) (aws.Config, error) {
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		// Keep as many idle connections as there are requests at once, or most
		// requests would have to connect again.
		t.MaxIdleConns = connections
		t.MaxIdleConnsPerHost = connections
		t.ResponseHeaderTimeout = time.Minute
	})

	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(transport),
		config.WithLogger(logging.Nop{}), // what matters is in the errors; the SDK's own lines are not for operators
		config.WithRetryer(func() aws.Retryer { return watched(ctx, newRetryer(opts.Patience)) }),
		config.WithRegion(opts.Region),
		config.WithDefaultRegion("us-east-1"))
	if err != nil {
		return cfg, fmt.Errorf("reading the AWS configuration: %w", err)
	}

	if opts.RoleARN != "" {
		cfg.Credentials = assumeRole(cfg, opts)
	}

	// Fetch the credentials now: their lack has advice of its own.
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return cfg, &fault{advice: adviceNoCredentials, cause: err}
	}

	return cfg, nil
}

func assumeRole(cfg aws.Config, opts Options) aws.CredentialsProvider {
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), opts.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "cdrmend"
		if opts.ExternalID != "" {
			o.ExternalID = aws.String(opts.ExternalID)
		}
	})
	return aws.NewCredentialsCache(role)
}

// newRetryer retries everything that can end well, without the SDK's token
// bucket: the limiter already protects a struggling server, and a bucket shared
// by all requests makes healthy ones fail.
func newRetryer(patience Patience) *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = patience.Attempts
		o.MaxBackoff = patience.Backoff
		o.RateLimiter = ratelimit.None
		// The first function that decides wins, so neverRetry goes first.
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(neverRetry)}, o.Retryables...)
		o.Retryables = append(o.Retryables,
			retry.IsErrorRetryableFunc(retryBroken),
			retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
			retry.RetryableErrorCode{Codes: map[string]struct{}{
				"ConditionalRequestConflict": {}, // two conditional writes at once: one of them may try again
				"OperationAborted":           {},
				codeKMSBusy:                  {},
			}})
	})
}

func neverRetry(err error) aws.Ternary {
	if untrusted(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// retryBroken retries after an answer that was cut off or never came.
func retryBroken(err error) aws.Ternary {
	if brokenOff(err) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}
