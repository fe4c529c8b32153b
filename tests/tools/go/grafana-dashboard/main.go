// Reads a dashboard as Grafana's own types do, generated from its schema: a field that is unknown, missing or of another type fails.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	data, err := io.ReadAll(os.Stdin)
	if err == nil && !json.Valid(data) {
		err = errors.New("no JSON")
	}
	read := dashboard.Dashboard{}
	if err == nil {
		err = some(read.UnmarshalJSONStrict(data))
	}
	if err == nil {
		err = some(read.Validate())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("schema %d, %d panels\n", read.SchemaVersion, len(read.Panels))
}

// The generated code gives an empty list of errors where there are none.
func some(err error) error {
	var list cog.BuildErrors
	if errors.As(err, &list) && len(list) == 0 {
		return nil
	}
	return err
}
