package spec_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

func TestFieldsAreReadAndWrittenAlike(t *testing.T) {
	text := "number:string:unique,code:string(12)?:index,customer_id:uuid:index,amount:money,due_at:time?,status:enum(draft,sent,paid)"
	fields, err := spec.ParseFields(text)
	require.NoError(t, err)
	require.Len(t, fields, 6)
	assert.Equal(t, spec.Field{Name: "number", Type: spec.String, Size: 200, Unique: true}, fields[0])
	assert.Equal(t, spec.Field{Name: "code", Type: spec.String, Size: 12, Optional: true, Index: true}, fields[1])
	assert.Equal(t, spec.Field{Name: "status", Type: spec.Enum, Values: []string{"draft", "sent", "paid"}}, fields[5])
	for _, field := range fields {
		again, err := spec.ParseField(field.String())
		require.NoError(t, err)
		assert.Equal(t, field, again)
	}
}

func TestAFieldThatCannotBeIsRefusedWithTheReason(t *testing.T) {
	for text, reason := range map[string]string{
		"":                        "at least one field",
		"number":                  `"number" is not name:type`,
		"amount:mony":             `there is no type "mony" (did you mean money?)`,
		"amount:xxxxxxxx":         `there is no type "xxxxxxxx": there are string, text`,
		"a:string:uniq":           `there is no option "uniq"`,
		"a:string:idex":           `there is no option "idex" (did you mean index?)`,
		"a:string(0)":             "the size of a string is a number from 1 to 700",
		"a:string(x)":             "the size of a string",
		"a:int(3)":                "int has no arguments",
		"a:enum":                  `the value "" of the enum`,
		"a:enum(A,b)":             `the value "A" of the enum`,
		"a:enum(b,b)":             `the value "b" of the enum comes twice`,
		"a:enum(b_c,bC)":          `the value "bC" of the enum`,
		"a:enum((b)":              "the brackets",
		"a:enum(b":                "the brackets",
		"a)b:int":                 "the brackets",
		"Name:string":             "small letters",
		"größe:int":               "small letters",
		"a b:int":                 "small letters",
		"_a:int":                  "small letters",
		"1a:int":                  "small letters",
		":int":                    "small letters",
		"id:uuid":                 "every module has id of its own",
		"created_at:time":         "every module has created_at of its own",
		"a:text:unique":           "unique can be a string, uuid or int",
		"a:text:index":            "a text cannot have an index",
		"a:int:unique:index":      "what is unique has an index already",
		"number:int,b:zint:index": `field 2: "b:zint:index"`,
		"a:int:default=5":         "there is no option default",
		"a:int:default=0":         "there is no option default",
		"a:enum(b,c):default=b":   "there is no option default",
	} {
		_, err := spec.ParseFields(text)
		require.ErrorContains(t, err, reason, text)
	}
}

func TestADefaultIsReadWhereItIsWhatRowsHaveThatWereThereBefore(t *testing.T) {
	for _, text := range []string{"stock:int:default=0", "active:bool:index:default=false", "state:enum(open,closed):default=open"} {
		field, err := spec.ParseField(text)
		require.NoError(t, err)
		assert.Equal(t, text, field.String())
	}
	for _, text := range []string{
		"stock:int:default=5", "stock:int?:default=0", "stock:int:unique:default=0", "active:bool:default=true", "active:bool:default=0",
		"state:enum(open,closed):default=closed", "note:text:default=x", "note:string:default=", "due_at:time:default=now",
	} {
		field, err := spec.ParseField(text)
		if err == nil {
			assert.Empty(t, field.Default, text)
			continue
		}
		require.ErrorContains(t, err, "there is no option default", text)
	}
}

func TestEveryWrongFieldIsNamedAtOnce(t *testing.T) {
	_, err := spec.ParseFields("a:zzzz,b:int,c:int:zzzz")
	require.ErrorContains(t, err, "field 1")
	require.ErrorContains(t, err, "field 3")
}

func module(name, fields string) spec.Module {
	parsed, err := spec.ParseFields(fields)
	if err != nil {
		panic(err)
	}
	return spec.Module{Name: name, Database: "primary", Versions: []int{1, 2}, Fields: parsed}
}

func TestNamesFollowTheWordsAndTheirInitialisms(t *testing.T) {
	for name, want := range map[string][]string{
		"invoice":  {"invoice", "Invoice", "invoice_invoices", "/invoices", "invoice", "Invoices", "an invoice"},
		"category": {"category", "Category", "category_categories", "/categories", "category", "Categories", "a category"},
		"api_key":  {"apikey", "APIKey", "apikey_api_keys", "/api-keys", "apiKey", "API keys", "an API key"},
		"url":      {"url", "URL", "url_urls", "/urls", "url", "URLs", "a URL"},
		"status":   {"status", "Status", "status_statuses", "/statuses", "status", "Statuses", "a status"},
		"person":   {"person", "Person", "person_people", "/people", "person", "People", "a person"},
		"unit":     {"unit", "Unit", "unit_units", "/units", "unit", "Units", "a unit"},
		"address":  {"address", "Address", "address_addresses", "/addresses", "address", "Addresses", "an address"},
	} {
		m := module(name, "a:int")
		got := []string{m.Package(), m.Entity(), m.Table(), m.Route(), m.Shape(), m.Tag(), m.A()}
		assert.Equal(t, want, got, name)
	}
	assert.Equal(t, "CustomerID", spec.Field{Name: "customer_id"}.Go())
	assert.Equal(t, "HTTPURL", spec.Field{Name: "http_url"}.Go())
}

