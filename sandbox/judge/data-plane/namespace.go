package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace of its own: a pod's.
type namespace struct {
	file *os.File
}

// newNamespace makes an empty network namespace. It goes when it is closed and nothing runs in it any more.
func newNamespace() (*namespace, error) {
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
	return &namespace{it.file}, it.err
}

// do runs a function on a thread inside the namespace: sockets it opens and processes it starts belong there.
func (n *namespace) do(inside func() error) error {
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

func (n *namespace) close() error { return n.file.Close() }

// run starts a command in the thread's namespace and waits for it.
func run(input string, name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Stdin = strings.NewReader(input)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, output.String())
	}
	return nil
}
