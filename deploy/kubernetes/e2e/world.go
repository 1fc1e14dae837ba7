package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"e2e/cluster"
	"e2e/node"
)

// options are what the command line says.
type options struct {
	program, controlPlane, tools, manifests, keep string
	legs                                          int
}

const (
	namespace = "compliance" // as in ../example
	nights    = 12
	workers   = 4
)

// world is everything that a scenario needs.
type world struct {
	*options

	dir     string
	log     *slog.Logger
	cluster *cluster.Cluster
	store   *store
	nodes   map[string]*node.Agent
	images  map[string]node.Image
	config  string    // of the nights, as text
	first   time.Time // day of the first night
	single  tables    // what a single machine computed
}

// newWorld starts the servers and the nodes, makes the nights, and lets a single machine
// compute them.
func newWorld(ctx context.Context, o *options) (*world, error) {
	w := &world{options: o, nodes: map[string]*node.Agent{}}
	// The job of a CronJob takes the night that ended last.
	w.first = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -nights)
	for _, stage := range []func(context.Context) error{w.makeDir, w.makeImage, w.startStore, w.startCluster, w.makeNights, w.computeAlone} {
		if err := stage(ctx); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// tell says how to reach what runs.
func (w *world) tell(out io.Writer) {
	fmt.Fprintf(out, "export KUBECONFIG=%s\n", w.cluster.Kubeconfig)
	for _, setting := range w.store.environment() {
		fmt.Fprintln(out, "export", setting)
	}
	fmt.Fprintf(out, "The nodes have the image %s, and the secret s3 the settings of the S3 server.\n", image)
	fmt.Fprintf(out, "%s is a configuration of nights in it.\n", w.path("configs", "single", "cdrmend.yaml"))
}

// close ends everything that was started.
func (w *world) close() {
	for _, n := range w.nodes {
		n.Crash()
	}
	if w.cluster != nil {
		w.cluster.Stop()
	}
	if w.store != nil {
		w.store.server.Kill()
	}
	if w.dir != "" && w.keep == "" {
		_ = os.RemoveAll(w.dir) // of what stays in a temporary directory, nobody has to know
	}
}

func (w *world) makeDir(context.Context) (err error) {
	// A name without a slash would be looked for elsewhere.
	for _, path := range []*string{&w.program, &w.controlPlane, &w.tools, &w.manifests} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	if w.keep != "" {
		w.dir, err = filepath.Abs(w.keep)
		if err != nil {
			return err
		}
		return os.Mkdir(w.dir, 0o755)
	}
	w.dir, err = os.MkdirTemp("", "cdrmend-e2e-")
	if err != nil {
		return err
	}
	return os.Chmod(w.dir, 0o755) // the user of the containers goes through it
}

func (w *world) path(names ...string) string {
	return filepath.Join(append([]string{w.dir}, names...)...)
}

// makeImage makes what the image of make image has, without licences and authorities: here
// nothing speaks TLS.
func (w *world) makeImage(context.Context) error {
	root := w.path("image")
	for _, dir := range []string{"etc/cdrmend", "tmp", "usr/local/bin"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	const program = "/usr/local/bin/cdrmend"
	text, err := os.ReadFile(w.program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, program), text, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "etc", "passwd"), []byte("cdrmend:x:65532:65532::/:/sbin/nologin\n"), 0o644); err != nil {
		return err
	}
	w.images = map[string]node.Image{image: {Root: root, Entrypoint: []string{program}}}
	return nil
}

func (w *world) startStore(ctx context.Context) (err error) {
	w.store, err = startStore(ctx, filepath.Join(w.tools, "versitygw"), w.path("store"))
	return err
}

func (w *world) startCluster(ctx context.Context) (err error) {
	w.cluster, err = cluster.Start(ctx, w.controlPlane, w.path("cluster"))
	if err != nil {
		return err
	}
	// Nodes complain while the control plane restarts, which is as it should be.
	complaints, err := os.OpenFile(w.path("nodes.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w.log = slog.New(slog.NewTextHandler(complaints, nil)) // open as long as this program runs
	// One more than there are workers, for what replaces a worker.
	for i := range workers + 1 {
		if err := w.addNode(ctx, fmt.Sprintf("node-%d", i+1)); err != nil {
			return err
		}
	}
	if _, err := w.kubectl(ctx, "create", "namespace", namespace); err != nil {
		return err
	}
	return w.createSecret(ctx, "s3", w.store.literals()...)
}

// addNode starts a node.
func (w *world) addNode(ctx context.Context, name string) error {
	dir := w.path("nodes", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	n, err := node.Start(ctx, w.cluster.Client, name, dir, w.images, w.log)
	if err == nil {
		w.nodes[name] = n
	}
	return err
}

func (w *world) makeNights(ctx context.Context) error {
	dir := w.path("nights")
	_, err := w.cdrmend(ctx, "synth", "--legs", fmt.Sprint(w.legs), "--nights", fmt.Sprint(nights), "--day", w.day(0), "--dir", dir, "--s3", "s3://"+inputs+"/")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "cdrmend.yaml"))
	w.config = string(text)
	return err
}

// computeAlone has one machine compute all nights, one after the other.
func (w *world) computeAlone(ctx context.Context) error {
	config, err := w.writeConfig("single", "")
	if err != nil {
		return err
	}
	if _, err := w.cdrmend(ctx, "run", "--config", config, "--from", w.day(0), "--to", w.day(nights), "--fail-on=none", "--quiet"); err != nil {
		return err
	}
	var o committed
	if o, err = w.store.committed("single"); err != nil {
		return err
	}
	if len(o.newest) != nights {
		return fmt.Errorf("a single machine committed %d intervals, want %d", len(o.newest), nights)
	}
	w.single = o.newest
	return nil
}

// day returns the name of a night.
func (w *world) day(n int) string { return w.first.AddDate(0, 0, n).Format(time.DateOnly) }

// writeConfig writes the configuration of the nights with an output of its own and
// further lines.
func (w *world) writeConfig(output, more string) (string, error) {
	dir := w.path("configs", output)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cdrmend.yaml")
	text := strings.Replace(w.config, "s3://"+inputs+"/out/", url(output), 1)
	return path, os.WriteFile(path, []byte(text+more), 0o600)
}

// cdrmend runs the program on the machine of whoever looks after the job, and returns
// what it printed.
func (w *world) cdrmend(ctx context.Context, args ...string) (string, error) {
	env := append(w.store.environment(), "AWS_PROFILE=", "AWS_SESSION_TOKEN=")
	return output(exec.CommandContext(ctx, w.program, args...), env...)
}

func (w *world) kubectl(ctx context.Context, args ...string) (string, error) {
	return output(exec.CommandContext(ctx, filepath.Join(w.controlPlane, "kubectl"), args...), "KUBECONFIG="+w.cluster.Kubeconfig, "HOME="+w.dir)
}

// output runs a command. An error has what it printed.
func output(cmd *exec.Cmd, env ...string) (string, error) {
	var errors strings.Builder
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out, errors.String())
	}
	return string(out), err
}
