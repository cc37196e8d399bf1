// Package programs holds stand-ins for the images of OSM's bookstore sample. They call each other as those do, only more often,
// and every call on a connection of its own: an open one would go on under the rules it was opened with.
package programs

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
)

// Program runs until it fails.
type Program func(port string) error

// ByName are the programs by the last part of their image's name.
var ByName = map[string]Program{
	"bookbuyer":     shopper("bookbuyer"),
	"bookthief":     shopper("bookthief"),
	"bookstore":     bookstore,
	"bookwarehouse": bookwarehouse,
	"mysql":         mysql,
}

// Run runs the named program. Its arguments are those of the container.
func Run(name string, args []string) error {
	program, known := ByName[name]
	if !known {
		return fmt.Errorf("there is no program %q", name)
	}
	port := "14001"
	for index, argument := range args {
		if argument == "--port" && index+1 < len(args) {
			port = args[index+1]
		}
	}
	return program(port)
}

// shopper calls bookstore: it looks what was bought, and buys. bookthief says that it was bookbuyer, as its original does.
func shopper(name string) Program {
	return func(port string) error {
		store := fmt.Sprintf("%s.%s.svc.cluster.local:14001", setting("BOOKSTORE_SVC", "bookstore"), setting("BOOKSTORE_NAMESPACE", "bookstore"))
		journal := newJournal()
		look := journal.http(Call{To: store, Method: http.MethodGet, Path: "/books-bought", Headers: map[string]string{
			"client-app": "bookbuyer", "user-agent": "Go-http-client/1.1",
		}})
		buy := journal.http(Call{To: store, Method: http.MethodGet, Path: "/buy-a-book/new", Headers: map[string]string{
			"user-agent": "Go-http-client/1.1",
		}})
		go repeat(look)
		go repeat(buy)
		return serve(port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, name)
		}))
	}
}

// bookstore sells books and restocks one for each at bookwarehouse. FAIL_PERCENT of its requests it answers with 500, as a version would that is broken.
func bookstore(port string) error {
	failPercent, err := strconv.ParseUint(setting("FAIL_PERCENT", "0"), 10, 32)
	if err != nil || failPercent > 100 {
		return fmt.Errorf("FAIL_PERCENT is %q: it is a number from 0 to 100", setting("FAIL_PERCENT", ""))
	}
	var asked atomic.Uint64
	warehouse := setting("WAREHOUSE_SVC", "bookwarehouse") + "." + setting("BOOKWAREHOUSE_NAMESPACE", "bookwarehouse")
	restock := newJournal().http(Call{
		To: warehouse + ".svc.cluster.local:14001", Host: warehouse, Method: http.MethodPost, Path: "/restock-books",
		Headers: map[string]string{"user-agent": "Go-http-client/1.1"},
	})
	mux := http.NewServeMux()
	identity := setting("IDENTITY", "bookstore")
	answer := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Identity", identity)
		// Who called, as the sidecar tells the application.
		w.Header().Set("Caller", r.Header.Get("x-forwarded-client-cert"))
		// Evenly, so that a few requests show the share already.
		if asked.Add(1)*failPercent%100 < failPercent {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprintln(w, identity)
	}
	mux.HandleFunc("/books-bought", answer)
	mux.HandleFunc("/buy-a-book/new", func(w http.ResponseWriter, r *http.Request) {
		go restock(tracing(r))
		answer(w, r)
	})
	return serve(port, mux)
}

// tracing is what ties a request to the one that it comes from. A sidecar cannot know that; the application has to pass it on.
func tracing(r *http.Request) map[string]string {
	passedOn := map[string]string{}
	for _, name := range []string{"x-request-id", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled"} {
		if value := r.Header.Get(name); value != "" {
			passedOn[name] = value
		}
	}
	return passedOn
}

// bookwarehouse writes every delivery to the database.
func bookwarehouse(port string) error {
	write := newJournal().tcp(Call{To: "mysql." + setting("MYSQL_NAMESPACE", "bookwarehouse") + ".svc.cluster.local:3306"})
	return serve(port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		go write()
		fmt.Fprintln(w, "restocked")
	}))
}

// mysql stands for a database: it takes connections and answers bytes with the same bytes. It does not speak MySQL's protocol.
func mysql(string) error {
	listener, err := net.Listen("tcp4", ":3306")
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go echo(connection)
	}
}

func serve(port string, handler http.Handler) error {
	server := &http.Server{Addr: "0.0.0.0:" + port, Handler: asAsked(handler), ReadHeaderTimeout: callTimeout}
	listener, err := net.Listen("tcp4", server.Addr)
	if err != nil {
		return err
	}
	return server.Serve(listener)
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
