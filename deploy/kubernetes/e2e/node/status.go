package node

import (
	"context"
	"os"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// state is what a node says of a pod.
type state interface {
	// set changes what the API server has. It reports whether there is anything to say.
	set(p *core.Pod) bool
}

// report tells the API server the state of a pod, until it has taken it.
func (a *Agent) report(ctx context.Context, p *core.Pod, s state) {
	pods := a.client.CoreV1().Pods(p.Namespace)
	for ctx.Err() == nil {
		now, err := pods.Get(ctx, p.Name, meta.GetOptions{})
		if err == nil && now.UID == p.UID {
			if !s.set(now) {
				return
			}
			_, err = pods.UpdateStatus(ctx, now, meta.UpdateOptions{})
		}
		switch {
		case err == nil || errors.IsNotFound(err):
			return // also if another pod has its name now
		case errors.IsConflict(err):
			// Somebody else was faster: again with what is there now.
		default:
			a.log.Warn("status is not taken", "pod", p.Name, "why", err)
			a.pause(ctx)
		}
	}
}

// pause waits a moment before something is tried again.
func (a *Agent) pause(ctx context.Context) {
	select {
	case <-time.After(500 * time.Millisecond):
	case <-ctx.Done():
	}
}

// running is the state of a pod whose process has started.
type running struct{ start time.Time }

func (r running) set(p *core.Pod) bool {
	// A short process may have ended before this was said.
	if p.Status.Phase != core.PodPending {
		return false
	}
	p.Status.Phase = core.PodRunning
	common(p, r.start, core.ConditionTrue, core.ContainerState{Running: &core.ContainerStateRunning{StartedAt: meta.NewTime(r.start)}})
	return true
}

// ended is the state of a pod whose process has ended.
type ended struct {
	start           time.Time
	code            int
	reason, message string
}

// endOf returns how a process ended.
func endOf(s *os.ProcessState, start time.Time) ended {
	e := ended{start: start, code: s.ExitCode(), reason: "Completed"}
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		e.code = 128 + int(w.Signal())
	}
	if e.code != 0 {
		e.reason = "Error"
	}
	return e
}

func (e ended) set(p *core.Pod) bool {
	// How a pod ended changes no more: the controllers have counted it.
	if p.Status.Phase == core.PodSucceeded || p.Status.Phase == core.PodFailed {
		return false
	}
	p.Status.Phase = core.PodFailed
	if e.code == 0 {
		p.Status.Phase = core.PodSucceeded
	}
	common(p, e.start, core.ConditionFalse, core.ContainerState{Terminated: &core.ContainerStateTerminated{
		ExitCode: int32(e.code), Reason: e.reason, Message: e.message,
		StartedAt: meta.NewTime(e.start), FinishedAt: meta.Now(), ContainerID: "process://" + string(p.UID),
	}})
	return true
}

// common sets what every state has.
func common(p *core.Pod, start time.Time, ready core.ConditionStatus, s core.ContainerState) {
	if p.Status.StartTime == nil && !start.IsZero() {
		p.Status.StartTime = &meta.Time{Time: start}
	}
	p.Status.HostIP, p.Status.PodIP = loopback, loopback
	p.Status.PodIPs = []core.PodIP{{IP: loopback}}
	setCondition(&p.Status, core.PodInitialized, core.ConditionTrue)
	setCondition(&p.Status, core.ContainersReady, ready)
	setCondition(&p.Status, core.PodReady, ready)
	started := s.Running != nil
	c := p.Spec.Containers[0]
	p.Status.ContainerStatuses = []core.ContainerStatus{{
		Name: c.Name, Image: c.Image, ImageID: c.Image, ContainerID: "process://" + string(p.UID),
		State: s, Ready: started, Started: &started,
	}}
}
