package pods

// Repeated tells how calls of one kind ended that were made one after the other.
type Repeated struct {
	// Statuses are how often each status came, for a request that is made several times; 0 is a call without an answer.
	Statuses map[int]int `json:"statuses,omitempty"`
	// Answered is how many of the calls made several times had an answer.
	Answered int `json:"answered,omitempty"`
	// Arrived is how many requests with its path any application got until the last had ended.
	Arrived int `json:"arrived,omitempty"`
}

// Repeat makes a call so many times. send tells the status, nil where there is none, and whether an answer came.
func Repeat(times int, send func() (status *int, answered bool, err error)) (Repeated, error) {
	result := Repeated{Statuses: map[int]int{}}
	for range times {
		status, answered, err := send()
		if err != nil {
			return Repeated{}, err
		}
		if answered {
			result.Answered++
		}
		if status == nil {
			result.Statuses[0]++
		} else {
			result.Statuses[*status]++
		}
	}
	return result, nil
}
