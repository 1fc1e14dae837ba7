// Command e2e runs the manifests of deploy/kubernetes on a real control plane of
// Kubernetes, with nodes that run pods as processes, and an S3 server. It disturbs what
// runs, and compares what was committed with the run of a single machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"e2e/node"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == node.Argument {
		fmt.Fprintln(os.Stderr, "e2e:", node.Become())
		os.Exit(128)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

// run prints what the manifests and the scenarios came to. It reports whether all is as
// it should be.
func run(ctx context.Context) (bool, error) {
	var o options
	flag.StringVar(&o.program, "program", "", "the cdrmend to run: static, of Linux")
	flag.StringVar(&o.controlPlane, "control-plane", "", "directory with etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl")
	flag.StringVar(&o.tools, "tools", "", "directory with kustomize and versitygw")
	flag.StringVar(&o.manifests, "manifests", "..", "deploy/kubernetes")
	flag.StringVar(&o.keep, "keep", "", "work in this directory, which stays, instead of a temporary one")
	flag.IntVar(&o.legs, "legs", 2000, "how many legs each night has: the more, the longer an interval takes")
	only := flag.String("only", "", "a pattern of names of scenarios")
	serve := flag.Bool("serve", false, "afterwards leave everything running until Ctrl-C, to try manifests by hand")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return false, fmt.Errorf("-only: %w", err)
	}
	if os.Geteuid() != 0 {
		return false, fmt.Errorf("containers need root")
	}

	// The user of the containers reads what root makes here.
	syscall.Umask(0o022)
	w, err := newWorld(ctx, &o)
	if err != nil {
		return false, err
	}
	defer w.close()
	valid, err := w.validate(ctx)
	if err != nil {
		return false, err
	}
	t, err := w.play(ctx, pattern)
	if t != nil {
		t.print(os.Stdout)
	}
	if *serve && err == nil {
		w.tell(os.Stdout)
		<-ctx.Done()
	}
	return valid && t != nil && t.good(), err
}
