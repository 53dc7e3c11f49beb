package config

import (
	"log/slog"
	"regexp"
	"strings"
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

// String is the name with every password in it hidden. Where it is doubtful what the password is, more is hidden.
func (d DSN) String() string { return hideParams(hideUserinfo(string(d))) }

// hideUserinfo hides what stands between the user and the last @: user:password@, or user/password@ as Oracle has it.
// Both the password and the user may contain any of these signs.
func hideUserinfo(text string) string {
	start := len(urlScheme.FindString(text))
	if start == 0 && (strings.HasPrefix(text, "file:") || strings.HasPrefix(text, "/")) {
		return text // a path
	}
	end := strings.LastIndex(text, "@")
	if end < start {
		return text
	}
	separator := strings.IndexAny(text[start:end], ":/")
	if separator < 0 {
		return text
	}
	return text[:start+separator+1] + hidden + text[end:]
}

var (
	urlScheme     = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]*://`)
	queryPassword = regexp.MustCompile(`(?is)([?&;][^=&;]*(?:(?:pass|pwd|secret|token|credential)[^=&;]*|key)=)[^&]*`)
	fieldPassword = regexp.MustCompile(`(?is)((?:^|[;&\s])[^=;&\s]*(?:(?:pass|pwd|secret|token|credential)[^=;&\s]*|key)\s*=).*`)
)

// hideParams hides passwords among the parameters behind a question mark, or in a name that is a list of them, such as
// host=db password=x, where all that follows is hidden since any sign may be part of the password.
func hideParams(text string) string {
	if strings.Contains(text, "?") {
		return queryPassword.ReplaceAllString(text, "${1}"+hidden)
	}
	return fieldPassword.ReplaceAllString(text, "${1}"+hidden)
}

// redact hides the password in a text that is a URL with one.
func redact(text string) string {
	if strings.Contains(text, "://") {
		return DSN(text).String()
	}
	return text
}

// GoString hides the password from %#v.
func (d DSN) GoString() string { return d.String() }

// MarshalText hides the password from every encoder.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LogValue hides the password from the log.
func (d DSN) LogValue() slog.Value { return slog.StringValue(d.String()) }
