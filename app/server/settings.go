package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// settings is the effective configuration as the audit log tells it: without secrets, keys and passwords.
func (s *Server) settings() map[string]string {
	c := &s.cfg
	database := filepath.Base(c.Database)
	if u, err := url.Parse(c.Database); store.IsPostgres(c.Database) {
		database = "postgres"
		if err == nil {
			database = u.Scheme + "://" + u.Host + u.Path
		}
	}
	return map[string]string{
		"version": c.Version, "role": string(c.Role), "app.id": fmt.Sprint(c.AppID), "github.url": c.GitHubURL, "github.api_url": c.APIURL, "database": database,
		"sandbox": fmt.Sprint(c.Sandbox), "workers": fmt.Sprint(c.Workers), "sweep": c.Sweep.String(), "floor_required": fmt.Sprint(c.FloorRequired),
		"keep": fmt.Sprint(c.Keep), "registry": fmt.Sprint(c.Registry.Given()), "log_level": c.LogLevel.String(),
	}
}

// tellSettings writes the settings into the audit log, if they are not those of the last start of a process with this role.
func (s *Server) tellSettings(ctx context.Context) error {
	now := s.settings()
	data, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("writing down the settings: %w", err)
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	key := "settings:" + string(s.cfg.Role)
	before, err := s.store.Setting(ctx, key)
	if err != nil || before == digest {
		return err
	}
	return s.store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.SetSetting(ctx, key, digest); err != nil {
			return err
		}
		return tx.Audit(ctx, store.AuditEntry{At: s.cfg.Now(), Actor: store.ByServer, Kind: store.AuditSettings, Subject: digest, Detail: map[string]any{"settings": now, "before": before}})
	})
}
