package pods

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	// ping is what a TCP client says; pong and a name are what the application says back. It is no beginning of an HTTP request.
	ping          = "ping\n"
	pong          = "pong "
	dialTimeout   = 5 * time.Second
	answerTimeout = 10 * time.Second
	// Attempts is how often a thing is tried whose end tells of a busy machine and nothing of the policy.
	Attempts = 5
)

// errBusy is the end of a call that took too long.
var errBusy = errors.New("no answer in time: is the machine busy?")

// Call is what a pod says to an address.
type Call struct {
	// TCP is for bytes that are no HTTP; then there is nothing else.
	TCP     bool
	Method  string // default: GET
	Path    string // default: /
	Host    string
	Headers map[string][]string
}

// Answer is what a caller saw.
type Answer struct {
	// Answered is false where the connection was not taken, or ended without an answer.
	Answered bool
	// Status is that of an answer to HTTP.
	Status int
	// By is where an application says that it got the call: the name of a pod, or an address outside of the cluster. Empty where a
	// sidecar answered.
	By string
}

// Send makes a call on a connection of its own, with the caller's own TLS unless that is nil; again where its end tells of a busy machine
// only.
func (p *Pod) Send(address string, security *tls.Config, call Call) (Answer, error) {
	var result Answer
	var err error
	for range Attempts {
		if result, err = p.sendOnce(address, security, call); !errors.Is(err, errBusy) {
			return result, err
		}
	}
	return Answer{}, err
}

func (p *Pod) sendOnce(address string, security *tls.Config, call Call) (Answer, error) {
	connection, err := p.dial("tcp4", address)
	if err != nil {
		return noAnswer(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return Answer{}, err
	}
	if security != nil {
		connection = tls.Client(connection, security)
	}
	if call.TCP {
		return sendBytes(connection)
	}
	return sendHTTP(connection, call)
}

// noAnswer is what a caller sees whose connection is not taken, or ends without an answer: an outcome, unless time is up.
func noAnswer(err error) (Answer, error) {
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return Answer{}, errBusy
	}
	return Answer{}, nil
}

func sendBytes(connection net.Conn) (Answer, error) {
	if _, err := connection.Write([]byte(ping)); err != nil {
		return noAnswer(err)
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return noAnswer(err)
	}
	name, said := strings.CutPrefix(line, pong)
	return Answer{Answered: said, By: strings.TrimSuffix(name, "\n")}, nil
}

func sendHTTP(connection net.Conn, call Call) (Answer, error) {
	method, path := call.Method, call.Path
	if method == "" {
		method = http.MethodGet
	}
	if path == "" {
		path = "/"
	}
	if method == http.MethodConnect {
		path = call.Host // it asks for a connection, which has no path
	}
	lines := []string{fmt.Sprintf("%s %s HTTP/1.1", method, path), "Host: " + call.Host, "Connection: close"}
	for name, values := range call.Headers {
		for _, value := range values {
			lines = append(lines, name+": "+value)
		}
	}
	if method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		lines = append(lines, "Content-Length: 0")
	}
	if _, err := connection.Write([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n")); err != nil {
		return noAnswer(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return noAnswer(err)
	}
	defer response.Body.Close()
	// Envoy gives a connection to another pod little time.
	if text, err := io.ReadAll(response.Body); err != nil || strings.Contains(string(text), "connection timeout") {
		return Answer{}, errBusy
	}
	return Answer{Answered: true, Status: response.StatusCode, By: response.Header.Get(answeredBy)}, nil
}
