package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/problem"
)

const (
	importBatch     = 500     // rows written by one statement
	importBytes     = 4 << 20 // of text in them: with what is around it, and escaped, less than a server takes at once
	maxRowErrors    = 100     // reported of one import
	batchCollisions = 3       // tries of a batch that somebody else took a SKU of
)

// ImportOptions say what an import does with rows that cannot be created.
type ImportOptions struct {
	SkipErrors       bool // import the rows that are right; without it a wrong row means that nothing is imported
	UpdateDuplicates bool // a row whose SKU exists changes that product; without it the row is wrong
}

// ImportResult is what an import did.
type ImportResult struct {
	Created int
	Updated int
	Failed  int
	Errors  []RowError // the first of the failed rows
}

// fail notes wrong rows.
func (r *ImportResult) fail(errs ...RowError) {
	r.Failed++
	r.Errors = append(r.Errors, errs[:min(len(errs), maxRowErrors-len(r.Errors))]...)
}

// rejected is the problem of an import that did nothing, because of its wrong rows.
func (r *ImportResult) rejected() error {
	invalid := problem.Invalid.Errorf("nothing was imported; rows that are not valid: %d", r.Failed)
	for _, e := range r.Errors {
		invalid = invalid.With(problem.Field{In: "body", Line: e.Line, Column: e.Column, Detail: e.Rule})
	}
	return invalid
}

// Import reads products from CSV. The file is stored on disk first: no transaction waits for a client's network, and the
// memory used does not depend on the size of the file. The error is problem.Invalid, with lines and columns, when the
// header is wrong, or a row is and SkipErrors is not set.
func (s *Service) Import(ctx context.Context, body io.Reader, options ImportOptions) (ImportResult, error) {
	file, err := spool(body)
	if err != nil {
		return ImportResult{}, err
	}
	defer discard(file)
	return s.importFile(ctx, file, options, nil)
}

// importFile imports a file, and tells the journal about it.
func (s *Service) importFile(ctx context.Context, file *os.File, options ImportOptions, log *journal) (ImportResult, error) {
	checked := s.newImporter(options, log)
	err := checked.eachBatch(ctx, file, func(*importer, context.Context, []row) error { return nil })
	switch {
	case err != nil:
		return ImportResult{}, err // the file cannot be read to its end: nothing was written
	case options.SkipErrors:
		return s.importValid(ctx, file, options, log.of(checked.read))
	case checked.result.Failed > 0:
		return ImportResult{}, checked.result.rejected()
	default:
		return s.importAll(ctx, file, options, log.of(checked.read))
	}
}

// importAll writes all rows in one transaction.
func (s *Service) importAll(ctx context.Context, file *os.File, options ImportOptions, log *journal) (ImportResult, error) {
	var im *importer
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		s.cached.changedMany(ctx)
		im = s.newImporter(options, log)
		err := im.eachBatch(ctx, file, (*importer).write)
		switch {
		case err != nil:
			return err
		case im.result.Failed > 0:
			return im.result.rejected()
		default:
			return log.keep(ctx, im.read, im.result)
		}
	})
	if err != nil {
		return ImportResult{}, fmt.Errorf("import products: %w", err)
	}
	return im.result, nil
}

// importValid writes the rows that are right, a batch in a transaction, from where the journal says that an earlier run
// has come to.
func (s *Service) importValid(ctx context.Context, file *os.File, options ImportOptions, log *journal) (ImportResult, error) {
	im := s.newImporter(options, log)
	im.done, im.result = log.kept()
	err := im.eachBatch(ctx, file, (*importer).writeAlone)
	if err == nil {
		err = log.keep(ctx, im.read, im.result) // rows at the end that are wrong are in no batch
	}
	if err != nil {
		return ImportResult{}, fmt.Errorf("import products: %w", err)
	}
	return im.result, nil
}

// eachBatch reads the file from its beginning and hands its valid rows on.
func (im *importer) eachBatch(
	ctx context.Context, file *os.File, write func(*importer, context.Context, []row) error,
) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind the imported file: %w", err)
	}
	rows, err := newCSVReader(file)
	if err != nil {
		return unreadable(err)
	}
	for {
		next, wrong, err := rows.next()
		if errors.Is(err, io.EOF) {
			return im.flush(ctx, write)
		}
		if err != nil {
			return unreadable(err)
		}
		if im.read < im.done {
			im.read++
			continue
		}
		if len(wrong) == 0 && im.full(next) {
			if err := im.flush(ctx, write); err != nil {
				return err
			}
		}
		im.read++
		im.log.rows(im.read)
		if len(wrong) > 0 {
			im.result.fail(wrong...)
			continue
		}
		im.add(next)
	}
}

// unreadable is the problem of a file that is not CSV or has the wrong header.
func unreadable(err error) error {
	var wrong *RowError
	if errors.As(err, &wrong) {
		result := ImportResult{}
		result.fail(*wrong)
		return result.rejected()
	}
	if errors.Is(err, errRecordTooLong) || errors.Is(err, errOpenQuote) {
		return problem.Invalid.New("the file cannot be read: " + err.Error())
	}
	return err
}

