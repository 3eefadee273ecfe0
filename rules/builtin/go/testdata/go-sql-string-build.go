package fixture

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"strconv"
)

const table = "users"

func hits(ctx context.Context, db *sql.DB, name string, id int) {
	// ruleid: go-sql-string-build
	db.Query(fmt.Sprintf("SELECT * FROM users WHERE name = '%s'", name))
	// ruleid: go-sql-string-build
	db.QueryContext(ctx, fmt.Sprintf("SELECT * FROM users WHERE name LIKE '%%%s%%'", name))
	// ruleid: go-sql-string-build
	db.Exec("DELETE FROM users WHERE name = '" + name + "'")
	// ruleid: go-sql-string-build
	db.QueryRowContext(ctx, "SELECT id FROM users WHERE name = '"+name+"'").Scan(&id)
	// ruleid: go-sql-string-build
	db.Exec(fmt.Sprintf(`
		UPDATE users
		SET name = '%v'
		WHERE id = %d`, name, id))
}

func hitByWayOfAVariable(db *sql.DB, name string) error {
	// ruleid: go-sql-string-build
	query := fmt.Sprintf("SELECT * FROM users WHERE name = '%s'", name)
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	return rows.Close()
}

func silences(ctx context.Context, db *sql.DB, name string, id int, placeholders string, url interface{ Query(string) string }) {
	// ok: go-sql-string-build
	db.Query("SELECT * FROM users WHERE name = ?", name)
	// ok: go-sql-string-build
	db.QueryContext(ctx, "SELECT * FROM users WHERE name = $1", name)
	// ok: go-sql-string-build
	db.Query(fmt.Sprintf("SELECT * FROM %s WHERE name = ?", table), name)
	// ok: go-sql-string-build
	db.Query("SELECT * FROM "+table+" WHERE name = ?", name)
	// ok: go-sql-string-build
	db.Query(fmt.Sprintf("SELECT * FROM users WHERE id IN (%s)", placeholders))
	// ok: go-sql-string-build
	db.Query(fmt.Sprintf("SELECT * FROM users WHERE id = %d", id))
	// ok: go-sql-string-build
	db.Query("SELECT * FROM users WHERE id = " + strconv.Itoa(id))
	// ok: go-sql-string-build
	log.Print(fmt.Sprintf("SELECT * FROM users WHERE name = '%s'", name))
	// ok: go-sql-string-build
	url.Query(fmt.Sprintf("name=%s", name))
}
