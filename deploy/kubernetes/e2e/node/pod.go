package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	errs "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pod is a pod that is or was on a node.
type pod struct {
	agent *Agent
	spec  *core.Pod
	dir   string

	ending chan struct{} // closed when the pod is to be deleted
	once   sync.Once
	grace  time.Duration

	mu      sync.Mutex
	process *os.Process // nil before it started, and after it ended
}

func newPod(a *Agent, spec *core.Pod) *pod {
	return &pod{agent: a, spec: spec, dir: filepath.Join(a.dir, string(spec.UID)), ending: make(chan struct{})}
}

// terminate lets the pod end within a time, and then be deleted.
func (p *pod) terminate(grace time.Duration) {
	p.once.Do(func() {
		p.grace = grace
		close(p.ending)
	})
}

// live runs the pod until it is deleted. When the context ends first, the node is gone
// or cut off: then a process that runs is left alone.
func (p *pod) live(ctx context.Context) {
	status := p.run(ctx)
	if ctx.Err() != nil {
		return
	}
	p.agent.report(ctx, p.spec, status)
	select {
	case <-p.ending:
		p.agent.forget(ctx, p.spec)
	case <-ctx.Done():
	}
}

// run runs the container of the pod, and returns how it ended.
func (p *pod) run(ctx context.Context) ended {
	if p.spec.Status.Phase != core.PodPending {
		// It ended, or it began on a node of this name that is no more.
		if p.spec.Status.Phase != core.PodRunning {
			return ended{}
		}
		return ended{code: 137, reason: "ContainerStatusUnknown", message: "the node lost it"}
	}
	start := time.Now()
	cmd, err := p.prepare(ctx)
	if err != nil {
		return ended{start: start, code: notStarted, reason: "StartError", message: err.Error()}
	}
	if cmd == nil {
		return ended{start: start, code: 143, reason: "Error", message: "deleted before it began"}
	}
	return p.wait(ctx, cmd, start)
}

// prepare starts the container as soon as all that it needs is there. It returns nil
// when the pod is to end first.
func (p *pod) prepare(ctx context.Context) (*exec.Cmd, error) {
	for {
		cmd, err := p.begin(ctx)
		if err == nil || errors.Is(err, errUnsupported) {
			return cmd, err
		}
		p.agent.log.Warn("pod does not start", "pod", p.spec.Name, "why", err)
		select {
		case <-p.ending:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// begin makes volumes, variables and root of the container, and starts it.
func (p *pod) begin(ctx context.Context) (*exec.Cmd, error) {
	image, err := p.image()
	if err != nil {
		return nil, err
	}
	volumes, err := p.agent.volumes(ctx, p.spec, filepath.Join(p.dir, "volumes"))
	if err != nil {
		return nil, err
	}
	env, err := p.agent.environment(ctx, p.spec, &p.spec.Spec.Containers[0])
	if err != nil {
		return nil, err
	}
	root := filepath.Join(p.dir, "root")
	if err := os.RemoveAll(root); err != nil {
		return nil, err
	}
	if err := image.unpack(root); err != nil {
		return nil, fmt.Errorf("unpacking the image: %w", err)
	}
	c, err := compose(p.spec, image, root, volumes, env)
	if err != nil {
		return nil, err
	}
	return p.start(c)
}

// image returns the image of the pod, which has to be one that this node can run.
func (p *pod) image() (*Image, error) {
	s := p.spec.Spec
	if len(s.Containers) != 1 || len(s.InitContainers) > 0 || s.RestartPolicy != core.RestartPolicyNever {
		return nil, fmt.Errorf("%w: anything but one container that is not restarted", errUnsupported)
	}
	image, ok := p.agent.images[s.Containers[0].Image]
	if !ok {
		return nil, fmt.Errorf("%w: image %s", errUnsupported, s.Containers[0].Image)
	}
	return &image, nil
}

// start runs this program once more, which becomes the container.
func (p *pod) start(c *container) (*exec.Cmd, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	spec := filepath.Join(p.dir, "container.json")
	if err := os.WriteFile(spec, text, 0o600); err != nil {
		return nil, err
	}
	file, err := os.Open(spec)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	output, err := os.OpenFile(filepath.Join(p.agent.dir, p.spec.Namespace+"_"+p.spec.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close() // the container has it

	cmd := exec.Command("/proc/self/exe", Argument)
	cmd.Env = []string{}
	cmd.ExtraFiles = []*os.File{file}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
		Setsid:     true,
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.process = cmd.Process
	return cmd, nil
}

// wait reports the pod as running, and returns how its process ended.
func (p *pod) wait(ctx context.Context, cmd *exec.Cmd, start time.Time) ended {
	over := make(chan struct{})
	go func() { // outlives a node that is cut off, as the process does
		_ = cmd.Wait() // how it ended stands in ProcessState
		p.mu.Lock()
		p.process = nil
		p.mu.Unlock()
		close(over)
	}()
	go p.agent.report(ctx, p.spec, running{start})

	select {
	case <-over:
	case <-ctx.Done():
		return ended{}
	case <-p.ending:
		_ = p.signal(syscall.SIGTERM) // it may have ended
		select {
		case <-over:
		case <-ctx.Done():
			return ended{}
		case <-time.After(p.grace):
			p.kill()
			<-over
		}
	}
	return endOf(cmd.ProcessState, start)
}

// signal sends a signal to the process of the pod.
func (p *pod) signal(s os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil {
		return os.ErrProcessDone
	}
	return p.process.Signal(s)
}

func (p *pod) kill() { _ = p.signal(syscall.SIGKILL) } // one that ended is no news

// Signal sends a signal to the process of a pod from outside, as somebody on the machine
// does.
func (a *Agent) Signal(name string, s os.Signal) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.pods {
		if p.spec.Name == name {
			return p.signal(s)
		}
	}
	return fmt.Errorf("node %s never had a pod %s", a.Name, name)
}

// Runs reports whether the process of a pod still runs, also on a node that is cut off.
func (a *Agent) Runs(name string) bool {
	return a.Signal(name, syscall.Signal(0)) == nil
}

// forget removes a pod that ended and was to be deleted from the API server.
func (a *Agent) forget(ctx context.Context, p *core.Pod) {
	now := int64(0)
	for ctx.Err() == nil {
		err := a.client.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, meta.DeleteOptions{
			GracePeriodSeconds: &now, Preconditions: &meta.Preconditions{UID: &p.UID},
		})
		// A conflict says that the name belongs to another pod by now.
		if err == nil || errs.IsNotFound(err) || errs.IsConflict(err) {
			return
		}
		a.pause(ctx)
	}
}

// setCondition sets a condition of a pod. Those of others stay.
func setCondition(s *core.PodStatus, kind core.PodConditionType, status core.ConditionStatus) {
	i := slices.IndexFunc(s.Conditions, func(c core.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		s.Conditions = append(s.Conditions, core.PodCondition{Type: kind})
		i = len(s.Conditions) - 1
	}
	if s.Conditions[i].Status != status {
		s.Conditions[i].Status, s.Conditions[i].LastTransitionTime = status, meta.Now()
	}
}
