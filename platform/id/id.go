// Package id makes the identifiers of stored things: UUIDs of version 7, which sort by the time they were made, so that
// a primary key grows at its end.
package id

import "github.com/google/uuid"

// New makes an identifier in its text form of 36 characters.
func New() string { return uuid.Must(uuid.NewV7()).String() }

const textLength = 36

// Valid tells whether a text is an identifier of any version, in the form that New gives.
func Valid(text string) bool { return len(text) == textLength && uuid.Validate(text) == nil }
