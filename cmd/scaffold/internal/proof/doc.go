// Package proof has the proofs, as tests, of what cmd/scaffold promises: on whole projects, which are generated, built,
// tested and linted for real. They take minutes: make test-scaffold.
package proof
