package log

import (
	"bytes"
	"strings"
)

// A mention says how a key speaks of a secret.
type mention int

const (
	none  mention = iota // not at all
	about                // among its words: token_count, password_hash, tokens
	named                // its last word is the secret itself: token, user_password
)

// mentions reads a key word by word. It does not allocate for keys of usual length: it runs for every attribute.
func mentions(key string) mention {
	var room [64]byte
	rest, found := split(room[:0], key), none
	var before []byte
	for len(rest) > 0 {
		word, after, _ := bytes.Cut(rest, []byte{'_'})
		if len(word) > 0 {
			switch singular, plural := bytes.CutSuffix(word, []byte{'s'}); {
			case secretWord(word) || string(word) == "key" && secretKey(before):
				found = named
			case plural && (secretWord(singular) || string(singular) == "key" && secretKey(before)):
				found = about
			case found == named:
				found = about
			}
			before = word
		}
		rest = after
	}
	return found
}

// secretWord takes compounds that are written as one word too: accesstoken, authtoken, dbpassword.
func secretWord(word []byte) bool {
	switch string(word) {
	case "pwd", "jwt", "dsn", "passphrase", "privatekey":
		return true
	}
	if len(word) < len("token") {
		return false
	}
	for _, secret := range [...]string{"password", "passwd", "secret", "token", "authorization", "cookie", "credential", "apikey"} {
		if len(word) >= len(secret) && string(word[len(word)-len(secret):]) == secret {
			return true
		}
	}
	return false
}

func secretKey(before []byte) bool {
	switch string(before) {
	case "api", "private", "access", "signing", "encryption":
		return true
	}
	return false
}

// split appends the key in lower case to words, with an underscore wherever a word ends: X-Api-Key, apiKey and APIKey
// become x_api_key and api_key.
func split(words []byte, key string) []byte {
	for i := range len(key) {
		c := key[i]
		switch {
		case upper(c):
			if i > 0 && (!upper(key[i-1]) || i+1 < len(key) && lower(key[i+1])) {
				words = append(words, '_')
			}
			words = append(words, c+'a'-'A')
		case strings.IndexByte("-_. :/[]", c) >= 0:
			words = append(words, '_')
		default:
			words = append(words, c)
		}
	}
	return words
}

func upper(c byte) bool { return 'A' <= c && c <= 'Z' }
func lower(c byte) bool { return 'a' <= c && c <= 'z' }
