package sample

import (
	"database/sql"
	"fmt"
	"os"
	"strconv"
)

func hits(db *sql.DB) {
	query := "SELECT * FROM album WHERE id = "
	query += os.Args[1]
	// ruleid: go-sql-from-arguments
	db.Query(query)
	// ruleid: go-sql-from-arguments
	db.Exec(fmt.Sprintf("DELETE FROM %s WHERE id = %d", os.Args[2], 42))
	// ruleid: go-sql-from-arguments
	db.Query("SELECT * FROM users WHERE name = '" + os.Getenv("NAME") + "'")
}

func silences(db *sql.DB) {
	// ok: go-sql-from-arguments
	db.Query("SELECT * FROM users WHERE name = ?", os.Args[1])
	id, _ := strconv.Atoi(os.Args[1])
	// ok: go-sql-from-arguments
	db.Query(fmt.Sprintf("SELECT * FROM users WHERE id = %d", id))
	// ok: go-sql-from-arguments
	db.Query("SELECT * FROM users")
}
