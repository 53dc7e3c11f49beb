package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
)

func newList(w *work) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the modules: operations, tables, who uses whom",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := w.plan()
			if err != nil {
				return err
			}
			all, err := p.List()
			if err != nil {
				return err
			}
			if w.json {
				return inJSON(cmd.OutOrStdout(), all)
			}
			for _, one := range all {
				show(cmd.OutOrStdout(), one)
			}
			return nil
		},
	}
}

func show(out io.Writer, one plan.Listed) {
	fmt.Fprint(out, one.Name)
	if one.Generated {
		fmt.Fprint(out, "  (generated)")
	}
	fmt.Fprintln(out)
	line := func(name string, values []string) {
		if len(values) > 0 {
			fmt.Fprintf(out, "  %-8s %s\n", name, strings.Join(values, ", "))
		}
	}
	line("tables", one.Tables)
	line("fields", one.Fields)
	line("uses", one.Uses)
	for _, route := range one.Operations {
		fmt.Fprintf(out, "  %-8s %-32s %s\n", route.Method, route.Path, route.Summary)
	}
}

func newDoctor(w *work) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Find what has drifted from how modules are built, and fail when there is something",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := w.plan()
			if err != nil {
				return err
			}
			found, err := p.Doctor()
			if err != nil {
				return err
			}
			if w.json {
				if found == nil {
					found = []plan.Finding{}
				}
				if err := inJSON(cmd.OutOrStdout(), found); err != nil {
					return err
				}
			} else {
				for _, one := range found {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", one.Module, one.Text)
				}
			}
			if len(found) > 0 {
				return fmt.Errorf("%d findings", len(found))
			}
			return nil
		},
	}
}

func inJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
