package node

import (
	"cmp"
	"context"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// capacity of a node: one worker, and no second one.
func capacity() core.ResourceList {
	return core.ResourceList{
		core.ResourceCPU:              resource.MustParse("1500m"),
		core.ResourceMemory:           resource.MustParse("2Gi"),
		core.ResourceEphemeralStorage: resource.MustParse("30Gi"),
		core.ResourcePods:             resource.MustParse("10"),
	}
}

// register makes the Node, which is ready.
func (a *Agent) register(ctx context.Context) error {
	n := &core.Node{
		ObjectMeta: meta.ObjectMeta{Name: a.Name, Labels: map[string]string{core.LabelHostname: a.Name, core.LabelOSStable: "linux"}},
		Status:     core.NodeStatus{Capacity: capacity(), Allocatable: capacity(), Conditions: ready()},
	}
	_, err := a.client.CoreV1().Nodes().Create(ctx, n, meta.CreateOptions{})
	return err
}

func ready() []core.NodeCondition {
	return []core.NodeCondition{{
		Type: core.NodeReady, Status: core.ConditionTrue, Reason: "AgentReady",
		LastHeartbeatTime: meta.Now(), LastTransitionTime: meta.Now(),
	}}
}

// beat keeps the node alive in the eyes of the controllers.
func (a *Agent) beat(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		if err := cmp.Or(a.renew(ctx), a.refresh(ctx)); err != nil && ctx.Err() == nil {
			a.log.Warn("the node cannot say that it lives", "why", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// refresh says that the node is ready, if the controllers came to doubt that.
func (a *Agent) refresh(ctx context.Context) error {
	n, err := a.client.CoreV1().Nodes().Get(ctx, a.Name, meta.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range n.Status.Conditions {
		if c.Type == core.NodeReady && c.Status == core.ConditionTrue {
			return nil
		}
	}
	n.Status.Conditions = ready()
	_, err = a.client.CoreV1().Nodes().UpdateStatus(ctx, n, meta.UpdateOptions{})
	return err
}

// renew renews the lease of the node.
func (a *Agent) renew(ctx context.Context) error {
	leases := a.client.CoordinationV1().Leases(core.NamespaceNodeLease)
	now, seconds := meta.NowMicro(), int32(40)
	l, err := leases.Get(ctx, a.Name, meta.GetOptions{})
	if errors.IsNotFound(err) {
		_, err = leases.Create(ctx, &coordination.Lease{
			ObjectMeta: meta.ObjectMeta{Name: a.Name},
			Spec:       coordination.LeaseSpec{HolderIdentity: &a.Name, LeaseDurationSeconds: &seconds, RenewTime: &now},
		}, meta.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	l.Spec.RenewTime = &now
	_, err = leases.Update(ctx, l, meta.UpdateOptions{})
	return err
}
