package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Argument is the first argument of a program that is to become a container: its main
// has to call Become then.
const Argument = "become-a-container"

// container says what a process gets to see, and as whom it runs.
type container struct {
	Root     string // directory that becomes /
	ReadOnly bool
	Mounts   []mount
	Args     []string
	Env      []string
	User     int
	Group    int
	Groups   []int
	Powers   bool // keep the capabilities that root has
}

// mount puts a directory at a place below the root.
type mount struct {
	From, To string
	ReadOnly bool
}

// notStarted is the exit code of a container that could not be made.
const notStarted = 128

// Become reads a container from file 3, and becomes it. The process has to be alone in
// its namespaces of mounts and of processes. It returns only with an error.
func Become() error {
	var c container
	file := os.NewFile(3, "container")
	if err := json.NewDecoder(file).Decode(&c); err != nil {
		return err
	}
	file.Close() // the program is not to have it
	// Some of what follows is a property of the thread, which the program inherits.
	runtime.LockOSThread()
	if err := c.enter(); err != nil {
		return fmt.Errorf("making the root: %w", err)
	}
	if err := c.confine(); err != nil {
		return fmt.Errorf("giving up rights: %w", err)
	}
	if err := unix.Exec(c.Args[0], c.Args, c.Env); err != nil {
		return fmt.Errorf("starting %s: %w", c.Args[0], err)
	}
	return nil
}

// enter makes the root, and leaves everything else behind.
func (c *container) enter() error {
	// What is mounted here must not show outside.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount(c.Root, c.Root, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	for _, m := range c.Mounts {
		if err := m.bind(c.Root); err != nil {
			return fmt.Errorf("mounting %s: %w", m.To, err)
		}
	}
	if err := c.system(); err != nil {
		return err
	}
	if c.ReadOnly {
		if err := readOnly(c.Root); err != nil {
			return err
		}
	}
	if err := os.Chdir(c.Root); err != nil {
		return err
	}
	// The old root comes to lie above the new one, and goes.
	if err := unix.PivotRoot(".", "."); err != nil {
		return err
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return os.Chdir("/")
}

// system mounts /proc and the devices that programs expect.
func (c *container) system() error {
	proc := filepath.Join(c.Root, "proc")
	if err := os.MkdirAll(proc, 0o555); err != nil {
		return err
	}
	if err := unix.Mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	dev := filepath.Join(c.Root, "dev")
	if err := os.MkdirAll(dev, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"null", "zero", "urandom"} {
		path := filepath.Join(dev, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		if err := unix.Mount("/dev/"+name, path, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

func (m mount) bind(root string) error {
	to := filepath.Join(root, m.To)
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(m.From, to, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if !m.ReadOnly {
		return nil
	}
	return readOnly(to)
}

func readOnly(path string) error {
	return unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
}

// confine gives up what the program is not to have.
func (c *container) confine() error {
	if !c.Powers {
		for power := range uintptr(unix.CAP_LAST_CAP + 1) {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, power, 0, 0, 0); err != nil {
				return err
			}
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := syscall.Setgroups(c.Groups); err != nil {
		return err
	}
	if err := syscall.Setgid(c.Group); err != nil {
		return err
	}
	if err := syscall.Setuid(c.User); err != nil {
		return err
	}
	// A change of user forgets who is to die with whom.
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}
