package database

import "strings"

// Clip is the beginning of a text of any bytes, at most so many of them, so that a column of text takes it on every
// engine: whole characters, none of them NUL.
func Clip(text string, most int) string {
	text = strings.ReplaceAll(text[:min(len(text), most)], "\x00", "")
	return strings.ToValidUTF8(text, "")
}