// spool stores the body in a file that is gone when it is closed.
func spool(body io.Reader) (*os.File, error) {
	file, err := os.CreateTemp("", "trellis-import-*.csv")
	if err != nil {
		return nil, fmt.Errorf("make a file for the import: %w", err)
	}
	_ = os.Remove(file.Name()) // where the system allows it, nothing stays even after a crash
	if _, err := io.Copy(file, body); err != nil {
		discard(file)
		return nil, fmt.Errorf("receive the imported file: %w", err)
	}
	return file, nil
}

func discard(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

// importer is one run over a file.
type importer struct {
	*Service
	options ImportOptions
	log     *journal
	result  ImportResult
	done    int // rows at the beginning that an earlier run has dealt with; they are in result
	read    int // rows read so far
	rows    []row
	size    int             // of rows, in bytes of text
	pending map[string]bool // the SKUs of rows
}

func (s *Service) newImporter(options ImportOptions, log *journal) *importer {
	return &importer{Service: s, options: options, log: log, pending: map[string]bool{}}
}

// full tells whether the batch must be written before next: it is long, or has next's SKU, which then exists.
func (im *importer) full(next row) bool {
	return len(im.rows) == importBatch || im.size+next.size() > importBytes || im.pending[next.draft.SKU]
}

func (im *importer) add(next row) {
	im.rows = append(im.rows, next)
	im.size += next.size()
	im.pending[next.draft.SKU] = true
}

func (im *importer) flush(ctx context.Context, write func(*importer, context.Context, []row) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(im.rows) > 0 {
		if err := write(im, ctx, im.rows); err != nil {
			return err
		}
	}
	im.rows, im.size = im.rows[:0], 0
	clear(im.pending)
	return nil
}

// writeAlone writes a batch in a transaction of its own. When somebody else takes one of its SKUs meanwhile it is tried
// again, and then finds that SKU taken.
func (im *importer) writeAlone(ctx context.Context, rows []row) error {
	before := im.result
	var err error
	for range batchCollisions {
		err = im.repo.InTx(ctx, func(ctx context.Context) error {
			im.result = before
			im.cached.changedMany(ctx)
			if err := im.write(ctx, rows); err != nil {
				return err
			}
			return im.log.keep(ctx, im.read, im.result)
		})
		if !errors.Is(err, ErrSKUTaken) {
			return err
		}
	}
	return err
}

// write stores a batch within a transaction.
func (im *importer) write(ctx context.Context, rows []row) error {
	skus, names := gather(rows)
	categories, err := im.ensureCategories(ctx, names) // before the products, as who renames one locks them
	if err != nil {
		return err
	}
	find := im.repo.ProductsBySKU
	if im.options.UpdateDuplicates {
		find = im.repo.LockProductsBySKU
	}
	existing, err := find(ctx, skus)
	if err != nil {
		return err
	}
	folded := make(map[string]Category, len(categories))
	for _, category := range categories {
		folded[category.NameFolded] = category
	}
	var created []*Product
	events := make([]outbox.Event, 0, len(rows))
	for _, r := range rows {
		product, exists := existing[r.draft.SKU]
		switch {
		case !exists:
			product = im.newProduct(r.draft)
			product.Categories = pick(folded, r.draft.Categories)
			created = append(created, product)
		case im.options.UpdateDuplicates:
			if err := im.update(ctx, product, r, folded); err != nil {
				return err
			}
			events = append(events, catalogapi.UpdatedV1{Product: product.event()})
		default:
			im.result.fail(RowError{Line: r.line, Column: "sku", Rule: "belongs to another product"})
		}
	}
	im.result.Created += len(created)
	if err := im.repo.InsertProducts(ctx, created); err != nil {
		return err
	}
	for _, product := range created {
		events = append(events, catalogapi.CreatedV1{Product: product.event()})
	}
	return im.events.Publish(ctx, events...)
}

// update changes an existing product to what its row says.
func (im *importer) update(ctx context.Context, product *Product, r row, categories map[string]Category) error {
	product.apply(r.over(product.draft()))
	if r.has("categories") {
		product.Categories = pick(categories, r.draft.Categories)
	}
	product.UpdatedAt = im.now()
	im.result.Updated++
	return im.repo.UpdateProduct(ctx, product)
}

// gather lists the SKUs of the rows, and the names of their categories, once each.
func gather(rows []row) (skus, names []string) {
	for _, r := range rows {
		skus = append(skus, r.draft.SKU)
		names = append(names, r.draft.Categories...)
	}
	return skus, distinct(names)
}

// pick finds the categories with the names.
func pick(folded map[string]Category, names []string) []Category {
	picked := make([]Category, 0, len(names))
	for _, name := range names {
		picked = append(picked, folded[fold(name)])
	}
	return picked
}

// Export writes the products that the filter chooses as CSV, in the order in which they were made. It reads them a page
// at a time: a product that is changed meanwhile may be written as it was before or as it is after.
func (s *Service) Export(ctx context.Context, filter ProductFilter, w io.Writer) error {
	out := newCSVWriter(w)
	if err := out.header(); err != nil {
		return fmt.Errorf("export products: %w", err)
	}
	for product, err := range s.repo.EachProduct(ctx, filter) {
		if err == nil {
			err = out.write(product)
		}
		if err != nil {
			return fmt.Errorf("export products: %w", err)
		}
	}
	return out.flush()
}
