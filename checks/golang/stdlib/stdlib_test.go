package stdlib

import (
	"errors"
	"go/types"
	"runtime"
	"strings"
	"testing"
)

// TestFresh fails when the toolchain is newer than the data.
func TestFresh(t *testing.T) {
	t.Parallel()
	got, err := Version()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(runtime.Version()+".", got+".") {
		t.Errorf("stdlib.zip is of %s, this Go is %s: run `go generate ./checks/golang/stdlib`", got, runtime.Version())
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	importer := New()
	for _, name := range []string{"net/http.Client", "os.File", "database/sql.Rows", "crypto/tls.Config", "unsafe.Pointer", "slices.SortFunc"} {
		path, object, _ := strings.Cut(name, ".")
		p, err := importer.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.Scope().Lookup(object) == nil {
			t.Errorf("%s is not there", name)
		}
	}
	// What two packages share is the same in both.
	http, _ := importer.Import("net/http")
	context, _ := importer.Import("context")
	request, _, _ := types.LookupFieldOrMethod(http.Scope().Lookup("Request").Type(), true, http, "Context")
	result := request.Type().(*types.Signature).Results().At(0).Type()
	if !types.Identical(result, context.Scope().Lookup("Context").Type()) {
		t.Errorf("http.Request.Context gives %s, which is not context.Context", result)
	}
	for _, path := range []string{"example.com/x", "net/htp", "VERSION", "internal/abi", ""} {
		if _, err := importer.Import(path); !errors.Is(err, ErrUnknown) {
			t.Errorf("import %q: %v, want ErrUnknown", path, err)
		}
	}
}

func TestEveryPackage(t *testing.T) {
	t.Parallel()
	files, err := index()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 150 {
		t.Fatalf("only %d packages", len(files))
	}
	importer := New()
	for path := range files {
		if path == versionEntry {
			continue
		}
		if _, err := importer.Import(path); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		importer := New()
		for _, path := range []string{"context", "encoding/json", "fmt", "net/http", "os", "strings", "time", "database/sql"} {
			if _, err := importer.Import(path); err != nil {
				b.Fatal(err)
			}
		}
	}
}
