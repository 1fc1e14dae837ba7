// Package cluster runs the control plane of Kubernetes on loopback: etcd, the API
// server, the controllers and the scheduler, as they are released, with certificates
// of their own and RBAC. It has no nodes.
package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	api "k8s.io/client-go/tools/clientcmd/api"
)

// Cluster is a control plane that runs.
type Cluster struct {
	Kubeconfig string // path of the file for kubectl
	Config     *rest.Config
	Client     *kubernetes.Clientset

	programs string
	dir      string
	api      string // addresses
	etcd     string
	peers    string
	parts    []*Process
}

// Start starts a control plane with programs of one directory, and with its data in
// another, and returns once its API answers.
func Start(ctx context.Context, programs, dir string) (*Cluster, error) {
	c := &Cluster{programs: programs, dir: dir, Kubeconfig: filepath.Join(dir, "kubeconfig")}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := c.identities(); err != nil {
		return nil, fmt.Errorf("making certificates: %w", err)
	}
	for _, address := range []*string{&c.api, &c.etcd, &c.peers} {
		var err error
		if *address, err = FreeAddress(); err != nil {
			return nil, err
		}
	}
	if err := c.connect(); err != nil {
		return nil, fmt.Errorf("writing the kubeconfig: %w", err)
	}
	if err := c.begin(ctx); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// Restart ends everything at once, as a crash would, and starts it again with its data.
func (c *Cluster) Restart(ctx context.Context) error {
	c.Stop()
	return c.begin(ctx)
}

// Stop ends the control plane.
func (c *Cluster) Stop() {
	for i := len(c.parts) - 1; i >= 0; i-- {
		c.parts[i].Kill()
	}
	c.parts = nil
}

func (c *Cluster) identities() error {
	a, err := newAuthority(c.dir)
	if err != nil {
		return err
	}
	for _, make := range []func() error{a.serving, a.admin, a.tokens} {
		if err := make(); err != nil {
			return err
		}
	}
	return nil
}

// connect writes the kubeconfig and makes the client from it.
func (c *Cluster) connect() error {
	k := api.NewConfig()
	k.Clusters["e2e"] = &api.Cluster{Server: "https://" + c.api, CertificateAuthority: c.file("ca.crt")}
	k.AuthInfos["admin"] = &api.AuthInfo{ClientCertificate: c.file("admin.crt"), ClientKey: c.file("admin.key")}
	k.Contexts["e2e"] = &api.Context{Cluster: "e2e", AuthInfo: "admin"}
	k.CurrentContext = "e2e"
	if err := clientcmd.WriteToFile(*k, c.Kubeconfig); err != nil {
		return err
	}
	var err error
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return err
	}
	// Several nodes share the client.
	c.Config.QPS, c.Config.Burst = 200, 400
	c.Client, err = kubernetes.NewForConfig(c.Config)
	return err
}

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }

// begin starts the parts. Each waits for the ones that it needs.
func (c *Cluster) begin(ctx context.Context) error {
	if err := c.part("etcd",
		"--data-dir="+c.file("data"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=http://"+c.etcd, "--advertise-client-urls=http://"+c.etcd,
		"--listen-peer-urls=http://"+c.peers, "--initial-advertise-peer-urls=http://"+c.peers,
		"--initial-cluster=default=http://"+c.peers); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(c.api)
	if err != nil {
		return err
	}
	if err := c.part("kube-apiserver",
		"--etcd-servers=http://"+c.etcd, "--bind-address="+host, "--secure-port="+port,
		// Nobody asks for the service of the API server, and loopback may not stand in it.
		"--advertise-address="+host, "--endpoint-reconciler-type=none",
		"--tls-cert-file="+c.file("apiserver.crt"), "--tls-private-key-file="+c.file("apiserver.key"),
		"--client-ca-file="+c.file("ca.crt"), "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+c.file("accounts.key"), "--service-account-signing-key-file="+c.file("accounts.key"),
		"--service-cluster-ip-range=10.0.0.0/24"); err != nil {
		return err
	}
	if err := c.ready(ctx); err != nil {
		return err
	}
	// These have no twins to elect a leader from, and serve nobody.
	common := []string{"--kubeconfig=" + c.Kubeconfig, "--leader-elect=false", "--secure-port=0"}
	if err := c.part("kube-controller-manager", append(common,
		"--root-ca-file="+c.file("ca.crt"), "--service-account-private-key-file="+c.file("accounts.key"))...); err != nil {
		return err
	}
	return c.part("kube-scheduler", common...)
}

func (c *Cluster) part(name string, args ...string) error {
	p, err := Run(c.dir, nil, filepath.Join(c.programs, name), args...)
	if err == nil {
		c.parts = append(c.parts, p)
	}
	return err
}

// ready waits until the API server says that it is.
func (c *Cluster) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		_, err := c.Client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the API server does not get ready: %w (%s)", err, c.file("kube-apiserver.log"))
		}
	}
}
