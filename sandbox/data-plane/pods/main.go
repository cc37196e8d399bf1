// Command pods runs pods without containers: each is a network namespace in which its containers are processes, with the
// sidecar's real Envoy and with stand-ins for the images of OSM's bookstore sample.
//
// It reads lines of JSON, each a wish, and answers each with a line: `{"set": {…}}` makes the pods be those given,
// `{"statistics": "^cluster"}` tells what was counted, `{"call": {…}}` sends a request from outside the mesh, `{"load": {…}}` begins many of a
// pod's, of which `{"loaded": {}}` tells what came, `{"proxy": true}` opens
// an HTTP proxy by which programs of the host reach pods as one that is outside the mesh does, `{"accessLog": "/path"}` keeps what sidecars say about
// each request. It needs a mount
// namespace of its own and the right to make network namespaces; it ends, and with it all that it started, when its standard
// input ends:
//
//	unshare --mount --pid --fork --kill-child --mount-proc pods ENVOY [PILOT_AGENT] < wishes.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"aks-mesh/sandbox/data-plane/pods/programs"
)

// maxLine is the longest line that is read, in bytes.
const maxLine = 64 << 20

func main() {
	name := filepath.Base(os.Args[0])
	var err error
	if _, known := programs.ByName[name]; known {
		err = programs.Run(name, os.Args[1:])
	} else if len(os.Args) == 2 && os.Args[1] == containSelf {
		name = containSelf
		err = contain()
	} else {
		err = serve()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "pods: %s: %s\n", name, err)
		os.Exit(1)
	}
}

// wish is one line of standard input.
type wish struct {
	Set *world `json:"set"`
	// Statistics is a regular expression: the names of those that are wanted.
	Statistics *string   `json:"statistics"`
	Call       *callWish `json:"call"`
	// Load begins many calls, and Loaded asks what came of them.
	Load   *loadWish   `json:"load"`
	Loaded *loadedWish `json:"loaded"`
	// AccessLog is the path of a file for the access logs of the sidecars that start from then on.
	AccessLog *string `json:"accessLog"`
	// Proxy asks for the address of an HTTP proxy into the pods' network.
	Proxy bool `json:"proxy"`
}

func serve() error {
	executables := map[string]string{}
	switch len(os.Args) {
	case 3:
		executables[agentName] = os.Args[2]
		fallthrough
	case 2:
		executables[envoyName] = os.Args[1]
	default:
		return errors.New("usage: pods ENVOY [PILOT_AGENT] < wishes.jsonl")
	}
	if err := prepareShared(executables); err != nil {
		return err
	}
	runner, err := newRunner()
	if err != nil {
		return err
	}
	defer runner.stop()
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), maxLine)
	encoder := json.NewEncoder(os.Stdout)
	for scanner.Scan() {
		var asked wish
		if err := json.Unmarshal(scanner.Bytes(), &asked); err != nil {
			return err
		}
		var answer any
		var err error
		switch {
		case asked.Set != nil:
			answer, err = runner.set(*asked.Set)
		case asked.Statistics != nil:
			answer = runner.statistics(*asked.Statistics)
		case asked.Call != nil:
			answer, err = runner.call(*asked.Call)
		case asked.Load != nil:
			answer, err = runner.load(*asked.Load)
		case asked.Loaded != nil:
			answer, err = runner.progress(*asked.Loaded)
		case asked.AccessLog != nil:
			runner.access, err = openAccessLog(*asked.AccessLog)
			answer = struct{}{}
		case asked.Proxy:
			answer, err = runner.openProxy()
		default:
			err = errors.New("wish for set, statistics, call, load, loaded, accessLog or proxy")
		}
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return scanner.Err()
}
