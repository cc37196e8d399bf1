package programs

import (
	"net/http"
	"strconv"
	"time"
)

// asAsked answers as the query of a request asks for, so that load tests find a slow or a failing service: "delay", such as 200ms, is how long
// the answer takes, and "status" is its status. Meshes leave the query out of account where they look at paths.
func asAsked(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		query := request.URL.Query()
		if delay, err := time.ParseDuration(query.Get("delay")); err == nil {
			select {
			case <-time.After(delay):
			case <-request.Context().Done():
				return // nobody waits any more
			}
		}
		if status, err := strconv.Atoi(query.Get("status")); err == nil && status >= 200 && status < 600 {
			answer.WriteHeader(status)
			return
		}
		handler.ServeHTTP(answer, request)
	})
}
