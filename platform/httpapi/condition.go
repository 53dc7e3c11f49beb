package httpapi

import (
	"strconv"
	"strings"

	"github.com/trellis-go/trellis/platform/problem"
)

// ETag is the entity tag of a resource's version, a number that grows with every change.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// Conditional is embedded in the input of an operation that reads one resource.
type Conditional struct {
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag read before: the answer is 304 without a body when it is still current"`
}

// Unchanged tells whether the client has this version already.
func (c Conditional) Unchanged(version int64) bool {
	return c.IfNoneMatch != "" && matches(c.IfNoneMatch, version, true)
}

// Precondition is embedded in the input of an operation that changes one resource.
type Precondition struct {
	IfMatch string `header:"If-Match" doc:"The ETag that was read: the change is refused with 412 when the resource has changed since"`
}

// Check refuses the change unless the client has read this version: problem.PreconditionRequired when it names none,
// problem.PreconditionFailed when it names others.
func (p Precondition) Check(version int64) error {
	if p.IfMatch == "" {
		return problem.PreconditionRequired.New("send the ETag that you read in If-Match")
	}
	if !matches(p.IfMatch, version, false) {
		return problem.PreconditionFailed.Errorf("the current ETag is %s", ETag(version))
	}
	return nil
}

// matches looks for the version in a list of entity tags. Weak tags count for reading only, as RFC 9110 has it.
func matches(list string, version int64, weak bool) bool {
	current := ETag(version)
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.TrimSpace(tag)
		if weak {
			tag = strings.TrimPrefix(tag, "W/")
		}
		if tag == current || tag == "*" {
			return true
		}
	}
	return false
}
