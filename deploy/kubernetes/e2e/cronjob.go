package main

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
)

// rechecks is how many nights before the newest one a run computes again.
const rechecks = 3

// runCronJob gives the CronJob a configuration, and starts it by hand as one does.
func (w *world) runCronJob(ctx context.Context, job, config string) error {
	if err := w.createSecret(ctx, "cdrmend", "--from-file="+config); err != nil {
		return err
	}
	_, err := w.kubectl(ctx, "create", "job", job, "--from=cronjob/cdrmend", "--namespace", namespace)
	return err
}

// playCronJob has the CronJob take the newest night and its re-checks.
func playCronJob(ctx context.Context, w *world, r *result) error {
	r.want = "Complete"
	config, err := w.writeConfig("cronjob", "")
	if err != nil {
		return err
	}
	if err := w.runCronJob(ctx, "cronjob", config); err != nil {
		return err
	}
	if err := w.end(ctx, r, "cronjob", map[types.UID]bool{}); err != nil {
		return err
	}
	return w.compare(r, "cronjob", w.days(nights-1-rechecks, nights))
}

// playWrongConfiguration gives it one that nothing but an edit can mend: exit code 2.
func playWrongConfiguration(ctx context.Context, w *world, r *result) error {
	r.want = "Failed PodFailurePolicy"
	config, err := w.writeConfig("wrong", "no_such_key: 1\n")
	if err != nil {
		return err
	}
	if err := w.runCronJob(ctx, "wrong", config); err != nil {
		return err
	}
	return w.end(ctx, r, "wrong", map[types.UID]bool{})
}

// playStoreDown stops the store until the first attempt has failed: exit code 3.
func playStoreDown(ctx context.Context, w *world, r *result) error {
	r.want = "Complete"
	config, err := w.writeConfig("down", "")
	if err != nil {
		return err
	}
	w.store.server.Kill()
	if err := w.runCronJob(ctx, "down", config); err != nil {
		return err
	}
	err = until(ctx, "the first attempt fails", func(ctx context.Context) (bool, error) {
		j, err := w.job(ctx, "down")
		return err == nil && j.Status.Failed > 0, err
	})
	if again := w.store.start(ctx); again != nil {
		return again
	}
	if err != nil {
		return err
	}
	if err := w.end(ctx, r, "down", map[types.UID]bool{}); err != nil {
		return err
	}
	return w.compare(r, "down", w.days(nights-1-rechecks, nights))
}
