// Package client asks Google's RE2 itself about patterns: what is wrong with them, the size of their programs, what they match.
package client

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// Judge is a running judge/re2/answer.py. It may be asked from several goroutines at once.
type Judge struct {
	lock    sync.Mutex
	input   *json.Encoder
	output  *bufio.Reader
	sizes   map[key]size
	matches map[textKey]bool
}

type key struct {
	pattern string
	utf8    bool
}

type textKey struct {
	key
	text string
}

type size struct {
	instructions int
	err          error
}

// mostKnown bounds what is remembered of a long run, by entries.
const mostKnown = 2_000_000

// Start runs the program; it ends with this process, whose end closes its input.
func Start(command string, args ...string) (*Judge, error) {
	process := exec.Command(command, args...)
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("RE2: %w", err)
	}
	judge := &Judge{input: json.NewEncoder(input), output: bufio.NewReader(output)}
	judge.forget()
	return judge, nil
}

func (j *Judge) forget() {
	j.sizes, j.matches = map[key]size{}, map[textKey]bool{}
}

// Size gives the instructions of the program that RE2 makes of a pattern, or why it makes none. Without utf8 it takes the
// bytes of pattern and text for characters (Latin-1).
func (j *Judge) Size(pattern string, utf8 bool) (int, error) {
	j.lock.Lock()
	defer j.lock.Unlock()
	asked := key{pattern, utf8}
	known, found := j.sizes[asked]
	if !found {
		answer := j.ask(asked)
		known = size{instructions: answer.Size}
		if answer.Error != "" {
			known.err = errors.New(answer.Error)
		}
		j.sizes[asked] = known
	}
	return known.instructions, known.err
}

// Matches tells whether a pattern matches a whole text. One that RE2 refuses matches nothing.
func (j *Judge) Matches(pattern string, utf8 bool, text string) bool {
	j.lock.Lock()
	defer j.lock.Unlock()
	asked := textKey{key{pattern, utf8}, text}
	known, found := j.matches[asked]
	if !found {
		answer := j.ask(asked.key, text)
		known = len(answer.Matches) == 1 && answer.Matches[0]
		if len(j.matches) >= mostKnown {
			j.forget()
		}
		j.matches[asked] = known
	}
	return known
}

type question struct {
	Pattern  string   `json:"pattern"`
	Encoding string   `json:"encoding"`
	Texts    []string `json:"texts"`
}

type answer struct {
	Size    int    `json:"size"`
	Matches []bool `json:"matches"`
	Error   string `json:"error"`
}

func (j *Judge) ask(asked key, texts ...string) (result answer) {
	encoding := "LATIN1"
	if asked.utf8 {
		encoding = "UTF8"
	}
	encoded := []string{}
	for _, text := range texts {
		encoded = append(encoded, hex.EncodeToString([]byte(text)))
	}
	err := j.input.Encode(question{hex.EncodeToString([]byte(asked.pattern)), encoding, encoded})
	if err == nil {
		var line []byte
		if line, err = j.output.ReadBytes('\n'); err == nil {
			err = json.Unmarshal(line, &result)
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it has ended")
		}
		// Without RE2 no verdict is worth anything.
		fmt.Fprintln(os.Stderr, "judge: RE2:", err)
		os.Exit(1)
	}
	return result
}
