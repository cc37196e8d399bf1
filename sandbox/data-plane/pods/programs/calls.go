package programs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	callTimeout = 5 * time.Second
	// interval is the time between two calls of one kind.
	interval = 100 * time.Millisecond
	// reportInterval is the time between two lines of a program's journal.
	reportInterval = 250 * time.Millisecond
	ping           = "ping\n"
)

// Call is a kind of call that a program makes, and how its calls ended so far: status codes, "answered" for bytes that came back,
// else refused, reset, timeout or failed.
type Call struct {
	Protocol string            `json:"protocol"`
	To       string            `json:"to"`
	Host     string            `json:"host,omitempty"`
	Method   string            `json:"method,omitempty"`
	Path     string            `json:"path,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Ends     map[string]int    `json:"ends"`
}

// journal counts how calls end and writes it to standard output, a line of JSON each time.
type journal struct {
	lock  sync.Mutex
	calls []*Call
}

func newJournal() *journal {
	it := &journal{}
	go func() {
		encoder := json.NewEncoder(os.Stdout)
		for range time.Tick(reportInterval) {
			it.lock.Lock()
			err := encoder.Encode(it.calls)
			it.lock.Unlock()
			if err != nil {
				os.Exit(1) // whoever reads it is gone
			}
		}
	}()
	return it
}

func (j *journal) counted(call Call) func(passedOn map[string]string) {
	call.Ends = map[string]int{}
	j.lock.Lock()
	j.calls = append(j.calls, &call)
	j.lock.Unlock()
	return func(passedOn map[string]string) {
		sent := call
		sent.Headers = maps.Clone(call.Headers)
		maps.Copy(sent.Headers, passedOn)
		end := Send(dial, sent)
		j.lock.Lock()
		call.Ends[end]++
		j.lock.Unlock()
	}
}

// http makes a call that sends an HTTP request, each time with these headers besides its own.
func (j *journal) http(call Call) func(passedOn map[string]string) {
	call.Protocol = "http"
	return j.counted(call)
}

// tcp makes a call that sends bytes and expects them back.
func (j *journal) tcp(call Call) func() {
	call.Protocol = "tcp"
	send := j.counted(call)
	return func() { send(nil) }
}

// Send makes the call on a connection of its own and tells how it ended.
func Send(dial func(network, address string) (net.Conn, error), call Call) string {
	if call.Protocol == "tcp" {
		return sendTCP(dial, call)
	}
	return sendHTTP(dial, call)
}

func sendTCP(dial func(network, address string) (net.Conn, error), call Call) string {
	connection, err := dial("tcp4", call.To)
	if err != nil {
		return failure(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(callTimeout)); err != nil {
		return failure(err)
	}
	if _, err := io.WriteString(connection, ping); err != nil {
		return failure(err)
	}
	if _, err := io.ReadFull(connection, make([]byte, len(ping))); err != nil {
		return failure(err)
	}
	return "answered"
}

func sendHTTP(dial func(network, address string) (net.Conn, error), call Call) string {
	connection, err := dial("tcp4", call.To)
	if err != nil {
		return failure(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(callTimeout)); err != nil {
		return failure(err)
	}
	host := call.Host
	if host == "" {
		host = call.To
	}
	lines := []string{fmt.Sprintf("%s %s HTTP/1.1", call.Method, call.Path), "host: " + host, "connection: close"}
	for name, value := range call.Headers {
		lines = append(lines, name+": "+value)
	}
	if call.Method == http.MethodPost {
		lines = append(lines, "content-length: 0")
	}
	if _, err := io.WriteString(connection, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		return failure(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return failure(err)
	}
	response.Body.Close()
	return fmt.Sprint(response.StatusCode)
}

// HasPassed tells whether a call ended as one that nothing stops does: with bytes, or a status below 400.
func HasPassed(end string) bool {
	return end == "answered" || (end[0] >= '1' && end[0] <= '3')
}

func dial(network, address string) (net.Conn, error) {
	return net.DialTimeout(network, address, callTimeout)
}

func failure(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "reset"
	case errors.As(err, &network) && network.Timeout():
		return "timeout"
	default:
		return "failed"
	}
}

// repeat makes a call again and again, unless the pod is to make none of its own.
func repeat(call func(map[string]string)) {
	if setting("OWN_CALLS", "on") == "off" {
		return
	}
	for range time.Tick(interval) {
		call(nil)
	}
}

func echo(connection net.Conn) {
	defer connection.Close()
	// Either side may end the connection at any time.
	_ = connection.SetDeadline(time.Now().Add(callTimeout))
	_, _ = io.Copy(connection, connection)
}
