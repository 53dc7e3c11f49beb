package ddl

import (
	"fmt"
	"regexp"
	"strings"
)

// token is a word, a quoted name, a text, a number or a sign.
type token struct {
	text   string // a word in capitals, a name without its quotes, anything else as it is
	quoted bool
}

var tokenPattern = regexp.MustCompile(`(?s)^(?:(\s+|--[^\n]*|/\*.*?\*/)|("[^"]*")|('(?:[^']|'')*')|([A-Za-z_][\w$#]*)|(\d+(?:\.\d+)?)|([<>!]=|<>|\|\||.))`)

// tokens cuts a statement up, without comments and the semicolon at its end.
func tokens(statement string) []token {
	var all []token
	for statement != "" {
		found := tokenPattern.FindStringSubmatch(statement)
		statement = statement[len(found[0]):]
		switch {
		case found[1] != "":
		case found[2] != "":
			all = append(all, token{text: strings.Trim(found[2], `"`), quoted: true})
		default:
			all = append(all, token{text: found[3] + strings.ToUpper(found[4]) + found[5] + found[6]})
		}
	}
	if n := len(all); n > 0 && all[n-1].text == ";" {
		all = all[:n-1]
	}
	return all
}

// reader goes through the tokens of a statement.
type reader struct {
	tokens []token
	at     int
}

func (r *reader) done() bool { return r.at >= len(r.tokens) }

// sees tells whether these words come next.
func (r *reader) sees(words ...string) bool {
	for i, word := range words {
		if r.at+i >= len(r.tokens) || r.tokens[r.at+i].text != word || r.tokens[r.at+i].quoted {
			return false
		}
	}
	return true
}

// takes is sees that goes on behind the words.
func (r *reader) takes(words ...string) bool {
	if !r.sees(words...) {
		return false
	}
	r.at += len(words)
	return true
}

// must is takes for what cannot be missing.
func (r *reader) must(words ...string) error {
	if r.takes(words...) {
		return nil
	}
	return fmt.Errorf("%s is missing %s", strings.Join(words, " "), r.place())
}

func (r *reader) place() string {
	if r.done() {
		return "at the end"
	}
	return "before " + r.tokens[r.at].text
}

// name reads a name, in small letters, without its schema.
func (r *reader) name() (string, error) {
	if r.done() || strings.Trim(r.tokens[r.at].text, "(),;") == "" {
		return "", fmt.Errorf("a name is missing %s", r.place())
	}
	name := strings.ToLower(r.tokens[r.at].text)
	r.at++
	if r.takes(".") {
		return r.name()
	}
	return name, nil
}

// names reads names in parentheses. Of an index, ASC may follow one, and DESC is kept with it.
func (r *reader) names() ([]string, error) {
	if err := r.must("("); err != nil {
		return nil, err
	}
	var names []string
	for {
		name, err := r.name()
		if err != nil {
			return nil, err
		}
		if r.takes("DESC") {
			name += " desc"
		}
		r.takes("ASC")
		names = append(names, name)
		if r.takes(")") {
			return names, nil
		}
		if err := r.must(","); err != nil {
			return nil, err
		}
	}
}

// text joins tokens in one way, however they were spaced.
func text(all []token) string {
	var joined strings.Builder
	for i, one := range all {
		if i > 0 && !joins(all[i-1], one) {
			joined.WriteByte(' ')
		}
		if one.quoted {
			joined.WriteString(`"` + one.text + `"`)
		} else {
			joined.WriteString(one.text)
		}
	}
	return joined.String()
}

var wordLike = regexp.MustCompile(`^[\w$#]+$`)

// joins tells whether there is no space between two tokens.
func joins(before, after token) bool {
	switch {
	case before.text == "(" || before.text == "." || after.text == ")" || after.text == "," || after.text == ".":
		return true
	default:
		return after.text == "(" && wordLike.MatchString(before.text) && before.text != "AND" && before.text != "OR" && before.text != "IN"
	}
}

// parenthesised reads from one parenthesis to its counterpart, both included.
func (r *reader) parenthesised() ([]token, error) {
	begin, depth := r.at, 0
	for ; !r.done(); r.at++ {
		switch r.tokens[r.at].text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 {
			r.at++
			return r.tokens[begin:r.at], nil
		}
	}
	return nil, fmt.Errorf("a parenthesis is not closed")
}
