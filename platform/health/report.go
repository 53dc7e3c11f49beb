package health

// The statuses of a Report.
const (
	StatusOK          = "ok"
	StatusDegraded    = "degraded"    // something optional is down
	StatusUnavailable = "unavailable" // something required is down
	StatusStarting    = "starting"
	StatusDraining    = "draining"
)

// The statuses of a Result.
const (
	StatusUp   = "up"
	StatusDown = "down"
)

// Report is the answer to a probe, and the body of the endpoint that it came to.
type Report struct {
	Status string   `json:"status" enum:"ok,degraded,unavailable,starting,draining" doc:"What the process can do"`
	Checks []Result `json:"checks" doc:"What it depends on; empty unless it is ready"`
}

// Result is what one check found.
type Result struct {
	Name      string  `json:"name" doc:"What was looked at" example:"primary"`
	Status    string  `json:"status" enum:"up,down" doc:"Whether it works"`
	Required  bool    `json:"required" doc:"Whether nothing works without it"`
	LatencyMS float64 `json:"latency_ms" doc:"How long it took to answer, in milliseconds"`
	Error     string  `json:"error,omitempty" enum:"unreachable,timed out,failed" doc:"What kind of failure it was; the log has the details"`
}

// OK tells whether traffic should come: true for ok and degraded. The endpoint answers 200 then, and 503 otherwise.
func (r Report) OK() bool { return r.Status == StatusOK || r.Status == StatusDegraded }

func reportOf(results []Result) Report {
	report := Report{Status: StatusOK, Checks: results}
	for _, result := range results {
		switch {
		case result.Status == StatusUp:
		case result.Required:
			report.Status = StatusUnavailable
			return report
		default:
			report.Status = StatusDegraded
		}
	}
	return report
}
