package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/verdict"
)

const (
	// ping is what a TCP client says and the application says back. It is no beginning of an HTTP request.
	ping          = "ping\n"
	dialTimeout   = 5 * time.Second
	answerTimeout = 10 * time.Second
	// attempts is how often a call is made whose end tells of a busy machine and nothing of the policy.
	attempts = 5
)

// errBusy is the end of a call that took too long.
var errBusy = errors.New("no answer in time: is the machine busy?")

// request is a call, and what only a real one can be.
type request struct {
	verdict.Request
	// Times is how often it is made, one after the other. From 2 on the answer tells all statuses, and has no outcome.
	Times int      `json:"times,omitempty"`
	TLS   *tlsCall `json:"tls,omitempty"`
}

// tlsCall is TLS that the caller itself speaks.
type tlsCall struct {
	// ServerName is its SNI.
	ServerName string `json:"server-name,omitempty"`
	// Principal is the name in the certificate of the mesh's that the caller shows; empty: it shows none.
	Principal string `json:"principal,omitempty"`
}

// seen is what came of a request.
type seen struct {
	verdict.Verdict
	// Statuses are how often each status came, for a request that is made several times; 0 is a call without an answer.
	Statuses map[int]int `json:"statuses,omitempty"`
	// Arrived is how many requests with its path any application got in this case.
	Arrived int `json:"arrived,omitempty"`
}

// send makes a call for real, on a connection of its own, and tells what the caller saw.
func send(from *pod, server *discoveryServer, objects *cluster.Objects, asked request) (seen, error) {
	address, err := resolve(objects, asked.To)
	if err != nil {
		return seen{Verdict: verdict.Verdict{Error: err.Error()}}, nil
	}
	if address == "" {
		return seen{Verdict: verdict.Verdict{Outcome: verdict.Refused}}, nil
	}
	own := asked.OwnTLS()
	if asked.TLS != nil {
		own = &verdict.OwnTLS{ServerName: asked.TLS.ServerName, Principal: asked.TLS.Principal}
	}
	var security *tls.Config
	if own != nil {
		// The test is about who gets in, so the caller believes any server.
		security = &tls.Config{ServerName: own.ServerName, InsecureSkipVerify: true}
		if own.Principal != "" {
			certificate, err := server.gatewayCertificate(own.Principal)
			if err != nil {
				return seen{}, err
			}
			security.Certificates = []tls.Certificate{certificate}
		}
	}
	if asked.Times < 2 {
		result, err := sendWithRetries(from, address, security, asked.Request)
		return seen{Verdict: result, Arrived: from.application.count(asked.Path)}, err
	}
	result := seen{Statuses: map[int]int{}}
	for range asked.Times {
		one, err := sendWithRetries(from, address, security, asked.Request)
		if err != nil {
			return seen{}, err
		}
		status := 0
		if one.Status != nil {
			status = *one.Status
		}
		result.Statuses[status]++
	}
	result.Arrived = from.application.count(asked.Path)
	return result, nil
}

// sendWithRetries makes a call again whose end tells of a busy machine only.
func sendWithRetries(from *pod, address string, security *tls.Config, asked verdict.Request) (verdict.Verdict, error) {
	var result verdict.Verdict
	var err error
	for range attempts {
		if result, err = sendOnce(from, address, security, asked); !errors.Is(err, errBusy) {
			return result, err
		}
	}
	return verdict.Verdict{}, err
}

func sendOnce(from *pod, address string, security *tls.Config, request verdict.Request) (verdict.Verdict, error) {
	connection, err := from.dial("tcp4", address)
	if err != nil {
		return noAnswer(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return verdict.Verdict{}, err
	}
	if security != nil {
		connection = tls.Client(connection, security)
	}
	if request.Protocol == "tcp" {
		return sendBytes(connection)
	}
	return sendHTTP(connection, request)
}

// noAnswer is what a caller sees whose connection is not taken, or ends without an answer: an outcome, unless time is up.
func noAnswer(err error) (verdict.Verdict, error) {
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return verdict.Verdict{}, errBusy
	}
	return verdict.Verdict{Outcome: verdict.Refused}, nil
}

func sendBytes(connection net.Conn) (verdict.Verdict, error) {
	if _, err := connection.Write([]byte(ping)); err != nil {
		return noAnswer(err)
	}
	answer := make([]byte, len(ping))
	if _, err := io.ReadFull(connection, answer); err != nil {
		return noAnswer(err)
	}
	if string(answer) != ping {
		return verdict.Verdict{Outcome: verdict.Refused}, nil
	}
	return verdict.Verdict{Outcome: verdict.Allowed}, nil
}

func sendHTTP(connection net.Conn, request verdict.Request) (verdict.Verdict, error) {
	host, method, path := request.Host, request.Method, request.Path
	if host == "" {
		host = request.To
	}
	if method == "" {
		method = http.MethodGet
	}
	if path == "" {
		path = "/"
	}
	if method == http.MethodConnect {
		path = host // it asks for a connection, which has no path
	}
	lines := []string{fmt.Sprintf("%s %s HTTP/1.1", method, path), "Host: " + host, "Connection: close"}
	for name, values := range request.Headers {
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
	// Envoy gives a connection to another pod one second, as OSM tells it to.
	if text, err := io.ReadAll(response.Body); err != nil || strings.Contains(string(text), "connection timeout") {
		return verdict.Verdict{}, errBusy
	}
	status := response.StatusCode
	outcome, known := map[int]verdict.Outcome{
		200: verdict.Allowed, 403: verdict.Denied, 404: verdict.NoRoute, 503: verdict.Unavailable,
	}[status]
	if !known {
		return verdict.Verdict{Status: &status, Error: "unexpected status " + strconv.Itoa(status)}, nil
	}
	return verdict.Verdict{Outcome: outcome, Status: &status}, nil
}

// resolve does what a pod's DNS would: the Service's address, or one of its pods', empty if it has none; or one outside the
// cluster.
func resolve(objects *cluster.Objects, to string) (string, error) {
	found, err := verdict.LookUp(objects, to)
	if err != nil {
		return "", err
	}
	service := found.Service
	if service == nil {
		return found.Outside.String(), nil
	}
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		return fmt.Sprintf("%s:%d", service.Spec.ClusterIP, found.Port), nil
	}
	for _, endpoints := range objects.Endpoints {
		if endpoints.Namespace != service.Namespace || endpoints.Name != service.Name {
			continue
		}
		for _, subset := range endpoints.Subsets {
			for _, address := range subset.Addresses {
				return fmt.Sprintf("%s:%d", address.IP, found.Port), nil
			}
		}
	}
	return "", nil
}
