package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// backfill is an Indexed Job over all nights.
type backfill struct {
	output string // name of its output
	job    string
	config string // path
	plan   string // URL
	pods   map[types.UID]bool
}

// plan makes the plan of a backfill, with a configuration that has further lines, and
// gives the workers that configuration and further files.
func (w *world) plan(ctx context.Context, output, more string, files ...string) (*backfill, error) {
	b := &backfill{output: output, job: "cdrmend-backfill-" + output, pods: map[types.UID]bool{}}
	var err error
	if b.config, err = w.writeConfig(output, more); err != nil {
		return nil, err
	}
	said, err := w.cdrmend(ctx, "backfill", "plan", "--config", b.config, "--from", w.day(0), "--to", w.day(nights), "--shards", fmt.Sprint(workers))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	b.plan = lines[len(lines)-1]
	return b, w.configure(ctx, b.config, files...)
}

// configure gives the workers a configuration and files that it names.
func (w *world) configure(ctx context.Context, config string, files ...string) error {
	args := []string{"--from-file=cdrmend.yaml=" + config}
	for _, file := range files {
		args = append(args, "--from-file="+file)
	}
	return w.createSecret(ctx, "cdrmend", args...)
}

// disturbed plays a backfill to which something happens while it runs.
func disturbed(output string, disturb func(context.Context, *world, *backfill) error) func(context.Context, *world, *result) error {
	return func(ctx context.Context, w *world, r *result) error {
		r.want = "Complete"
		b, err := w.plan(ctx, output, "")
		if err != nil {
			return err
		}
		if err := w.applyBackfill(ctx, b); err != nil {
			return err
		}
		if disturb != nil {
			if err := disturb(ctx, w, b); err != nil {
				return err
			}
		}
		if err := w.end(ctx, r, b.job, b.pods); err != nil {
			return err
		}
		return w.compare(r, output, w.days(0, nights))
	}
}

// kill kills the process of a worker.
func kill(ctx context.Context, w *world, b *backfill) error {
	p, err := w.busy(ctx, b)
	if err != nil {
		return err
	}
	return w.nodes[p.Spec.NodeName].Signal(p.Name, os.Kill)
}

// evict asks for a worker to leave, as the drain of a node does.
func evict(ctx context.Context, w *world, b *backfill) error {
	p, err := w.busy(ctx, b)
	if err != nil {
		return err
	}
	b.pods[p.UID] = true // it will be deleted
	return w.cluster.Client.CoreV1().Pods(namespace).EvictV1(ctx, &policy.Eviction{ObjectMeta: meta.ObjectMeta{Name: p.Name}})
}

// recreate deletes the job, and applies it again.
func recreate(ctx context.Context, w *world, b *backfill) error {
	p, err := w.busy(ctx, b)
	if err != nil {
		return err
	}
	b.pods[p.UID] = true
	if err := w.deleteJob(ctx, b.job); err != nil {
		return err
	}
	return w.applyBackfill(ctx, b)
}

// restart kills the control plane, and starts it again.
func restart(ctx context.Context, w *world, b *backfill) error {
	if _, err := w.busy(ctx, b); err != nil {
		return err
	}
	w.cluster.Stop()
	time.Sleep(3 * time.Second) // some of the workers end while nobody can be told
	return w.cluster.Restart(ctx)
}

// loseNode takes the power from the node of a worker for good.
func loseNode(ctx context.Context, w *world, b *backfill) error {
	p, err := w.busy(ctx, b)
	if err != nil {
		return err
	}
	b.pods[p.UID] = true
	name := p.Spec.NodeName
	w.nodes[name].Crash()
	delete(w.nodes, name)
	if err := w.deleteNode(ctx, name); err != nil {
		return err
	}
	return w.addNode(ctx, name+"-new")
}

// stall stops the process of a worker and cuts its node off, so that the worker is
// replaced. It wakes when its replacement has committed everything.
func stall(ctx context.Context, w *world, b *backfill) error {
	p, err := w.busy(ctx, b)
	if err != nil {
		return err
	}
	b.pods[p.UID] = true
	name := p.Spec.NodeName
	n := w.nodes[name]
	if err := n.Signal(p.Name, syscall.SIGSTOP); err != nil {
		return err
	}
	n.Cut()
	defer n.Crash()
	delete(w.nodes, name)
	if err := w.deleteNode(ctx, name); err != nil {
		return err
	}
	if err := w.addNode(ctx, name+"-new"); err != nil {
		return err
	}
	err = until(ctx, "the replacement commits", func(context.Context) (bool, error) {
		c, err := w.store.committed(b.output)
		return len(c.commits) == nights, err
	})
	if err != nil {
		return err
	}
	if err := n.Signal(p.Name, syscall.SIGCONT); err != nil {
		return err
	}
	return until(ctx, "the worker that woke ends", func(context.Context) (bool, error) { return !n.Runs(p.Name), nil })
}
