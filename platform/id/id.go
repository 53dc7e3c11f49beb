// Package id makes the identifiers of stored things: UUIDs of version 7, which sort by the time they were made, so that
// a primary key grows at its end.
package id

import "github.com/google/uuid"

// New makes an identifier in its text form of 36 characters.
func New() string { return uuid.Must(uuid.NewV7()).String() }
