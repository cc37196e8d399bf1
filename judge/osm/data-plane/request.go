package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/verdict"
	"aks-mesh/judge/pods"
)

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
	pods.Repeated
}

// send makes a call for real, on a connection of its own, and tells what the caller saw.
func send(from *pod, server *discoveryServer, objects *cluster.Objects, served *pods.Application, asked request) (seen, error) {
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
		result, err := sendPlain(from, address, security, asked.Request)
		return seen{Verdict: result, Repeated: pods.Repeated{Arrived: served.Count(asked.Path)}}, err
	}
	repeated, err := pods.Repeat(asked.Times, func() (*int, bool, error) {
		one, err := sendPlain(from, address, security, asked.Request)
		return one.Status, one.Outcome != verdict.Refused, err
	})
	if err != nil {
		return seen{}, err
	}
	repeated.Arrived = served.Count(asked.Path)
	return seen{Repeated: repeated}, nil
}

// outcomes are those of the statuses of answers.
var outcomes = map[int]verdict.Outcome{
	http.StatusOK: verdict.Allowed, http.StatusForbidden: verdict.Denied, http.StatusNotFound: verdict.NoRoute,
	http.StatusServiceUnavailable: verdict.Unavailable,
}

func sendPlain(from *pod, address string, security *tls.Config, asked verdict.Request) (verdict.Verdict, error) {
	call := pods.Call{TCP: asked.Protocol == "tcp", Method: asked.Method, Path: asked.Path, Host: asked.HostHeader(), Headers: map[string][]string{}}
	for name, values := range asked.Headers {
		call.Headers[name] = values
	}
	answer, err := from.Send(address, security, call)
	switch {
	case err != nil:
		return verdict.Verdict{}, err
	case !answer.Answered:
		return verdict.Verdict{Outcome: verdict.Refused}, nil
	case call.TCP:
		return verdict.Verdict{Outcome: verdict.Allowed}, nil
	}
	outcome, known := outcomes[answer.Status]
	if !known {
		return verdict.Verdict{Status: &answer.Status, Error: "unexpected status " + strconv.Itoa(answer.Status)}, nil
	}
	return verdict.Verdict{Outcome: outcome, Status: &answer.Status}, nil
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
