package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"e2e/cluster"
)

// Buckets.
const (
	inputs  = "nights"
	outputs = "results"
)

const region = "eu-west-1" // as in the manifests

// store is an S3 server, versitygw, whose objects are files of this machine as well.
type store struct {
	server  *cluster.Process
	program string
	dir     string
	root    string // objects are files below it
	address string
	secret  string
}

// startStore starts the server with empty buckets.
func startStore(ctx context.Context, program, dir string) (*store, error) {
	s := &store{program: program, dir: dir, secret: rand.Text(), root: filepath.Join(dir, "root")}
	for _, bucket := range []string{inputs, outputs} { // a bucket is a directory
		if err := os.MkdirAll(filepath.Join(s.root, bucket), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "versions"), 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.address, err = cluster.FreeAddress(); err != nil {
		return nil, err
	}
	return s, s.start(ctx)
}

// start starts the server, again at the same address and with the same objects.
func (s *store) start(ctx context.Context) (err error) {
	s.server, err = cluster.Run(s.dir, []string{"ROOT_ACCESS_KEY=e2e", "ROOT_SECRET_KEY=" + s.secret}, s.program,
		"--port", s.address, "--region", region, "--keep-alive", "--quiet", "--health", "/_health",
		"posix", "--versioning-dir", filepath.Join(s.dir, "versions"), s.root)
	if err != nil {
		return err
	}
	return s.healthy(ctx)
}

func (s *store) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/_health", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the S3 server does not answer: %w", err)
		}
	}
}

// environment is what leads a program to the server.
func (s *store) environment() []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=http://" + s.address, "AWS_ACCESS_KEY_ID=e2e", "AWS_SECRET_ACCESS_KEY=" + s.secret,
		"AWS_REGION=" + region, "AWS_EC2_METADATA_DISABLED=true",
	}
}

// literals is environment as kubectl takes it for a Secret.
func (s *store) literals() (args []string) {
	for _, kv := range s.environment() {
		args = append(args, "--from-literal="+kv)
	}
	return args
}

// url returns where the results of an output lie.
func url(output string) string { return "s3://" + outputs + "/" + output + "/" }

// tables are the bytes of Parquet tables by their names, by interval.
type tables map[string]map[string][]byte

// committed is what an output has.
type committed struct {
	commits map[string]int // by interval
	newest  tables         // of the newest commit of each interval
}

// committed reads what an output has, as it lies on the disk of the server.
func (s *store) committed(output string) (committed, error) {
	c := committed{commits: map[string]int{}, newest: tables{}}
	dirs, err := filepath.Glob(filepath.Join(s.root, outputs, output, "interval=*"))
	if err != nil {
		return c, err
	}
	for _, dir := range dirs {
		records, err := s.records(dir)
		if err != nil {
			return c, err
		}
		if len(records) == 0 {
			continue
		}
		_, interval, _ := strings.Cut(filepath.Base(dir), "=")
		c.commits[interval] = len(records)
		if c.newest[interval], err = tablesOf(dir, records[len(records)-1]); err != nil {
			return c, err
		}
	}
	return c, nil
}

// records returns the paths of the commit records of an interval in their order.
func (s *store) records(interval string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(interval, "log", "*.json"))
	slices.Sort(all)
	return slices.DeleteFunc(all, func(path string) bool { return len(filepath.Base(path)) != len("00000001.json") }), err
}

// tablesOf reads the tables that a commit record makes visible.
func tablesOf(interval, record string) (map[string][]byte, error) {
	text, err := os.ReadFile(record)
	if err != nil {
		return nil, err
	}
	text, err = payload(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", record, err)
	}
	var r struct {
		Run string `json:"run_id"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("reading %s: %w", record, err)
	}
	paths, err := filepath.Glob(filepath.Join(interval, "runs", r.Run, "*.parquet"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: run %q has no tables", record, r.Run)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		if all[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// differing counts the tables that are not the same in two outputs, or only in one,
// among some intervals.
func differing(a, b tables, intervals []string) int {
	n := 0
	for _, interval := range intervals {
		for name, text := range a[interval] {
			if !bytes.Equal(text, b[interval][name]) {
				n++
			}
		}
		for name := range b[interval] {
			if _, ok := a[interval][name]; !ok {
				n++
			}
		}
	}
	return n
}

// payload returns what a record says, which may be signed.
func payload(file []byte) ([]byte, error) {
	var signed struct {
		Payload string `json:"payload"`
	}
	if err := json.Unmarshal(file, &signed); err != nil || signed.Payload == "" {
		return file, err
	}
	return base64.RawURLEncoding.DecodeString(signed.Payload)
}
