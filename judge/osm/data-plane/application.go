package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"aks-mesh/judge/osm/internal/cluster"
)

// application answers HTTP with 200, or what "/status/" in the path asks for, and sends other bytes back. It counts the HTTP
// requests that came.
type application struct {
	lock    sync.Mutex
	arrived map[string]int // by path

	certificate tls.Certificate
}

func newApplication() (*application, error) {
	certificate, err := selfSigned()
	if err != nil {
		return nil, err
	}
	return &application{arrived: map[string]int{}, certificate: *certificate}, nil
}

// count tells how many requests with this path came.
func (a *application) count(path string) int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.arrived[path]
}

// serve answers connections until the listener is closed. It speaks TLS to those that begin so.
func (a *application) serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return // closed with the pod
		}
		go func() {
			defer connection.Close()
			a.answer(bufio.NewReader(connection), connection, &a.certificate)
		}()
	}
}

// handshake is the first byte of a TLS connection.
const handshake = 0x16

func (a *application) answer(reader *bufio.Reader, connection net.Conn, certificate *tls.Certificate) {
	first, err := reader.Peek(len(ping))
	if err != nil {
		return // nothing was said
	}
	if first[0] == handshake && certificate != nil {
		secured := tls.Server(peeked{connection, reader}, &tls.Config{Certificates: []tls.Certificate{*certificate}})
		a.answer(bufio.NewReader(secured), secured, nil)
		return
	}
	if string(first) == ping {
		_, _ = io.WriteString(connection, ping)
		return
	}
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	a.lock.Lock()
	a.arrived[request.URL.Path]++
	a.lock.Unlock()
	status := http.StatusOK
	if rest, found := strings.CutPrefix(request.URL.Path, "/status/"); found {
		text, _, _ := strings.Cut(rest, "/")
		if asked, err := strconv.Atoi(text); err == nil && asked >= 200 && asked < 600 {
			status = asked
		}
	}
	_, _ = fmt.Fprintf(connection, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status, http.StatusText(status))
}

// peeked is a connection of which a reader has taken some bytes already.
type peeked struct {
	net.Conn
	reader io.Reader
}

func (p peeked) Read(bytes []byte) (int, error) { return p.reader.Read(bytes) }

// selfSigned is a certificate for a server whose clients check nothing.
func selfSigned() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	encoded, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: key}, nil
}

// startApplication listens on every target port of the pod.
func (p *pod) startApplication(objects *cluster.Objects) error {
	ports := map[int32]bool{}
	for _, endpoints := range objects.Endpoints {
		for _, subset := range endpoints.Subsets {
			for _, address := range subset.Addresses {
				for _, port := range subset.Ports {
					if address.IP == p.object.Status.PodIP {
						ports[port.Port] = true
					}
				}
			}
		}
	}
	return p.namespace.Do(func() error {
		for port := range ports {
			listener, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
			if err != nil {
				return err
			}
			p.listeners = append(p.listeners, listener)
			go p.application.serve(listener)
		}
		return nil
	})
}
