// Command conformance writes the table of engines in the README from what the tests showed when they ran: see
// testkit.Shows.
//
//	go run ./test/conformance .cache/conformance.jsonl README.md .github/workflows           # writes it
//	go run ./test/conformance --check .cache/conformance.jsonl README.md .github/workflows   # fails when it is another
//
// That a test runs elsewhere counts where a workflow sets the variable that it needs.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/test/testkit"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	check := flags.Bool("check", false, "write nothing, and fail when the table is not what was shown")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 3 {
		return errors.New("give the file of what was shown, the one with the table, and the folder of the workflows")
	}
	shown, err := read(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("what was shown: run make test-integration: %w", err)
	}
	set, err := workflows(flags.Arg(2))
	if err != nil {
		return err
	}
	shown = slices.DeleteFunc(shown, func(one testkit.Shown) bool {
		variable, known := variables[one.Engine]
		return one.How == testkit.Elsewhere && (!known || !strings.Contains(set, variable+":"))
	})
	before, err := os.ReadFile(flags.Arg(1))
	if err != nil {
		return err
	}
	after, err := replace(string(before), table(shown))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", flags.Arg(1), err)
	case after == string(before):
		return nil
	case *check:
		fmt.Fprint(out, table(shown))
		return fmt.Errorf("the table in %s is not what the tests showed, which is above: run make conformance", flags.Arg(1))
	default:
		return os.WriteFile(flags.Arg(1), []byte(after), 0o644)
	}
}

// read reads the lines that tests have written.
func read(file string) (shown []testkit.Shown, err error) {
	book, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	lines := bufio.NewScanner(book)
	for lines.Scan() {
		var one testkit.Shown
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, err
		}
		shown = append(shown, one)
	}
	return shown, lines.Err()
}

// variables are those that tests need to run elsewhere.
var variables = map[string]string{"oracle": testkit.OracleVariable, "clickhouse native": testkit.ClickHouseNativeVariable}

// workflows is the text of all of them.
func workflows(folder string) (string, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

const (
	begins = "<!-- conformance: written by make conformance -->\n"
	ends   = "<!-- conformance: end -->\n"
)

// replace puts a table between the marks of a text.
func replace(text, table string) (string, error) {
	before, rest, begun := strings.Cut(text, begins)
	_, after, ended := strings.Cut(rest, ends)
	if !begun || !ended {
		return "", fmt.Errorf("it has no place for the table, between %q and %q", strings.TrimSpace(begins), strings.TrimSpace(ends))
	}
	return before + begins + table + ends + after, nil
}

// row is one engine of the table.
type row struct {
	engine string
	title  string
	never  map[testkit.Aspect]string // what it does not have, and why
}

// rows are the engines that there are drivers of, in the order of the table.
func rows() []row {
	return []row{
		{engine: "sqlite", title: "SQLite"},
		{engine: "mysql", title: "MySQL, MariaDB"},
		{engine: "oracle", title: "Oracle"},
		{engine: "clickhouse", title: "ClickHouse, HTTP", never: warehouse},
		{engine: "clickhouse native", title: "ClickHouse, native protocol", never: warehouse},
		{engine: "redis", title: "Redis", never: map[testkit.Aspect]string{
			testkit.Migrate: "no schema", testkit.Repositories: "no repositories", testkit.Transactions: "not used",
		}},
	}
}

var warehouse = map[testkit.Aspect]string{testkit.Transactions: "the engine has none"}

var aspects = []testkit.Aspect{testkit.Connect, testkit.Migrate, testkit.Repositories, testkit.Transactions, testkit.Failure}

// ways are the words of the table, in the order in which they are said.
var ways = []struct {
	how   testkit.How
	words string
}{
	{testkit.Live, "live"},
	{testkit.Recorded, "recorded statements"},
	{testkit.Elsewhere, "live in the workflow"},
}

// table is what was shown. An engine that nothing was shown of, in a column that it has, stands there with that.
func table(shown []testkit.Shown) string {
	var text strings.Builder
	line := func(cells ...string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	head, rule := []string{"engine"}, []string{"---"}
	for _, aspect := range aspects {
		head, rule = append(head, string(aspect)), append(rule, "---")
	}
	line(head...)
	line(rule...)
	for _, engine := range rows() {
		cells := []string{engine.title}
		for _, aspect := range aspects {
			cells = append(cells, engine.cell(aspect, shown))
		}
		line(cells...)
	}
	return text.String()
}

func (r row) cell(aspect testkit.Aspect, shown []testkit.Shown) string {
	if why, never := r.never[aspect]; never {
		return why
	}
	var words []string
	for _, way := range ways {
		if slices.ContainsFunc(shown, func(one testkit.Shown) bool {
			return one.Engine == r.engine && one.Aspect == aspect && one.How == way.how
		}) {
			words = append(words, way.words)
		}
	}
	if len(words) == 0 {
		return "**not shown**"
	}
	return strings.Join(words, "; ")
}
