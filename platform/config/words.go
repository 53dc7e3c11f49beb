package config

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// words says what a rule wants.
func words(rule validator.FieldError) string {
	var alternatives []string
	for alternative := range strings.SplitSeq(rule.Tag(), "|") {
		tag, param, _ := strings.Cut(alternative, "=")
		if tag == rule.Tag() {
			param = rule.Param() // only alternatives carry theirs in the tag
		}
		alternatives = append(alternatives, phrase(tag, param, rule))
	}
	return strings.Join(alternatives, " or ")
}

func phrase(tag, param string, rule validator.FieldError) string {
	if text := comparison(tag, param, rule); text != "" {
		return text
	}
	if text := condition(tag, param); text != "" {
		return text
	}
	switch tag {
	case "required":
		return "is required"
	case "oneof", "oneofci":
		return "must be one of " + strings.Join(strings.Fields(param), ", ")
	case "unique":
		return "must not have an element twice"
	case "startswith":
		return "must begin with " + param
	case "endswith":
		return "must end with " + param
	case "contains":
		return "must contain " + param
	case "excludes":
		return "must not contain " + param
	}
	if noun := form(tag); noun != "" {
		return "must be " + noun
	}
	if param != "" {
		tag += "=" + param
	}
	return "must satisfy the rule " + tag
}

// form is what a value must look like.
func form(tag string) string {
	switch tag {
	case "url", "http_url", "https_url":
		return "a URL"
	case "uri":
		return "a URI"
	case "email":
		return "an e-mail address"
	case "hostname", "hostname_rfc1123":
		return "a host name"
	case "fqdn":
		return "a full host name"
	case "hostname_port":
		return "a host and port, such as localhost:8000 or :8000"
	case "port":
		return "a port, 1 to 65535"
	case "ip", "ip_addr", "ipv4", "ipv6":
		return "an IP address"
	case "cidr", "cidrv4", "cidrv6":
		return "a network, such as 10.0.0.0/8"
	case "file":
		return "an existing file"
	case "dir":
		return "an existing folder"
	case "base64":
		return "base64"
	case "hexadecimal":
		return "hexadecimal"
	case "uuid":
		return "a UUID"
	case "timezone":
		return "a time zone, such as Europe/Berlin"
	default:
		return ""
	}
}

// comparison is about the size of a number, or the length of a text, list or table.
func comparison(tag, param string, rule validator.FieldError) string {
	var relation string
	switch tag {
	case "min", "gte":
		relation = "at least "
	case "max", "lte":
		relation = "at most "
	case "gt":
		relation = "more than "
	case "lt":
		relation = "less than "
	case "len":
		relation = "exactly "
	case "eq":
		return "must be " + param
	case "ne":
		return "must not be " + param
	case "gtfield", "gtefield", "ltfield", "ltefield", "eqfield", "nefield":
		return fieldComparison(tag, param)
	default:
		return ""
	}
	switch t := rule.Type(); {
	case t == reflect.TypeFor[Size]():
		if n, err := strconv.ParseInt(param, 10, 64); err == nil {
			param = Size(n).String()
		}
	case t.Kind() == reflect.String:
		return "must have " + relation + count(param, "character", "characters")
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Map:
		return "must have " + relation + count(param, "entry", "entries")
	}
	return "must be " + relation + param
}

func count(number, one, many string) string {
	if number == "1" {
		return number + " " + one
	}
	return number + " " + many
}

func fieldComparison(tag, field string) string {
	relation := map[string]string{
		"gtfield": "more than ", "gtefield": "at least ", "ltfield": "less than ", "ltefield": "at most ",
		"eqfield": "the same as ", "nefield": "different from ",
	}[tag]
	return "must be " + relation + snake(field)
}

// condition is about whether a value may be there, given others.
func condition(tag, param string) string {
	demand, when, ok := strings.Cut(tag, "_")
	switch {
	case !ok:
		return ""
	case demand == "required":
		demand = "is required"
	case demand == "excluded":
		demand = "must not be set"
	default:
		return ""
	}
	fields := strings.Fields(param)
	switch when {
	case "if", "unless":
		var terms []string
		for i := 0; i+1 < len(fields); i += 2 {
			terms = append(terms, snake(fields[i])+" is "+fields[i+1])
		}
		return demand + " " + when + " " + strings.Join(terms, " and ")
	case "with", "without", "with_all", "without_all":
		for i, field := range fields {
			fields[i] = snake(field)
		}
		joint := map[bool]string{true: " and ", false: " or "}[strings.HasSuffix(when, "_all")]
		return demand + " " + strings.TrimSuffix(when, "_all") + " " + strings.Join(fields, joint)
	default:
		return ""
	}
}
