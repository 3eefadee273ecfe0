package dashboard

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What strangers would like a page to take for its own.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", `' onmouseover='alert(1)`, `</title></style></script><svg onload=alert(1)>`, "{{.Token}}", "../../../logout", "//evil.example.com/",
	"\u202etxt.exe\u202c", "zero\u200bwidth", "p\u0430ypal", "\x00\x1b[31m", "\xff\xfe",
}

// everything are facts in which every text is the same, so that none can be forgotten.
type everything struct{ text string }

func filled[T any](e everything) T {
	var out T
	fill(reflect.ValueOf(&out).Elem(), e.text, 12)
	return out
}

func fill(v reflect.Value, text string, depth int) {
	if depth == 0 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(strings.Contains(text, "<")) // both ways are walked
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, depth-1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text, depth-1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, depth-1)
		fill(value, text, depth-1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text, depth-1)
		}
	default:
	}
}

func (e everything) Overview(context.Context) (*Overview, error) { return filled[*Overview](e), nil }

func (e everything) Pulls(context.Context, PullFilter) ([]PullRow, error) {
	return filled[[]PullRow](e), nil
}

func (e everything) Repos(context.Context, RepoFilter) ([]RepoRow, error) {
	return filled[[]RepoRow](e), nil
}
func (e everything) Repo(context.Context, int64) (*Repo, error)      { return filled[*Repo](e), nil }
func (e everything) Pull(context.Context, int64, int) (*Pull, error) { return filled[*Pull](e), nil }

func (e everything) List(context.Context, string, int) ([]DeadLetter, error) {
	return filled[[]DeadLetter](e), nil
}
func (e everything) Retry(context.Context, string, string, string) (bool, error) { return true, nil }
func (e everything) Drop(context.Context, string, string, string) (bool, error)  { return true, nil }

func (e everything) Page(context.Context, AuditFilter, int64, int) ([]AuditEntry, int64, error) {
	return filled[[]AuditEntry](e), 7, nil
}
func (e everything) SignedIn(context.Context, string, bool) error { return nil }
func (e everything) SignedOut(context.Context, string) error      { return nil }

// TestHostileTextsEverywhere puts each of the texts into everything that a page can show.
func TestHostileTextsEverywhere(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		e := everything{text}
		d, err := New(Options{Loopback: true, Facts: e, Dead: e, Audit: e, GitHubURL: "https://github.com", Version: "test", Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }})
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range []string{"/", "/pulls", "/pulls?repo=1", "/repositories", "/repositories/1", "/repositories/1/pulls/1", "/dead-letters", "/audit"} {
			for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
				got := ask(d, http.MethodGet, page, headers...)
				body := got.Body.String()
				if got.Code != http.StatusOK || len(body) < 200 {
					t.Errorf("%s with %q: %d %s", page, text, got.Code, body)
				}
				for _, bad := range []string{"<script>", "<img src=x", "<svg", ` onmouseover='`, `="javascript:`, `href="//`, "\u202e", "\u200b", "p\u0430ypal", "\x00", "\x1b", "\xff", "ZgotmplZ", "no value"} {
					if strings.Contains(body, bad) {
						t.Errorf("%s with %q holds %q", page, text, bad)
					}
				}
			}
		}
	}
}
