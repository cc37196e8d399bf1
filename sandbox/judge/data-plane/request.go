package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/sandbox/judge/internal/cluster"
	"aks-mesh/sandbox/judge/internal/verdict"
)

const (
	// ping is what a TCP client says and the application says back. It is no beginning of an HTTP request.
	ping          = "ping\n"
	dialTimeout   = 5 * time.Second
	answerTimeout = 10 * time.Second
)

// send makes a call for real, on a connection of its own, and tells what the caller saw.
func send(from *pod, objects *cluster.Objects, request verdict.Request) (verdict.Verdict, error) {
	address, err := resolve(objects, request.To)
	if err != nil {
		return verdict.Verdict{Error: err.Error()}, nil
	}
	refused := verdict.Verdict{Outcome: verdict.Refused}
	if address == "" {
		return refused, nil
	}
	connection, err := from.dial("tcp4", address)
	if err != nil {
		return refused, nil // nobody took the connection: that is an outcome
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return refused, err
	}
	if request.Protocol == "tcp" {
		return sendBytes(connection), nil
	}
	return sendHTTP(connection, request), nil
}

func sendBytes(connection net.Conn) verdict.Verdict {
	answer := make([]byte, len(ping))
	if _, err := connection.Write([]byte(ping)); err != nil {
		return verdict.Verdict{Outcome: verdict.Refused}
	}
	if _, err := bufio.NewReader(connection).Read(answer); err != nil || string(answer) != ping {
		return verdict.Verdict{Outcome: verdict.Refused}
	}
	return verdict.Verdict{Outcome: verdict.Allowed}
}

func sendHTTP(connection net.Conn, request verdict.Request) verdict.Verdict {
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
	lines := []string{fmt.Sprintf("%s %s HTTP/1.1", method, path), "Host: " + host, "Connection: close"}
	for name, value := range request.Headers {
		lines = append(lines, name+": "+value)
	}
	if method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		lines = append(lines, "Content-Length: 0")
	}
	if _, err := connection.Write([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n")); err != nil {
		return verdict.Verdict{Outcome: verdict.Refused}
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return verdict.Verdict{Outcome: verdict.Refused}
	}
	response.Body.Close()
	status := response.StatusCode
	outcome, known := map[int]verdict.Outcome{
		200: verdict.Allowed, 403: verdict.Denied, 404: verdict.NoRoute, 503: verdict.Unavailable,
	}[status]
	if !known {
		return verdict.Verdict{Error: "unexpected status " + strconv.Itoa(status)}
	}
	return verdict.Verdict{Outcome: outcome, Status: &status}
}

// resolve does what the cluster's DNS would: the Service's address, or one of its pods'; empty if it has none.
func resolve(objects *cluster.Objects, to string) (string, error) {
	host, port, _ := strings.Cut(to, ":")
	labels := strings.Split(host, ".")
	for _, service := range objects.Services {
		if len(labels) < 2 || service.Name != labels[0] || service.Namespace != labels[1] {
			continue
		}
		if service.Spec.ClusterIP != corev1.ClusterIPNone {
			return service.Spec.ClusterIP + ":" + port, nil
		}
		for _, endpoints := range objects.Endpoints {
			if endpoints.Namespace != service.Namespace || endpoints.Name != service.Name {
				continue
			}
			for _, subset := range endpoints.Subsets {
				for _, address := range subset.Addresses {
					return address.IP + ":" + port, nil
				}
			}
		}
		return "", nil
	}
	return "", fmt.Errorf("to %q: there is no such Service", to)
}
