// Package netns makes network namespaces, such as every pod has one, and works inside them.
package netns

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace of its own.
type Namespace struct {
	file *os.File
}

// New makes an empty network namespace. It goes when it is closed and nothing runs in it any more.
func New() (*Namespace, error) {
	type result struct {
		file *os.File
		err  error
	}
	made := make(chan result)
	go func() {
		// The thread stays locked, and so ends with this function instead of being used again in the wrong namespace.
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			made <- result{nil, fmt.Errorf("new network namespace: %w", err)}
			return
		}
		file, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		made <- result{file, err}
	}()
	it := <-made
	if it.err != nil {
		return nil, it.err
	}
	return &Namespace{it.file}, nil
}

// Do runs a function on a thread inside the namespace: sockets it opens and processes it starts belong there.
func (n *Namespace) Do(inside func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("enter network namespace: %w", err)
			return
		}
		done <- inside()
	}()
	return <-done
}

// Path names the namespace for commands such as ip, as long as it is open.
func (n *Namespace) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.file.Fd()) }

// Close gives the namespace back.
func (n *Namespace) Close() error { return n.file.Close() }

// Run starts a command in the thread's namespace and waits for it.
func Run(input string, name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Stdin = strings.NewReader(input)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, output.String())
	}
	return nil
}
