// Command service-proxy is what konnectivity is on AKS: the API server's way into the cluster's network. The API server is told by
// its egress selector to open every connection to a Service (in the sandbox: to OSM's webhooks) by an HTTP CONNECT request on a
// unix socket. No Service has a network here, so this proxy knows for each address "ClusterIP:port" the loopback port of
// the process that stands behind it, and refuses all others.
//
// It is a process of its own so that webhooks go on working while the emulator restarts, and in Go because it then takes a tenth of
// the memory that a Node.js process does.
//
//	service-proxy <socket> <routes file>
//
// The routes file has lines "10.0.0.7:9093 127.0.0.1:40123". It is read again for every connection: the API server keeps
// connections, so that this is rare.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const dialTimeout = 5 * time.Second

func main() {
	if len(os.Args) != 3 {
		log.Fatalf("usage: %s <socket> <routes file>", os.Args[0])
	}
	socket, routes := os.Args[1], os.Args[2]
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: tunnel(routes), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

// tunnel answers CONNECT requests to the addresses in the routes file by a connection to where they lead.
func tunnel(routes string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
			return
		}
		target, err := lookUp(routes, r.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		backend, err := net.DialTimeout("tcp", target, dialTimeout)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer backend.Close()
		client, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer client.Close()
		if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(backend, buffered)
			// The client is done sending; what is still under way to it may arrive.
			_ = backend.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(client, backend)
	})
}

// lookUp returns the loopback address behind a Service's address.
func lookUp(routes, address string) (string, error) {
	file, err := os.Open(routes)
	if err != nil {
		return "", err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[0] == address {
			return fields[1], nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	return "", fmt.Errorf("nothing in this cluster listens on %s", address)
}
