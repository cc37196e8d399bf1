package pods

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
)

// Application answers HTTP with 200, or what "/status/" in the path asks for, and other bytes with a line; both tell where it got them.
// A request whose path begins with "/never/" it never answers, and waits until the connection ends.
// It counts the HTTP requests that came.
type Application struct {
	lock    sync.Mutex
	arrived map[string]int // by path

	certificate tls.Certificate
}

// NewApplication is one that has got nothing yet.
func NewApplication() (*Application, error) {
	certificate, err := selfSigned()
	if err != nil {
		return nil, err
	}
	return &Application{arrived: map[string]int{}, certificate: *certificate}, nil
}

// Count tells how many requests with this path came.
func (a *Application) Count(path string) int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.arrived[path]
}

// answeredBy is the header that says where the application got a request.
const answeredBy = "X-Answered-By"

// serve answers connections until the listener is closed, as the name of a pod or an address. It speaks TLS to those that begin so.
func (a *Application) serve(listener net.Listener, name string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return // closed with the pod
		}
		go func() {
			defer connection.Close()
			a.answer(bufio.NewReader(connection), connection, name, &a.certificate)
		}()
	}
}

// handshake is the first byte of a TLS connection.
const handshake = 0x16

func (a *Application) answer(reader *bufio.Reader, connection net.Conn, name string, certificate *tls.Certificate) {
	first, err := reader.Peek(len(ping))
	if err != nil {
		return // nothing was said
	}
	if first[0] == handshake && certificate != nil {
		secured := tls.Server(peeked{connection, reader}, &tls.Config{Certificates: []tls.Certificate{*certificate}})
		a.answer(bufio.NewReader(secured), secured, name, nil)
		return
	}
	if string(first) == ping {
		_, _ = io.WriteString(connection, pong+name+"\n")
		return
	}
	if string(first) == http2Preface[:len(ping)] {
		a.answerHTTP2(peeked{connection, reader}, name)
		return
	}
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	status := a.statusOf(request)
	if strings.HasPrefix(request.URL.Path, "/never/") {
		_, _ = io.Copy(io.Discard, reader)
		return
	}
	_, _ = fmt.Fprintf(connection, "HTTP/1.1 %d %s\r\n%s: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		status, http.StatusText(status), answeredBy, name)
}

// http2Preface begins a connection of HTTP/2 without TLS, as sidecars open them to applications on ports of gRPC.
const http2Preface = "PRI * HTTP/2.0"

// answerHTTP2 answers until the connection ends.
func (a *Application) answerHTTP2(connection net.Conn, name string) {
	ended := make(chan struct{})
	end := sync.OnceFunc(func() { close(ended) })
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	server := http.Server{
		Protocols: protocols,
		Handler: http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
			answer.Header().Set(answeredBy, name)
			answer.WriteHeader(a.statusOf(request))
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				end()
			}
		},
	}
	// It ends with an error always: there is no second connection.
	_ = server.Serve(&single{connection: connection})
	<-ended
}

// single is a listener that gives one connection.
type single struct{ connection net.Conn }

func (s *single) Accept() (net.Conn, error) {
	if s.connection == nil {
		return nil, net.ErrClosed
	}
	it := s.connection
	s.connection = nil
	return it, nil
}

func (s *single) Close() error { return nil }

func (s *single) Addr() net.Addr { return &net.TCPAddr{} }

// statusOf counts a request and tells the status of its answer.
func (a *Application) statusOf(request *http.Request) int {
	a.lock.Lock()
	a.arrived[request.URL.Path]++
	a.lock.Unlock()
	if rest, found := strings.CutPrefix(request.URL.Path, "/status/"); found {
		text, _, _ := strings.Cut(rest, "/")
		if asked, err := strconv.Atoi(text); err == nil && asked >= 200 && asked < 600 {
			return asked
		}
	}
	return http.StatusOK
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
