package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/rules/language"
	"github.com/reviewgate-app/reviewgate/rules/matrix"
)

func rulesLanguagesCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "languages",
		Short: "Say what rules can do in which language",
		Long: `Print the languages of rules with their levels. A level is computed from what tests show: ga when every feature that makes sense in
the language is tested, beta when every basic one is, experimental else. docs/languages.md has the whole table.`,
		Example: "  reviewgate rules languages\n  reviewgate rules languages --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usage(fmt.Errorf("unknown format %q", format), "formats are text, json")
			}
			rows, err := matrix.Rows()
			if err != nil {
				return unsure(err)
			}
			if format == "json" {
				err = writeLanguages(cmd.OutOrStdout(), rows)
			} else {
				err = printLanguages(cmd.OutOrStdout(), rows)
			}
			if err != nil {
				return unsure(err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the table: text, json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]cobra.Completion{"json", "text"}, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	return cmd
}

// languageJSON is one language of `rules languages --format json`.
type languageJSON struct {
	Name       string            `json:"name"`
	Title      string            `json:"title"`
	Aliases    []string          `json:"aliases,omitempty"`
	Files      []string          `json:"files,omitempty"`
	Level      matrix.Level      `json:"level"`
	Built      bool              `json:"built"` // whether this binary has it
	Tested     []string          `json:"tested"`
	Untested   []string          `json:"untested"`
	Irrelevant map[string]string `json:"not_applicable"` // with the reason
}

func writeLanguages(w io.Writer, rows []*matrix.Row) error {
	var out struct {
		Languages []languageJSON `json:"languages"`
	}
	for _, r := range rows {
		l := languageJSON{Name: r.Name, Title: r.Title, Level: r.Level(), Built: r.Built(), Tested: []string{}, Untested: r.Untested(), Irrelevant: map[string]string{}}
		if spec := language.ForName(r.Name); spec != nil {
			l.Aliases, l.Files = spec.Aliases, spec.Files()
		}
		if l.Untested == nil {
			l.Untested = []string{}
		}
		for _, f := range matrix.Features {
			switch c := r.Cells[f.Key]; {
			case c.Tested():
				l.Tested = append(l.Tested, f.Key)
			case c.None != "":
				l.Irrelevant[f.Key] = c.None
			}
		}
		out.Languages = append(out.Languages, l)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func printLanguages(w io.Writer, rows []*matrix.Row) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "LANGUAGE\tLEVEL\tTESTED\tFILES\tUNTESTED")
	for _, r := range rows {
		files := "not in this build: build with -tags " + r.Tag
		if spec := language.ForName(r.Name); spec != nil {
			if files = strings.Join(spec.Files(), " "); spec.AnyFile {
				files = "any, as text"
			}
		}
		tested, applicable := r.Count()
		untested := r.Untested()
		shown := strings.Join(untested[:min(3, len(untested))], ", ")
		if more := len(untested) - 3; more > 0 {
			shown = fmt.Sprintf("%s and %d more", shown, more)
		}
		fmt.Fprintf(out, "%s\t%s\t%d of %d\t%s\t%s\n", r.Name, r.Level(), tested, applicable, files, shown)
	}
	return out.Flush()
}
