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
// and nothing is downloaded. Of the files beside them that did not change the declarations are read that they use, in folders of up to 2 MB of Go. Other
// packages of the module, and other modules, are not there: what comes from them has no type, and analyzers say nothing about it. Tests, examples, generated and vendored code are left alone.
//
// How often each rule was right is on its page, from checks/all/measured.yaml: of all product files of 40 public repositories and modules, 1.4 million
// lines, go-integer-cut was right nine times of 14, go-context-lost three of five, and go-static-nonce never in nine, where protocols ask for such nonces.
// Ten files take about 40 ms of CPU, half of it for types. That is for head: base only tells which findings are old, and is looked at only in folders
// where head has some.
package golang
