// Package id makes the identifiers of stored things: UUIDs of version 7, which sort by the time they were made, so that
// a primary key grows at its end.
package id

import "github.com/google/uuid"

// New makes an identifier in its text form of 36 characters.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Valid tells whether text is an identifier in its canonical form.
func Valid(text string) bool {
	parsed, err := uuid.Parse(text)
	return err == nil && parsed.String() == text
}
