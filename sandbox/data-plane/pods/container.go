package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"aks-mesh/sandbox/data-plane/pods/netns"
	"aks-mesh/sandbox/data-plane/pods/programs"
)

// containSelf is the first argument by which this program starts itself as the first thing in a container.
const containSelf = "contain"

// Container is what runs in a pod: a program that this machine has in place of the image.
type Container struct {
	Name string `json:"name"`
	// Program is `envoy`, `pilot-agent`, or one of package programs.
	Program string            `json:"program"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
	// User is the user and group that it runs as.
	User int `json:"user"`
	// Files are the volumes' files by path: below /etc, or relative to the working directory, which is the container's own.
	Files map[string][]byte `json:"files"`
}

// speaks tells whether what the program says on standard output is for us.
func (c Container) speaks() bool {
	_, known := programs.ByName[c.Program]
	return known
}

// process is a running container.
type process struct {
	container Container
	command   *exec.Cmd
	// ended is closed when it has ended.
	ended chan struct{}
}

// startContainer starts a container in a pod's network. What a program says on standard output, values of JSON, is given to note, and the lines that a
// sidecar's Envoy writes there to access, where that is wanted.
func startContainer(network *netns.Namespace, container Container, note, access func([]byte)) (*process, error) {
	it := &process{container: container, command: exec.Command("/proc/self/exe", containSelf), ended: make(chan struct{})}
	// By a pipe, since arguments and environment can be read by others.
	description, err := it.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	var output io.ReadCloser
	if container.speaks() || access != nil {
		if output, err = it.command.StdoutPipe(); err != nil {
			return nil, err
		}
	}
	it.command.Stderr = os.Stderr
	it.command.Env = []string{}
	it.command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Setpgid: true}
	if err := network.Do(it.command.Start); err != nil {
		return nil, fmt.Errorf("%s: %w", container.Name, err)
	}
	go func() {
		defer close(it.ended)
		if container.speaks() {
			forEachValue(output, note)
		} else if output != nil {
			forEachLine(output, access)
		}
		// How it ended is in its ProcessState.
		_ = it.command.Wait()
	}()
	err = errors.Join(json.NewEncoder(description).Encode(container), description.Close())
	return it, err
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// stop ends the container and waits until it is gone.
func (p *process) stop() error {
	// The whole group: pilot-agent has an Envoy of its own.
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-p.ended
	return nil
}

// contain becomes the container that standard input describes: own files in /etc and in its working directory, own user, nothing
// else of the host changed.
func contain() error {
	var container Container
	if err := json.NewDecoder(os.Stdin).Decode(&container); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/etc", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return fmt.Errorf("own /etc: %w", err)
	}
	for _, name := range nameFiles {
		if err := os.Symlink(filepath.Join(shared, name), filepath.Join("/etc", name)); err != nil {
			return err
		}
	}
	if err := unix.Mount("tmpfs", workDirectory, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0755"); err != nil {
		return fmt.Errorf("own working directory: %w", err)
	}
	if err := os.Chdir(workDirectory); err != nil {
		return err
	}
	for path, content := range container.Files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o400); err != nil {
			return err
		}
		if err := os.Chown(path, container.User, container.User); err != nil {
			return err
		}
	}
	err := filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, container.User, container.User))
	})
	if err != nil {
		return err
	}
	if err := ownOutput(container.User); err != nil {
		return err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	if err := unix.Dup2(int(null.Fd()), 0); err != nil {
		return err
	}
	program, args := filepath.Join(shared, ownName), append([]string{container.Program}, container.Args...)
	if !container.speaks() {
		program = filepath.Join(shared, container.Program)
	}
	env := []string{}
	for name, value := range container.Env {
		env = append(env, name+"="+value)
	}
	if err := errors.Join(syscall.Setgroups([]int{}), syscall.Setgid(container.User), syscall.Setuid(container.User)); err != nil {
		return fmt.Errorf("user %d: %w", container.User, err)
	}
	return unix.Exec(program, args, env)
}

// ownOutput lets the user open /dev/stdout, which is where Envoys write access logs, as container runtimes do.
func ownOutput(user int) error {
	var stat unix.Stat_t
	if err := unix.Fstat(1, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil
	}
	return unix.Fchown(1, user, user)
}

// The folder that the containers see of this program: what they run, the files by which names are resolved, and where each has
// its working directory.
const (
	shared        = "/mnt"
	workDirectory = shared + "/work"
	envoyName     = "envoy"
	agentName     = "pilot-agent"
	ownName       = "pods"
)

var nameFiles = []string{"hosts", "resolv.conf", "nsswitch.conf"}

// prepareShared makes the folder, with these programs by name. It is a mount of this process and its children only.
func prepareShared(executables map[string]string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	// Opened before the folder is covered: they may lie in it, or where another user may not look.
	sources := map[string]*os.File{}
	executables[ownName] = self
	for name, path := range executables {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		sources[name] = file
	}
	if err := unix.Mount("tmpfs", shared, "tmpfs", 0, "mode=0755"); err != nil {
		return err
	}
	if err := os.Mkdir(workDirectory, 0o755); err != nil {
		return err
	}
	for name, file := range sources {
		target := filepath.Join(shared, name)
		if err := os.WriteFile(target, nil, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, text := range map[string]string{
		"hosts": "", "nsswitch.conf": "hosts: files dns\n",
		// Nobody listens there: a name that is not in hosts is unknown at once.
		"resolv.conf": "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n",
	} {
		if err := os.WriteFile(filepath.Join(shared, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeHosts tells the containers which address stands behind which name. localhost is among them, as the kubelet has it: Istio's agent asks its
// Envoy for metrics by that name.
func writeHosts(hosts map[string]string) error {
	text := []byte("127.0.0.1 localhost\n")
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		text = fmt.Appendf(text, "%s %s\n", hosts[name], name)
	}
	// In place, because running containers look at this very file, and never empty meanwhile: a name that is missing for a moment is taken out
	// of an Envoy's clusters until it asks again.
	file, err := os.OpenFile(filepath.Join(shared, "hosts"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	known, err := io.ReadAll(file)
	if err != nil || bytes.Equal(known, text) {
		return err
	}
	if _, err := file.WriteAt(text, 0); err != nil {
		return err
	}
	return file.Truncate(int64(len(text)))
}

func forEachLine(reader io.Reader, note func([]byte)) {
	lines := bufio.NewReader(reader)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			note(bytes.TrimRight(line, "\r\n"))
		}
		if err != nil {
			return // it has ended
		}
	}
}

func forEachValue(reader io.Reader, note func([]byte)) {
	decoder := json.NewDecoder(reader)
	for {
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			// It has ended, or speaks no JSON, which is nobody's concern: what is written further has to be read all the same.
			_, _ = io.Copy(io.Discard, reader)
			return
		}
		note(value)
	}
}
