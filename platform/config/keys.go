package config

import "reflect"

// KeyInfo describes a key for documentation.
type KeyInfo struct {
	Key  string // the name of a table's entry is written <name>, the place in a list []
	Env  string // its environment variable, with <NAME> for an entry; empty within a list, which only a file can set
	Type string // the Go type
}

// Keys lists every key that Load knows for T, in the order of the fields. It panics where Load would.
func Keys[T any]() []KeyInfo {
	var keys []KeyInfo
	schemaOf(reflect.TypeFor[T]()).leaves("", func(key string, n *node) {
		info := KeyInfo{Key: key, Env: variableOf(key), Type: n.typ.String()}
		if inList(key) {
			info.Env = ""
		}
		keys = append(keys, info)
	})
	return keys
}
