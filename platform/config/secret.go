package config

import (
	"log/slog"
	"regexp"
)

const hidden = "[hidden]"

// Secret is a text that must not be seen: it prints, marshals and logs as [hidden]. Reveal gives the text.
type Secret string

// Reveal gives the text itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// String hides the text, and tells an empty secret from a set one.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the text from every encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the text from the log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// DSN is a data source name or URL: it prints, marshals and logs with its password hidden. Reveal gives it whole.
type DSN string

// Reveal gives the name with its password, for the driver.
func (d DSN) Reveal() string { return string(d) }

var (
	dsnUserinfo = regexp.MustCompile(`^((?:[a-z][a-z0-9+.-]*://)?[^:/@]*):.*@`)
	dsnParam    = regexp.MustCompile(`(?i)([?&;][^=&;]*(?:pass|pwd|secret|token|key)[^=&;]*=)[^&;]*`)
)

// String is the name with every password in it hidden.
func (d DSN) String() string {
	text := dsnUserinfo.ReplaceAllString(string(d), "${1}:"+hidden+"@")
	return dsnParam.ReplaceAllString(text, "${1}"+hidden)
}

// GoString hides the password from %#v.
func (d DSN) GoString() string { return d.String() }

// MarshalText hides the password from every encoder.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LogValue hides the password from the log.
func (d DSN) LogValue() slog.Value { return slog.StringValue(d.String()) }
