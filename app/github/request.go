package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Names that may stand in a request's path. They come from events, policies and CODEOWNERS files, which strangers write: anything else is
// refused before a request is made.
var (
	nameForm  = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)
	loginForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$`)
	shaForm   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

func validName(s string) bool { return nameForm.MatchString(s) && s != "." && s != ".." }

func checkRepo(owner, repo string) error {
	if !validName(owner) || !validName(repo) {
		return fmt.Errorf("%q is not the name of a repository", clip(owner+"/"+repo, 200))
	}
	return nil
}

// get reads one JSON answer. Path is relative to the API; its parts are checked or escaped by the caller.
func get[T any](ctx context.Context, c *gh.Client, path string, page *gh.ListOptions) (T, *gh.Response, error) {
	var out T
	if page != nil {
		query := url.Values{"per_page": {strconv.Itoa(page.PerPage)}}
		if page.Page > 1 {
			query.Set("page", strconv.Itoa(page.Page))
		}
		if u, err := url.Parse(path); err == nil && u.RawQuery != "" {
			path += "&" + query.Encode()
		} else {
			path += "?" + query.Encode()
		}
	}
	req, err := c.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return out, nil, err
	}
	resp, err := c.Do(ctx, req, &out)
	return out, resp, err
}

// pages reads a list to its end. The list is complete unless it has more than limit pages of 100.
func pages[T any](limit int, read func(*gh.ListOptions) ([]T, *gh.Response, error)) (list []T, complete bool, err error) {
	o := &gh.ListOptions{PerPage: 100, Page: 1}
	for range limit {
		page, resp, err := read(o)
		if err != nil {
			return list, false, err
		}
		list = append(list, page...)
		if resp.NextPage <= o.Page { // 0 on the last page; a link backwards would never end
			return list, true, nil
		}
		o.Page = resp.NextPage
	}
	return list, false, nil
}

// person reads an account. A deleted account is null, and for some commits an empty object: nobody.
func person(u *gh.User) gate.Person {
	if u == nil || u.GetID() <= 0 {
		return gate.Person{}
	}
	return gate.Person{ID: u.GetID(), Login: u.GetLogin(), Type: u.GetType()}
}

// An answered question.
type answered[T any] struct {
	is  T
	err error
}

// sideBySide asks about each of the list at the same time, within the bounds of the transport, and gives the answers in the order of the list.
func sideBySide[A, T any](list []A, ask func(A) (T, error)) (wait func() []answered[T]) {
	out := make([]answered[T], len(list))
	var all sync.WaitGroup
	for i := range list {
		all.Go(func() { out[i].is, out[i].err = ask(list[i]) })
	}
	return func() []answered[T] {
		all.Wait()
		return out
	}
}
