// Command goclient goes once round the API with a client that oapi-codegen made from the OpenAPI document of v1.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/trellis-go/trellis/test/contract/goclient/client"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := roundTrip(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:gocritic // the program ends
	}
	fmt.Println("Go client: round trip done")
}

// signIn sends the token with every request.
func signIn(_ context.Context, request *http.Request) error {
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	return nil
}

func roundTrip(ctx context.Context, server string) error {
	api, err := client.NewClientWithResponses(server+"/api/v1", client.WithRequestEditorFn(signIn))
	if err != nil {
		return err
	}
	sku := fmt.Sprintf("GO-%d", time.Now().UnixNano())
	made, err := api.CreateProductWithResponse(ctx, nil, client.CatalogProductInput{Sku: sku, Name: "Tea", PriceCents: 1299, Currency: "EUR"})
	if err != nil {
		return err
	}
	if made.JSON201 == nil || made.JSON201.Id == nil {
		return fmt.Errorf("create: %s: %s", made.Status(), made.Body)
	}
	id := made.JSON201.Id.String()

	read, err := api.GetProductWithResponse(ctx, id, nil)
	if err != nil {
		return err
	}
	if read.JSON200 == nil || read.JSON200.Sku != sku {
		return fmt.Errorf("read: %s: %s", read.Status(), read.Body)
	}

	again, err := api.CreateProductWithResponse(ctx, nil, client.CatalogProductInput{Sku: sku, Name: "Tea", PriceCents: 1, Currency: "EUR"})
	if err != nil {
		return err
	}
	if again.ApplicationproblemJSON409 == nil || again.ApplicationproblemJSON409.Code != "sku_taken" {
		return fmt.Errorf("a taken SKU: %s: %s", again.Status(), again.Body)
	}

	etag := made.HTTPResponse.Header.Get("ETag")
	gone, err := api.DeleteProductWithResponse(ctx, id, &client.DeleteProductParams{IfMatch: &etag})
	if err != nil {
		return err
	}
	if gone.StatusCode() != http.StatusNoContent {
		return errors.New("delete: " + gone.Status())
	}
	return nil
}
