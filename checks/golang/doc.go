// Package golang runs analyzers on Go code whose types it knows.
//
//	resp, err := http.Get(url)          // the connection stays open: no Close of resp.Body
//	for { poll(ctx) }                   // goes on after ctx is cancelled
//	go func() { seen[key] = true }()    // in a loop: several goroutines write one map
//	_ = tx.Commit()                     // nobody learns that nothing was written
//
// Types tell a *os.File from whatever else has a Close, so that the analyzers can say much and be silent about the rest. Some are of x/tools
// (those that `go vet` runs too), the others lie in the folders beside this file, one each.
//
// What is type-checked are the changed files of a package together, with the standard library from data that are built in: no Go toolchain is needed
// and nothing is downloaded. Other modules and files that did not change are not there. What comes from them has no type, and analyzers say
// nothing about it. Tests, examples, generated and vendored code are left alone.
package golang
