package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/verdict"
	"aks-mesh/judge/pods"
)

// request is a call, and how often it is made.
type request struct {
	verdict.Request
	// Times are one after the other. From 2 on the answer tells all statuses, and has no outcome.
	Times int `json:"times,omitempty"`
}

// seen is what came of a request.
type seen struct {
	verdict.Verdict
	pods.Repeated
	// AnsweredBy are the Services of the pod that answered; none where the answer is a sidecar's, or came from outside of the cluster.
	AnsweredBy []string `json:"answered-by,omitempty"`
}

// outcomes are those of the statuses of answers.
var outcomes = map[int]verdict.Outcome{
	http.StatusOK: verdict.Allowed, http.StatusMovedPermanently: verdict.NoRoute, http.StatusForbidden: verdict.Denied, http.StatusUnauthorized: verdict.Denied, http.StatusNotFound: verdict.NoRoute,
	http.StatusBadGateway: verdict.Unavailable, http.StatusServiceUnavailable: verdict.Unavailable,
	http.StatusInternalServerError: verdict.Unavailable,
}

// sendAll makes a call as often as is asked for.
func sendAll(started []*pod, objects *cluster.Objects, served *pods.Application, asked request) (seen, error) {
	if asked.Times < 2 {
		result, err := send(started, objects, asked.Request)
		result.Arrived = served.Count(asked.Path)
		return result, err
	}
	repeated, err := pods.Repeat(asked.Times, func() (*int, bool, error) {
		one, err := send(started, objects, asked.Request)
		return one.Status, one.Outcome != verdict.Refused, err
	})
	if err != nil {
		return seen{}, err
	}
	repeated.Arrived = served.Count(asked.Path)
	return seen{Repeated: repeated}, nil
}

// send makes a call for real and tells what the caller saw.
func send(started []*pod, objects *cluster.Objects, asked verdict.Request) (seen, error) {
	from := clientOf(started, asked.From)
	if from == nil {
		return seen{}, fmt.Errorf("nobody runs as %s", asked.From)
	}
	address, err := resolve(objects, asked.To)
	if err != nil {
		return seen{Verdict: verdict.Verdict{Error: err.Error()}}, nil
	}
	if address == "" {
		return seen{Verdict: verdict.Verdict{Outcome: verdict.Refused}}, nil
	}
	call := pods.Call{TCP: asked.Protocol == "tcp", Method: asked.Method, Path: asked.Path, Host: asked.HostHeader(), Headers: map[string][]string{}}
	if token := asked.Token(); token != nil {
		signed, err := signedToken(objects, token)
		if err != nil {
			return seen{}, err
		}
		call.Headers["authorization"] = []string{"Bearer " + signed}
	}
	for name, values := range asked.Headers {
		if !verdict.IsClaim(name) {
			call.Headers[name] = values
		}
	}
	var security *tls.Config
	if asked.ServerName != nil {
		// Whose certificate it is, no caller asks.
		security = &tls.Config{ServerName: *asked.ServerName, InsecureSkipVerify: true}
	}
	result, err := from.Send(address, security, call)
	if err != nil {
		return seen{}, err
	}
	switch {
	case !result.Answered:
		return seen{Verdict: verdict.Verdict{Outcome: verdict.Refused}}, nil
	case call.TCP:
		return seen{Verdict: verdict.Verdict{Outcome: verdict.Allowed}, AnsweredBy: servicesOf(started, objects, result.By)}, nil
	}
	outcome, known := outcomes[result.Status]
	switch {
	case known:
	case result.By == "" && result.Status/100 == 3:
		outcome = verdict.NoRoute
	case result.By == "":
		// A rule has a sidecar answer so.
		outcome = verdict.Unavailable
	default:
		return seen{Verdict: verdict.Verdict{Status: &result.Status, Error: fmt.Sprintf("unexpected status %d", result.Status)}}, nil
	}
	return seen{Verdict: verdict.Verdict{Outcome: outcome, Status: &result.Status}, AnsweredBy: servicesOf(started, objects, result.By)}, nil
}

func clientOf(started []*pod, from string) *pod {
	for _, it := range started {
		if verdict.IsOutsider(from) && it.object.Name == from || it.object.Namespace+"/"+it.object.Spec.ServiceAccountName == from {
			return it
		}
	}
	return nil
}

// servicesOf are the Services that a pod is behind.
func servicesOf(started []*pod, objects *cluster.Objects, name string) []string {
	var list []string
	for _, it := range started {
		if nodeID(it.object) != name {
			continue
		}
		for _, service := range objects.Services {
			for _, slice := range objects.EndpointsOf(service) {
				for _, endpoint := range slice.Endpoints {
					if id := service.Namespace + "/" + service.Name; endpoint.Addresses[0] == it.object.Status.PodIP && !slices.Contains(list, id) {
						list = append(list, id)
					}
				}
			}
		}
	}
	return list
}
