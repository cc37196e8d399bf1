package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"aks-mesh/sandbox/data-plane/pods/netns"
	"aks-mesh/sandbox/data-plane/pods/programs"
)

// loadWish is many calls of one kind that a pod makes, each on a connection of its own.
type loadWish struct {
	programs.Call
	// From is the key of the pod.
	From string `json:"from"`
	// Requests is how many calls are made in all, and Concurrency how many at most at the same time.
	Requests    int `json:"requests"`
	Concurrency int `json:"concurrency"`
	// PerSecond is how many calls begin in each second at most; 0 for no bound.
	PerSecond float64 `json:"perSecond"`
}

// loadedWish asks how far the load is.
type loadedWish struct {
	// Stop makes no further calls begin.
	Stop bool `json:"stop"`
}

// load is calls under way.
type load struct {
	wish    loadWish
	started time.Time

	lock sync.Mutex
	// next is the number of the next call.
	next    int
	stopped bool
	ends    map[string]int
	// took is how long each call took that passed.
	took  []time.Duration
	ended time.Time
}

// loadAnswer tells what came of the calls so far.
type loadAnswer struct {
	Ends    map[string]int `json:"ends"`
	Seconds float64        `json:"seconds"`
	// Done is whether no call is under way and none is to come.
	Done    bool     `json:"done"`
	Latency *latency `json:"latency,omitempty"`
}

// latency is how long calls took that passed, in milliseconds.
type latency struct {
	Half       float64 `json:"p50"`
	NineTenths float64 `json:"p90"`
	AllButOne  float64 `json:"p99"`
	TheLongest float64 `json:"max"`
}

// load begins calls, and returns at once.
func (r *runner) load(wish loadWish) (struct{}, error) {
	none := struct{}{}
	it := r.pods[wish.From]
	if it == nil {
		return none, fmt.Errorf("the pod %s does not run", wish.From)
	}
	if wish.Requests < 1 || wish.Concurrency < 1 {
		return none, errors.New("a load is of one call or more, one or more at a time")
	}
	if r.loaded != nil && !r.loaded.answer().Done {
		return none, errors.New("another load is under way")
	}
	r.loaded = &load{wish: wish, started: time.Now(), ends: map[string]int{}}
	go r.loaded.run(it.namespace)
	return none, nil
}

// progress tells how far the load is.
func (r *runner) progress(wish loadedWish) (loadAnswer, error) {
	if r.loaded == nil {
		return loadAnswer{}, errors.New("there is no load")
	}
	if wish.Stop {
		r.loaded.stop()
	}
	return r.loaded.answer(), nil
}

func (l *load) run(from *netns.Namespace) {
	var group sync.WaitGroup
	for range min(l.wish.Concurrency, l.wish.Requests) {
		group.Go(func() {
			for l.begin() {
				before := time.Now()
				end := programs.Send(dialIn(from), l.wish.Call)
				l.count(end, time.Since(before))
			}
		})
	}
	group.Wait()
	l.lock.Lock()
	defer l.lock.Unlock()
	l.ended = time.Now()
}

// begin waits until the next call is due. It is false where there is none.
func (l *load) begin() bool {
	l.lock.Lock()
	number := l.next
	l.next++
	l.lock.Unlock()
	if l.wish.PerSecond > 0 && !l.isOver(number) {
		time.Sleep(time.Until(l.started.Add(time.Duration(float64(number) / l.wish.PerSecond * float64(time.Second)))))
	}
	return !l.isOver(number)
}

func (l *load) isOver(number int) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.stopped || number >= l.wish.Requests
}

func (l *load) stop() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.stopped = true
}

func (l *load) count(end string, took time.Duration) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.ends[end]++
	if programs.HasPassed(end) {
		l.took = append(l.took, took)
	}
}

func (l *load) answer() loadAnswer {
	l.lock.Lock()
	defer l.lock.Unlock()
	ended, done := l.ended, !l.ended.IsZero()
	if !done {
		ended = time.Now()
	}
	ends := map[string]int{}
	for end, count := range l.ends {
		ends[end] = count
	}
	answer := loadAnswer{Ends: ends, Seconds: ended.Sub(l.started).Seconds(), Done: done}
	if done {
		answer.Latency = latencyOf(l.took)
	}
	return answer
}

// latencyOf is nil where no call passed.
func latencyOf(took []time.Duration) *latency {
	if len(took) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(took))
	// The smallest that the share of all does not exceed.
	at := func(percent int) float64 {
		rank := (len(sorted)*percent + 99) / 100
		return float64(sorted[max(rank, 1)-1].Microseconds()) / 1000
	}
	return &latency{Half: at(50), NineTenths: at(90), AllButOne: at(99), TheLongest: at(100)}
}