func TestAModuleThatCannotBeIsRefusedWithTheReason(t *testing.T) {
	for name, reason := range map[string]string{
		"func":                     "func is a keyword of Go",
		"type":                     "type is a keyword of Go",
		"string":                   "string means something in Go",
		"error":                    "error means something in Go",
		"page":                     "page is a package that modules import",
		"draft":                    "draft is a package that modules import",
		"handler":                  "every module has a Handler of its own",
		"invoices":                 "name it in the singular, invoice",
		"Invoice":                  "small letters",
		"rechnungsgröße":           "small letters",
		"in-voice":                 "small letters",
		"":                         "small letters",
		"item2_3":                  "small letters",
		"t":                        "too short",
		"internal":                 "the Go tool",
		"abcdefghijklmnopqrstuvwx": "more than 20 letters",
	} {
		require.ErrorContains(t, module(name, "a:int").Check(), reason, name)
	}
	own := module("lens", "a:int")
	own.Plural = "lenses"
	require.NoError(t, own.Check(), "its plural is given")
	require.NoError(t, module("order", "a:int").Check())
}

func TestFieldsThatClashAreRefusedWithTheReason(t *testing.T) {
	for fields, reason := range map[string]string{
		"a:int,a:int":                             "a is the name of a already",
		"amount:money,amount_cents:int":           "amount_cents is a column of amount already",
		"body:string:index":                       "body is a query parameter of lists already",
		"limit:int:index":                         "limit is a query parameter of lists already",
		"due:time:index,due_from:int:index":       "due_from is a query parameter of due already",
		"number:int,invoice_number:int":           "invoice_number is a column of number already",
		"status:enum(a_b),state:enum(a),a_b:bool": "",
	} {
		err := module("invoice", fields).Check()
		if reason == "" {
			require.NoError(t, err, fields)
		} else {
			require.ErrorContains(t, err, reason, fields)
		}
	}
}

func TestAWordOfSQLIsStoredUnderAnotherName(t *testing.T) {
	m := module("invoice", "number:int,order:int,note:text")
	assert.Equal(t, "invoice_number", m.Fields[0].Column(m))
	assert.Equal(t, "invoice_order", m.Fields[1].Column(m))
	assert.Equal(t, "note", m.Fields[2].Column(m))
	for _, word := range []string{
		"manual", "parallel", "qualify", "tablesample", "external", "library", "autoincrement", "cast", "deferrable", "nothing",
	} {
		assert.Equal(t, "invoice_"+word, spec.Field{Name: word}.Column(m), "an engine reserves it")
	}
}

func TestAFieldWhoseOtherNameIsAWordOfSQLTooIsRefused(t *testing.T) {
	for name, field := range map[string]string{"row": "number", "year": "month", "day": "hour"} {
		err := module(name, field+":int").Check()
		require.ErrorContains(t, err, "its column would be "+name+"_"+field+", and that is a word of SQL, too")
		require.NoError(t, module(name, field+":money").Check(), "an amount has columns of other names")
	}
}

func TestOperationsAreChecked(t *testing.T) {
	for _, bad := range []spec.Operation{
		{Name: "create", Method: "POST"}, {Name: "Send", Method: "POST"}, {Name: "send", Method: "FETCH"}, {Name: "return", Method: "POST"},
	} {
		m := module("invoice", "a:int")
		m.Operations = []spec.Operation{bad}
		require.Error(t, m.Check(), bad)
	}
	sent := module("invoice", "status:enum(draft,sent,cancelled)?,paid:bool")
	assert.Equal(t, "POST send status=sent", spec.Operation{Name: "send", Method: "POST"}.Implied(sent).String())
	assert.Equal(t, "POST cancel status=cancelled", spec.Operation{Name: "cancel", Method: "POST"}.Implied(sent).String())
	assert.Equal(t, "POST file", spec.Operation{Name: "file", Method: "POST"}.Implied(sent).String())
	for text, reason := range map[string]string{
		"POST x paid=maybe": "cannot be set", "POST x none=1": "no field", "GET x paid=true": "changes nothing", "POST x paid": "field=value", "x": "METHOD",
	} {
		operation, err := spec.ParseOperation(text)
		if err == nil {
			m := sent
			m.Operations = []spec.Operation{operation}
			err = m.Check()
		}
		require.ErrorContains(t, err, reason, text)
	}
	good := spec.Operation{Name: "mark_paid", Method: "POST"}
	assert.Equal(t, []string{"mark-paid", "MarkPaid", "mark paid"}, []string{good.Slug(), good.Go(), good.Words()})
}

func TestASubscriberFindsThoseThatTheEventIsAbout(t *testing.T) {
	for subject, by := range map[string]string{"id": "parcel_id", "number": "parcel_id", "purchase_id": "purchase_id"} {
		moved := spec.Event{Type: "parcel.moved.v1", Subject: subject}
		assert.Equal(t, by, spec.Subscriber{Event: moved, Do: "send"}.Implied(spec.Module{Name: "invoice"}).By)
		assert.Equal(t, "box_id", spec.Subscriber{Event: moved, Do: "send", By: "box_id"}.Implied(spec.Module{Name: "invoice"}).By)
	}
}
