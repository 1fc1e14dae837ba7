package objecttest

import (
	"context"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// User makes an account that may do nothing yet, and makes it the one that the
// environment's defaults lead to. The server needs the option Accounts.
func (s *Server) User(t testing.TB, name string) {
	t.Helper()
	const secret = "usersecret"
	out, err := exec.Command(s.binary, "admin", "--access", s.AccessKey, "--secret", s.SecretKey, "--endpoint-url", s.Endpoint,
		"create-user", "--access", name, "--secret", secret, "--role", "user").CombinedOutput()
	if err != nil {
		t.Fatalf("making the user %q: %v\n%s", name, err, out)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", name)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
}

// Allow gives an account the named actions, such as s3:ListBucket, on a bucket, and no
// others.
func (s *Server) Allow(t testing.TB, bucket, user string, actions ...string) {
	t.Helper()
	s.AllowBut(t, bucket, user, nil, actions...)
}

// AllowBut is Allow, but that the account may read no object whose key is one of those
// denied; a star at the end stands for any rest.
func (s *Server) AllowBut(t testing.TB, bucket, user string, denied []string, actions ...string) {
	t.Helper()
	arn := "arn:aws:s3:::" + bucket
	var statements []map[string]any
	for _, action := range actions {
		resource := arn + "/*"
		if action == "s3:ListBucket" || action == "s3:ListBucketVersions" {
			resource = arn
		}
		statements = append(statements, map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": user}, "Action": action, "Resource": resource})
	}
	for _, key := range denied {
		statements = append(statements, map[string]any{"Effect": "Deny", "Principal": map[string]any{"AWS": user}, "Action": "s3:GetObject", "Resource": arn + "/" + key})
	}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	text := string(policy)
	if _, err := s.api(t).PutBucketPolicy(context.Background(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &text}); err != nil {
		t.Fatalf("allowing %v on %q: %v", actions, bucket, err)
	}
}
