package app

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// The exit codes of the program. Beside them, 128 and the number of a signal mean that a second one ended it at once.
const (
	ExitOK          = 0  // told to end, and ended in order
	ExitFailure     = 1  // an error of no other class
	ExitUsage       = 2  // the command line is wrong
	ExitUnavailable = 69 // something that it needs did not come up
	ExitSoftware    = 70 // a component failed
	ExitDrain       = 75 // a deadline passed while ending: work may have been cut
	ExitConfig      = 78 // the configuration is not valid
)

// coded is an error with an exit code.
type coded struct {
	error
	code int
}

func (c *coded) Unwrap() error { return c.error }

// ExitCode is what the function ExitCode looks for; errors of other packages may have it too.
func (c *coded) ExitCode() int { return c.code }

// WithExitCode says with which code the program is to end on err. It gives nil for nil.
func WithExitCode(err error, code int) error {
	if err == nil {
		return nil
	}
	return &coded{error: err, code: code}
}

// withDefaultCode is WithExitCode for an error that has no code yet.
func withDefaultCode(err error, code int) error {
	var c interface{ ExitCode() int }
	if errors.As(err, &c) {
		return err
	}
	return WithExitCode(err, code)
}

// ExitCode is the code for what Run or a command gave: that of the first error in the chain that has a
// method ExitCode() int, such as those of WithExitCode.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	var c interface{ ExitCode() int }
	if errors.As(err, &c) {
		return c.ExitCode()
	}
	return ExitFailure
}

// forced is the error of a second signal.
func forced(sig os.Signal) error {
	number, _ := sig.(syscall.Signal)
	return WithExitCode(fmt.Errorf("ended at once by a second signal: %s", sig), 128+int(number))
}
