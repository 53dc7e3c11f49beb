// Package script reads goose's SQL files as goose does, and keeps the line where each statement begins: to show what would
// run, and to say where something is wrong.
package script

import (
	"errors"
	"fmt"
	"strings"
)

// Script is one file of migrations.
type Script struct {
	Up, Down    []Statement
	HasDown     bool // there is a section Down, even when nothing is in it
	Transaction bool // goose runs each direction in a transaction
	Comments    []Comment
}

// Statement is one statement, with its semicolon and the comments within it.
type Statement struct {
	Line int // of its first line, from 1
	SQL  string
}

// Comment is a line of its own that only comments.
type Comment struct {
	Line int
	Text string // without the dashes and the space around
}

// Parse reads a file. Its error names the line.
func Parse(text string) (Script, error) {
	p := parser{script: Script{Transaction: true}}
	for i, line := range strings.Split(text, "\n") {
		p.line = i + 1
		if err := p.take(strings.TrimSuffix(line, "\r")); err != nil {
			return Script{}, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	return p.script, p.end()
}

// parser is what was read so far.
type parser struct {
	script Script
	into   *[]Statement // the section, nil before the first
	block  bool         // between StatementBegin and StatementEnd
	begun  int          // line of the statement that is being read
	text   strings.Builder
	line   int
}

func (p *parser) take(line string) error {
	trimmed := strings.TrimSpace(line)
	comment, isComment := strings.CutPrefix(trimmed, "--")
	if isComment {
		if annotation, ours := strings.CutPrefix(strings.TrimSpace(comment), "+goose"); ours {
			return p.annotate(strings.ToUpper(strings.TrimSpace(annotation)))
		}
		p.script.Comments = append(p.script.Comments, Comment{Line: p.line, Text: strings.TrimSpace(comment)})
	}
	if p.text.Len() == 0 && (isComment || trimmed == "") {
		return nil
	}
	if p.into == nil {
		return errors.New("there is a statement before -- +goose Up")
	}
	if p.text.Len() == 0 {
		p.begun = p.line
	}
	p.text.WriteString(line + "\n")
	if !p.block && ends(line) {
		p.store()
	}
	return nil
}

func (p *parser) annotate(annotation string) error {
	switch annotation {
	case "UP":
		p.into = &p.script.Up
	case "DOWN":
		if err := p.end(); err != nil {
			return err
		}
		p.into, p.script.HasDown = &p.script.Down, true
	case "STATEMENTBEGIN":
		p.block = true
	case "STATEMENTEND":
		p.block = false
		p.store()
	case "NO TRANSACTION":
		p.script.Transaction = false
	}
	return nil
}

func (p *parser) store() {
	if sql := strings.TrimSpace(p.text.String()); sql != "" && p.into != nil {
		*p.into = append(*p.into, Statement{Line: p.begun, SQL: sql})
	}
	p.text.Reset()
}

// end says what is missing where a section ends.
func (p *parser) end() error {
	switch {
	case p.into == nil:
		return errors.New("there is no -- +goose Up")
	case p.block:
		return fmt.Errorf("the statement of line %d has no -- +goose StatementEnd", p.begun)
	case strings.TrimSpace(p.text.String()) != "":
		return fmt.Errorf("the statement of line %d has no semicolon at the end of a line", p.begun)
	default:
		return nil
	}
}

// ends tells whether a statement ends with this line: its last word before a comment ends in a semicolon.
func ends(line string) bool {
	last := ""
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}
