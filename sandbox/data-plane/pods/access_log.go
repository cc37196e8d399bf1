package main

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
)

// accessLog is a file of what sidecars say about each request, a line of JSON each.
type accessLog struct {
	lock    sync.Mutex
	encoder *json.Encoder
}

// accessLogLine is a line of the file: a pod, and what its sidecar said, JSON or text as the mesh is configured.
type accessLogLine struct {
	Pod string `json:"pod"`
	Log any    `json:"log"`
}

func openAccessLog(path string) (*accessLog, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	encoder := json.NewEncoder(file)
	encoder.SetEscapeHTML(false)
	return &accessLog{encoder: encoder}, nil
}

// of gives what takes a pod's lines; nil where nobody wants them.
func (a *accessLog) of(pod string) func([]byte) {
	if a == nil {
		return nil
	}
	return func(line []byte) {
		said, isAccess := accessOf(line)
		if !isAccess {
			return
		}
		a.lock.Lock()
		defer a.lock.Unlock()
		// A full disk is no reason to end the pods.
		_ = a.encoder.Encode(accessLogLine{Pod: pod, Log: said})
	}
}

// accessOf tells what an Envoy wrote from what Istio's agent says of itself: that begins with neither an object nor a time in brackets.
func accessOf(line []byte) (said any, isAccess bool) {
	if len(line) == 0 || bytes.Contains(line, []byte(`"`+adminAddress+`"`)) {
		return nil, false // our own questions to Envoy are no calls of the mesh
	}
	switch line[0] {
	case '{':
		if json.Valid(line) {
			return json.RawMessage(line), true
		}
		return string(line), true
	case '[':
		return string(line), true
	default:
		return nil, false
	}
}
