package edit

import (
	"errors"
	"slices"
	"strings"
)

// AddSection puts a module's section at the end of modules: in a configuration, unless it is there.
func AddSection(source []byte, module string, lines []string) ([]byte, error) {
	text := strings.Split(string(source), "\n")
	begin, end, err := modulesBlock(text)
	if err != nil {
		return nil, err
	}
	if at, _ := section(text, begin, end, module); at >= 0 {
		return source, nil
	}
	added := []string{"  " + module + ":"}
	for _, line := range lines {
		added = append(added, "    "+line)
	}
	return []byte(strings.Join(slices.Insert(text, end, added...), "\n")), nil
}

// RemoveSection takes a module's section out of a configuration, if it is there.
func RemoveSection(source []byte, module string) []byte {
	text := strings.Split(string(source), "\n")
	begin, end, err := modulesBlock(text)
	if err != nil {
		return source
	}
	from, to := section(text, begin, end, module)
	if from < 0 {
		return source
	}
	return []byte(strings.Join(slices.Delete(text, from, to), "\n"))
}

// modulesBlock gives the lines within modules: without the empty ones behind it.
func modulesBlock(text []string) (begin, end int, err error) {
	begin = slices.IndexFunc(text, func(line string) bool { return strings.HasPrefix(line, "modules:") }) + 1
	if begin == 0 {
		return 0, 0, errors.New("the configuration has no section modules")
	}
	end = begin
	for i := begin; i < len(text) && (text[i] == "" || strings.HasPrefix(text[i], " ")); i++ {
		if text[i] != "" {
			end = i + 1
		}
	}
	return begin, end, nil
}

// section gives the lines of a module within a block.
func section(text []string, begin, end int, module string) (from, to int) {
	for from = begin; from < end; from++ {
		if name, _, found := strings.Cut(text[from], ":"); found && name == "  "+module {
			to = from + 1
			for to < end && (text[to] == "" || strings.HasPrefix(text[to], "   ")) {
				to++
			}
			return from, to
		}
	}
	return -1, -1
}

// RenameSection renames a module's section of a configuration, if it has one.
func RenameSection(source []byte, module, to string) []byte {
	text := strings.Split(string(source), "\n")
	begin, end, err := modulesBlock(text)
	if err != nil {
		return source
	}
	if at, _ := section(text, begin, end, module); at >= 0 {
		text[at] = strings.Replace(text[at], module, to, 1)
	}
	return []byte(strings.Join(text, "\n"))
}
