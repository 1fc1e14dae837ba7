// Package node runs the pods of a node as processes of this machine: as much of a
// kubelet as a Job needs. Each container is one process in namespaces of its own for
// mounts and processes, with the root of its image, the volumes and variables that its
// pod names, its user and a root that is read-only where the pod says so. The network is
// that of the machine. Neither the limits of resources nor the seccomp profile count.
//
// It needs root, and a main that calls Become when Argument is its first argument.
package node

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const loopback = "127.0.0.1"

// errUnsupported is what a pod asks for and an agent does not have. No repetition helps.
var errUnsupported = errors.New("not supported by this node")

// Agent is a node.
type Agent struct {
	Name string

	client kubernetes.Interface
	images map[string]Image // by name
	dir    string
	log    *slog.Logger

	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	pods    map[types.UID]*pod // those that ended as well, so that no late event starts one again
}

// Start registers a node and runs what is bound to it. What the containers print goes to
// files of the directory.
func Start(ctx context.Context, client kubernetes.Interface, name, dir string, images map[string]Image, log *slog.Logger) (*Agent, error) {
	ctx, stop := context.WithCancel(ctx)
	a := &Agent{Name: name, client: client, images: images, dir: dir, log: log.With("node", name), stop: stop, pods: map[types.UID]*pod{}}
	if err := a.register(ctx); err != nil {
		stop()
		return nil, err
	}
	a.running.Go(func() { a.beat(ctx) })
	a.running.Go(func() { a.watch(ctx) })
	return a, nil
}

// Crash is what a machine does that loses power: no process goes on, and nobody is told.
func (a *Agent) Crash() {
	a.Cut()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.pods {
		p.kill()
	}
}

// Cut is what the loss of the network looks like from outside: the node says nothing any
// more, and its processes go on.
func (a *Agent) Cut() {
	a.stop()
	a.running.Wait()
}

// watch runs the pods that are bound to the node until the context ends.
func (a *Agent) watch(ctx context.Context) {
	bound := fields.OneTermEqualSelector("spec.nodeName", a.Name)
	list := cache.NewListWatchFromClient(a.client.CoreV1().RESTClient(), "pods", core.NamespaceAll, bound)
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: list, ObjectType: &core.Pod{}, ResyncPeriod: 10 * time.Second,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc: func(now any) { a.seen(ctx, now.(*core.Pod)) },
			UpdateFunc: func(before, now any) {
				// A pod that came between two events under the same name is another one.
				if before.(*core.Pod).UID != now.(*core.Pod).UID {
					a.gone(before.(*core.Pod).UID)
				}
				a.seen(ctx, now.(*core.Pod))
			},
			DeleteFunc: func(last any) {
				if unseen, ok := last.(cache.DeletedFinalStateUnknown); ok {
					last = unseen.Obj
				}
				a.gone(last.(*core.Pod).UID)
			},
		},
	})
	informer.RunWithContext(ctx)
}

// seen starts a pod that is new, and ends one that is to be deleted.
func (a *Agent) seen(ctx context.Context, now *core.Pod) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.pods[now.UID]
	if p == nil {
		p = newPod(a, now)
		a.pods[now.UID] = p
		a.running.Go(func() { p.live(ctx) })
	}
	if now.DeletionTimestamp != nil {
		p.terminate(grace(now))
	}
}

// gone ends a pod that the API server does not have any more.
func (a *Agent) gone(uid types.UID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.pods[uid]; p != nil {
		p.terminate(0)
	}
}

// grace is how long a pod that is to be deleted may take to end.
func grace(p *core.Pod) time.Duration {
	if p.DeletionGracePeriodSeconds == nil {
		return 0
	}
	return time.Duration(*p.DeletionGracePeriodSeconds) * time.Second
}
