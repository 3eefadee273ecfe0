package golang

import (
	"regexp"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/atomic"
	"golang.org/x/tools/go/analysis/passes/bools"
	"golang.org/x/tools/go/analysis/passes/copylock"
	"golang.org/x/tools/go/analysis/passes/defers"
	"golang.org/x/tools/go/analysis/passes/errorsas"
	"golang.org/x/tools/go/analysis/passes/httpresponse"
	"golang.org/x/tools/go/analysis/passes/lostcancel"
	"golang.org/x/tools/go/analysis/passes/nilfunc"
	"golang.org/x/tools/go/analysis/passes/scannererr"
	"golang.org/x/tools/go/analysis/passes/shift"
	"golang.org/x/tools/go/analysis/passes/sortslice"
	"golang.org/x/tools/go/analysis/passes/sqlrowserr"
	"golang.org/x/tools/go/analysis/passes/stringintconv"
	"golang.org/x/tools/go/analysis/passes/timeformat"
	"golang.org/x/tools/go/analysis/passes/unmarshal"
	"golang.org/x/tools/go/analysis/passes/unreachable"
	"golang.org/x/tools/go/analysis/passes/unsafeptr"
	"golang.org/x/tools/go/analysis/passes/unusedresult"
	"golang.org/x/tools/go/analysis/passes/waitgroup"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/golang/answered"
	"github.com/reviewgate-app/reviewgate/checks/golang/detached"
	"github.com/reviewgate-app/reviewgate/checks/golang/endless"
	"github.com/reviewgate-app/reviewgate/checks/golang/ignorederror"
	"github.com/reviewgate-app/reviewgate/checks/golang/member"
	"github.com/reviewgate-app/reviewgate/checks/golang/nonce"
	"github.com/reviewgate-app/reviewgate/checks/golang/partescape"
	"github.com/reviewgate-app/reviewgate/checks/golang/racy"
	"github.com/reviewgate-app/reviewgate/checks/golang/ranges"
	"github.com/reviewgate-app/reviewgate/checks/golang/uncancelled"
	"github.com/reviewgate-app/reviewgate/checks/golang/unclosed"
)

// A rule is what can be reported, and the analyzers that find it.
type rule struct {
	info      checks.RuleInfo
	analyzers []*analysis.Analyzer
	// advice is added to the messages of analyzers that say what is wrong and not what to do; ours say both.
	advice string
	// spared says which matched texts are left alone.
	spared *regexp.Regexp
	// same are the rules of gosec that say the same.
	same []string
	// complete says that the rule relies on the built-in library having everything: it is of one version, on Linux.
	complete bool
}

