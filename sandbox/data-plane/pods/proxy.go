package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"

	"aks-mesh/sandbox/data-plane/pods/netns"
)

// openProxy opens an HTTP proxy on the host's loopback, from which whoever asks it comes into the pods' network as a pod without a sidecar
// would: the way of a Prometheus that is not part of the mesh, and by CONNECT of whoever speaks TLS with a sidecar.
func (r *runner) openProxy() (map[string]string, error) {
	if r.proxy == nil {
		outside, err := r.outsideMesh()
		if err != nil {
			return nil, err
		}
		if r.proxy, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		proxy := &httputil.ReverseProxy{
			Transport: &http.Transport{Dial: dialIn(outside), DisableKeepAlives: true},
			// The request names its target by itself.
			Rewrite: func(*httputil.ProxyRequest) {},
		}
		go func() {
			// Ends with this process.
			_ = http.Serve(r.proxy, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
				if request.Method == http.MethodConnect {
					tunnel(answer, outside, request.Host)
					return
				}
				if !request.URL.IsAbs() {
					http.Error(answer, "ask this proxy for an address of a pod, such as http://10.244.0.5:15010/stats/prometheus", http.StatusBadRequest)
					return
				}
				proxy.ServeHTTP(answer, request)
			}))
		}()
	}
	return map[string]string{"address": r.proxy.Addr().String()}, nil
}

// tunnel joins the asker's connection with one that it opens to the address, until one of both sides ends it.
func tunnel(answer http.ResponseWriter, from *netns.Namespace, address string) {
	there, err := dialIn(from)("tcp4", address)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := http.NewResponseController(answer).Hijack()
	if err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	defer here.Close()
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return // the asker is gone
	}
	ended := make(chan struct{}, 2)
	join := func(to io.Writer, from io.Reader) {
		// A connection that breaks off ends the tunnel as one that is closed does.
		_, _ = io.Copy(to, from)
		ended <- struct{}{}
	}
	go join(there, buffered)
	go join(here, there)
	<-ended
}
