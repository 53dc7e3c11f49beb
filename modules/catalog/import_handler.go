package catalog

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/tasks"
)

type importInput struct {
	httpapi.Upload
	httpapi.Origin
	httpapi.Prefer
	OnError     string `query:"on_error" enum:"abort,skip" default:"abort" doc:"What a row that is not valid means: nothing is imported, or the row is left out"`
	OnDuplicate string `query:"on_duplicate" enum:"error,update" default:"error" doc:"What a row with the SKU of an existing product means: it is not valid, or it changes that product"`
}

type importOutput struct {
	tasks.Accepted
	Status int
	Body   any // importResult, or the task
}

type importResult struct {
	Created int              `json:"created" doc:"Products made"`
	Updated int              `json:"updated" doc:"Products changed"`
	Failed  int              `json:"failed" doc:"Rows left out"`
	Errors  []importRowError `json:"errors" doc:"Why rows were left out: the first hundred"`
}

type importRowError struct {
	Line   int    `json:"line" doc:"In the file, from 1, the header included"`
	Column string `json:"column" doc:"By its header; empty when the whole row is meant"`
	Detail string `json:"detail" doc:"The rule that was broken"`
}

func (h *Handler) importProducts(ctx context.Context, in *importInput) (*importOutput, error) {
	options := ImportOptions{SkipErrors: in.OnError == "skip", UpdateDuplicates: in.OnDuplicate == "update"}
	if in.Async() {
		task, err := h.service.ImportLater(ctx, in.Stream, options)
		if err != nil {
			return nil, err
		}
		return &importOutput{Accepted: tasks.Accept(&in.Origin, task), Status: http.StatusAccepted, Body: task}, nil
	}
	result, err := h.service.Import(ctx, in.Stream, options)
	if err != nil {
		return nil, err
	}
	return &importOutput{Status: http.StatusOK, Body: showImport(result)}, nil
}

func showImport(result ImportResult) importResult {
	shown := importResult{
		Created: result.Created, Updated: result.Updated, Failed: result.Failed,
		Errors: make([]importRowError, len(result.Errors)),
	}
	for i, e := range result.Errors {
		shown.Errors[i] = importRowError{Line: e.Line, Column: e.Column, Detail: e.Rule}
	}
	return shown
}

type exportInput struct{ FilterInput }

func (h *Handler) exportProducts(_ context.Context, in *exportInput) (*httpapi.Download, error) {
	name := "products-" + h.service.now().Format(time.DateOnly) + ".csv"
	return httpapi.Stream("text/csv", name, func(ctx context.Context, w io.Writer) error {
		return h.service.Export(ctx, in.filter(), w)
	}), nil
}
