package main

import (
	"net"
	"net/http"
	"net/http/httputil"
)

// openProxy opens an HTTP proxy on the host's loopback, from which whoever asks it comes into the pods' network as a pod without a sidecar
// would: the way of a Prometheus that is not part of the mesh. It takes no CONNECT, since nothing that is scraped speaks TLS.
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