// rules lists them, sorted by id.
func rules() []rule {
	return []rule{
		{
			info: quality("go-code-unreachable", "Code that never runs", []string{"CWE-561"},
				"Whoever wrote it meant it to run. What stands there, a check or a clean-up, does not happen.",
				"Move it before the return or panic, or delete it.", "https://go.dev/ref/spec#Terminating_statements"),
			analyzers: []*analysis.Analyzer{unreachable.Analyzer},
			advice:    "it follows a statement that never goes on. Move it up, or delete it",
			spared:    regexp.MustCompile(`^(panic\(|return\b|goto\b|break$|os\.Exit|log\.Fatal)`), // "this cannot happen", and what generators write
		},
		{
			info: quality("go-condition-constant", "A condition that is always the same", []string{"CWE-570", "CWE-571"},
				"The branch that depends on it is taken always or never, and the case that was meant is not handled.",
				"x != a || x != b is always true: use &&. Where the same test stands twice, write the second one that was meant.", "https://pkg.go.dev/golang.org/x/tools/go/analysis/passes/bools"),
			analyzers: []*analysis.Analyzer{bools.Analyzer},
			advice:    "check whether && or || is meant, and whether both sides are",
		},
		{
			info: quality("go-context-not-cancelled", "The cancel function of a context is never called", []string{"CWE-772", "CWE-400"},
				"The context's timer and goroutine stay until the parent ends, for each call once more.",
				"defer cancel() right after the context was made.", "https://pkg.go.dev/context#WithCancel"),
			analyzers: []*analysis.Analyzer{lostcancel.Analyzer, uncancelled.Analyzer},
			advice:    "put `defer cancel()` right after it",
			same:      []string{"G118"},
		},
		{
			info: minor(quality("go-context-lost", "A goroutine that begins with an empty context", []string{"CWE-664", "CWE-400"},
				"Traces end here, logs do not say whose work it is, and nothing limits how long it takes.",
				"context.WithoutCancel(ctx) keeps the values and goes on after the caller; add a timeout of its own.", "https://pkg.go.dev/context#WithoutCancel")),
			analyzers: []*analysis.Analyzer{detached.Analyzer},
			same:      []string{"G118"},
		},
		{
			info: quality("go-data-race", "Several goroutines write one variable", []string{"CWE-362"},
				"Writes are lost; two writes to one map end the program, and no recover catches that.",
				"Guard it with a sync.Mutex, let each goroutine write its own element of a slice, or send results over a channel.", "https://go.dev/doc/articles/race_detector"),
			analyzers: []*analysis.Analyzer{racy.Analyzer, atomic.Analyzer},
			advice:    "use the result of the atomic call as it is, without assigning it",
		},
		{
			info: quality("go-endless-loop", "A loop that cannot be stopped", []string{"CWE-835"},
				"The caller cancels the context, or shuts down, and the loop goes on: work is done for nobody and the goroutine is never freed.",
				"select on ctx.Done() and return, or leave the loop when ctx.Err() is not nil.", "https://pkg.go.dev/context"),
			analyzers: []*analysis.Analyzer{endless.Analyzer},
			same:      []string{"G118"},
		},
		{
			info: quality("go-error-ignored", "The error of a call that matters is ignored", []string{"CWE-252", "CWE-703"},
				"The work was not done, nobody is told, and the program goes on as if it were.",
				"Return the error, or log it. If it does not matter here, say why in a comment.", "https://go.dev/doc/effective_go#errors"),
			analyzers: []*analysis.Analyzer{ignorederror.Analyzer, sqlrowserr.Analyzer},
			advice:    "a loop that ended early looks like one that is done; check Err after it",
			same:      []string{"G104"},
		},
		{
			info: security("go-html-partly-escaped", "HTML of which one part is escaped and another is not", []string{"CWE-79"},
				"Who can choose the raw value puts a script into the page, and acts as whoever looks at it.",
				"html/template escapes every value, each as its place needs it.", "https://pkg.go.dev/html/template"),
			analyzers: []*analysis.Analyzer{partescape.Analyzer},
		},
		{
			info: quality("go-index-out-of-range", "An index beyond the end", []string{"CWE-118", "CWE-129"},
				"The program ends with a panic, at the latest in the last round of the loop.",
				"Compare with the length first: i < len(s), not i <= len(s).", "https://go.dev/ref/spec#Index_expressions"),
			analyzers: []*analysis.Analyzer{ranges.Bounds},
			same:      []string{"G602"},
		},
		{
			info: quality("go-integer-cut", "A number is cut by a conversion", []string{"CWE-190", "CWE-681"},
				"A value that does not fit becomes another one: 300 becomes 44, and a large amount or length becomes negative.",
				"Read the number with the size that it will have (strconv.ParseInt(s, 10, 32)), or compare it with both bounds of the smaller type.", "https://go.dev/ref/spec#Conversions"),
			analyzers: []*analysis.Analyzer{ranges.Conversion},
			same:      []string{"G115", "G109"},
		},
		{
			info: quality("go-lock-copied", "A lock is copied", []string{"CWE-667"},
				"The copy is another lock: what holds the one does not keep out who holds the other.",
				"Pass a pointer to the value that contains the lock.", "https://pkg.go.dev/sync#Mutex"),
			analyzers: []*analysis.Analyzer{copylock.Analyzer},
			advice:    "use a pointer",
		},
		{
			info: quality("go-pitfall", "A call that does not do what it looks like", []string{"CWE-628"},
				"The code compiles, and the call does nothing, or something else.",
				"Do what the message says.", "https://pkg.go.dev/cmd/vet"),
			analyzers: []*analysis.Analyzer{
				defers.Analyzer, errorsas.Analyzer, httpresponse.Analyzer, nilfunc.Analyzer, shift.Analyzer, sortslice.Analyzer, stringintconv.Analyzer,
				timeformat.Analyzer, unmarshal.Analyzer, unusedresult.Analyzer,
			},
		},
		{
			info: quality("go-resource-not-closed", "A file, response or query result is never closed", []string{"CWE-772"},
				"Each call keeps a file handle or connection; after some thousands the program can open no more.",
				"defer x.Close() right after the error was checked.", "https://pkg.go.dev/net/http#Response"),
			analyzers: []*analysis.Analyzer{unclosed.Analyzer},
		},
		{
			info: minor(quality("go-scan-error-ignored", "A bufio.Scanner whose error nobody asks for", []string{"CWE-252"},
				"A line of more than 64 KB, or a failed read, ends the loop as the end of the input does: the rest is not read, and nobody learns of it.",
				"if err := scanner.Err(); err != nil { return err } after the loop.", "https://pkg.go.dev/bufio#Scanner.Err")),
			analyzers: []*analysis.Analyzer{scannererr.Analyzer},
			advice:    "a loop that ended early looks like one that is done; check Err after it",
		},
		{
			info: security("go-secret-answered", "A record is sent or printed with its secrets", []string{"CWE-200", "CWE-499"},
				"Password hashes and keys reach everybody who may see the record or the log, and whatever keeps answers on the way.",
				"Tag the field `json:\"-\"`, or copy what the client may see into a type of its own.", "https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/"),
			analyzers: []*analysis.Analyzer{answered.Analyzer},
			same:      []string{"G117"},
		},
		{
			info: security("go-static-nonce", "Constant nonce or IV", []string{"CWE-329", "CWE-1204"},
				"A repeated nonce lets an attacker compare messages; in counter modes it gives away what they hold.",
				"nonce := make([]byte, gcm.NonceSize()); rand.Read(nonce), and put it in front of the ciphertext.",
				"https://cheatsheetseries.owasp.org/cheatsheets/Cryptographic_Storage_Cheat_Sheet.html"),
			analyzers: []*analysis.Analyzer{nonce.Analyzer},
			same:      []string{"G407"},
		},
		{
			info: quality("go-unknown-member", "The standard library has no such member", []string{"CWE-477"},
				"The name was remembered wrongly, or comes from another language: the code does not compile.",
				"Look the package up on pkg.go.dev and use what it has.", "https://pkg.go.dev/std"),
			analyzers: []*analysis.Analyzer{member.Analyzer},
			complete:  true,
		},
		{
			info: quality("go-unsafe-pointer", "An address kept as a number", []string{"CWE-119", "CWE-587"},
				"The garbage collector does not see a uintptr: what it points to may be moved or freed, and then the program reads or writes other memory.",
				"Convert there and back in one expression, as unsafe's documentation shows, or use unsafe.Add.", "https://pkg.go.dev/unsafe#Pointer"),
			analyzers: []*analysis.Analyzer{unsafeptr.Analyzer},
			advice:    "convert there and back in one expression, or use unsafe.Add",
			same:      []string{"G103"},
		},
		{
			info: quality("go-waitgroup-misused", "WaitGroup.Add inside the goroutine it counts", []string{"CWE-362"},
				"Wait may be reached before Add, and then it waits for nobody.",
				"Call Add before the go statement, or use WaitGroup.Go.", "https://pkg.go.dev/sync#WaitGroup.Add"),
			analyzers: []*analysis.Analyzer{waitgroup.Analyzer},
			advice:    "Wait may come first; call Add before the go statement, or use WaitGroup.Go",
		},
	}
}

