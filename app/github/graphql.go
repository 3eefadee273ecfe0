package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// graphqlURL is where the GraphQL API of a REST API is: beside it on github.com, "/api/graphql" for "/api/v3" on an Enterprise Server.
func graphqlURL(api *url.URL) string {
	if at, ok := strings.CutSuffix(api.Path, "/v3"); ok {
		u := *api
		u.Path = at
		return u.JoinPath("graphql").String()
	}
	return api.JoinPath("graphql").String()
}

// query sends one GraphQL query (never a mutation) and reads its data. An answer with errors is an error, even if it has data too: a list that
// lacks a part would read as one that is whole.
func (c *Client) query(ctx context.Context, text string, vars map[string]any, out any) error {
	req, err := c.gh.NewRequest(http.MethodPost, graphqlURL(c.app.api), map[string]any{"query": text, "variables": vars})
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if _, err := c.gh.Do(ctx, req, &answer); err != nil {
		return err
	}
	var errs []error
	for _, e := range answer.Errors {
		message := Redact(clip(e.Message, 300))
		switch e.Type {
		case "NOT_FOUND":
			errs = append(errs, &Error{Op: "asking GitHub's GraphQL API", Status: http.StatusNotFound, Message: message})
		case "FORBIDDEN", "INSUFFICIENT_SCOPES":
			errs = append(errs, &Error{Op: "asking GitHub's GraphQL API", Status: http.StatusForbidden, Message: message})
		case "RATE_LIMITED", "RATE_LIMIT":
			return &RateLimited{Until: c.graphqlReset()}
		case "":
			// A query that does not fit the schema of an old Enterprise Server, or a failure of a moment: GitHub does not say which.
			errs = append(errs, &Error{Op: "asking GitHub's GraphQL API", Status: http.StatusUnprocessableEntity, Message: message})
		default:
			errs = append(errs, &Temporary{Status: http.StatusOK, Reason: "GitHub's GraphQL API answered " + clip(e.Type, 50) + ": " + message})
		}
		if len(errs) == 10 {
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Data, out); err != nil {
		return fmt.Errorf("reading GitHub's GraphQL answer: %w", err)
	}
	return nil
}

func (c *Client) graphqlReset() time.Time {
	if q := c.way.quota("graphql"); q.Reset.After(c.app.now()) {
		return q.Reset
	}
	return c.app.now().Add(time.Minute)
}
