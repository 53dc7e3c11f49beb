// Package configs embeds the configuration files, so that the binary runs where no folder of them is.
package configs

import "embed"

// Files are default.yaml, which has every key, and one file for each environment.
//
//go:embed *.yaml
var Files embed.FS