func quality(id, title string, cwe []string, why, remedy, reference string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: checks.Likely, CWE: cwe, Why: why, Remedy: remedy,
		References: []string{reference},
		Tags:       []string{"correctness"},
		Languages:  []string{"go"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func security(id, title string, cwe []string, why, remedy, reference string) checks.RuleInfo {
	info := quality(id, title, cwe, why, remedy, reference)
	info.Tags = []string{"security"}
	return info
}

// minor is for what is right and seldom matters: it stands in the table and is not told inline.
func minor(info checks.RuleInfo) checks.RuleInfo {
	info.Severity = checks.Low
	return info
}

func infos() []checks.RuleInfo {
	var out []checks.RuleInfo
	for _, r := range rules() {
		r.info.Same = r.same
		out = append(out, r.info)
	}
	return out
}

// use says for which rule an analyzer speaks.
type use struct {
	rule     string
	advice   string // "": the message stands by itself
	spared   *regexp.Regexp
	complete bool
}

func (u use) message(said string) string {
	if u.advice == "" {
		return said
	}
	return said + ": " + u.advice
}

// listed gives the analyzers in the order in which they run, and what each is for.
func listed() ([]*analysis.Analyzer, map[*analysis.Analyzer]use) {
	var list []*analysis.Analyzer
	of := map[*analysis.Analyzer]use{}
	for _, r := range rules() {
		for _, a := range r.analyzers {
			list = append(list, a)
			u := use{rule: r.info.ID, advice: r.advice, spared: r.spared, complete: r.complete}
			if a.URL == "" { // ours
				u.advice = ""
			}
			of[a] = u
		}
	}
	return list, of
}
