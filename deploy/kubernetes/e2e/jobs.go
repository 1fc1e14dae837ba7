package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// patience is how long anything may take: a node that is gone is noticed after a minute.
const patience = 5 * time.Minute

// until asks again and again until something is so.
func until(ctx context.Context, what string, is func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%s: not within %s", what, patience))
	defer cancel()
	for {
		done, err := is(ctx)
		if err == nil && done {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// finished waits for a job to end, and returns how: Complete, or Failed with a reason.
// It adds the pods that it sees to those of the job.
func (w *world) finished(ctx context.Context, name string, pods map[types.UID]bool) (how string, err error) {
	err = until(ctx, "job "+name+" ends", func(ctx context.Context) (bool, error) {
		list, err := w.podsOf(ctx, name)
		if err != nil {
			return false, err
		}
		for _, p := range list {
			pods[p.UID] = true
		}
		j, err := w.job(ctx, name)
		if err != nil {
			return false, err
		}
		for _, c := range j.Status.Conditions {
			if c.Status != core.ConditionTrue {
				continue
			}
			switch c.Type {
			case batch.JobComplete:
				how = "Complete"
			case batch.JobFailed:
				how = "Failed " + c.Reason
			}
		}
		return how != "", nil
	})
	return how, err
}

func (w *world) job(ctx context.Context, name string) (*batch.Job, error) {
	return w.cluster.Client.BatchV1().Jobs(namespace).Get(ctx, name, meta.GetOptions{})
}

// podsOf returns the pods of a job.
func (w *world) podsOf(ctx context.Context, job string) ([]core.Pod, error) {
	list, err := w.cluster.Client.CoreV1().Pods(namespace).List(ctx, meta.ListOptions{LabelSelector: batch.JobNameLabel + "=" + job})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// busy waits until a job has committed something, and returns a pod of it that has more
// to do.
func (w *world) busy(ctx context.Context, b *backfill) (*core.Pod, error) {
	var found *core.Pod
	err := until(ctx, "a worker is in the middle of its work", func(ctx context.Context) (bool, error) {
		c, err := w.store.committed(b.output)
		if err != nil || len(c.commits) == 0 {
			return false, err
		}
		pods, err := w.podsOf(ctx, b.job)
		if err != nil {
			return false, err
		}
		slices.SortFunc(pods, func(a, b core.Pod) int { return strings.Compare(a.Name, b.Name) })
		for _, p := range pods {
			n := w.nodes[p.Spec.NodeName]
			if n != nil && p.Status.Phase == core.PodRunning && n.Runs(p.Name) {
				found = &p
				return true, nil
			}
		}
		if len(c.commits) == nights {
			return false, fmt.Errorf("all was committed before it could be disturbed: give a larger -legs")
		}
		return false, nil
	})
	return found, err
}

// deleteJob deletes a job with its pods, and waits until they are gone.
func (w *world) deleteJob(ctx context.Context, name string) error {
	if _, err := w.kubectl(ctx, "delete", "job", name, "--namespace", namespace, "--ignore-not-found"); err != nil {
		return err
	}
	return until(ctx, "the pods of job "+name+" are gone", func(ctx context.Context) (bool, error) {
		pods, err := w.podsOf(ctx, name)
		return len(pods) == 0, err
	})
}

// createSecret makes a Secret in place of the one that has its name.
func (w *world) createSecret(ctx context.Context, name string, from ...string) error {
	if _, err := w.kubectl(ctx, "delete", "secret", name, "--namespace", namespace, "--ignore-not-found"); err != nil {
		return err
	}
	_, err := w.kubectl(ctx, append([]string{"create", "secret", "generic", name, "--namespace", namespace}, from...)...)
	return err
}

// deleteNode deletes a Node, as whoever looks after a cluster does with a machine that
// does not come back.
func (w *world) deleteNode(ctx context.Context, name string) error {
	err := w.cluster.Client.CoreV1().Nodes().Delete(ctx, name, meta.DeleteOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}
