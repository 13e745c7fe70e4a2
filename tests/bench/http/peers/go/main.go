// SPDX-License-Identifier: Apache-2.0

// main PORT: GET /api/batches over the gateway's own statements, by net/http and pgx.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var pool *pgxpool.Pool
var countSQL, listSQL string

func read(path string) string {
	bytes, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return string(bytes)
}

func number(query url.Values, name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(query.Get(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

func text(query url.Values, name string) any {
	if query.Has(name) {
		return query.Get(name)
	}
	return nil
}

func list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit := number(query, "limit", 50)
	var statuses []string
	if query.Has("status") {
		statuses = []string{query.Get("status")}
	}
	filters := []any{[]string(nil), statuses, text(query, "customer_prefix"), nil, nil, nil, nil}
	var total int64
	err := pool.QueryRow(r.Context(), countSQL, filters[:5]...).Scan(&total)
	var data []map[string]any
	if err == nil {
		var rows pgx.Rows
		rows, err = pool.Query(r.Context(), listSQL, append(filters, limit+1, number(query, "offset", 0), nil, nil)...)
		if err == nil {
			data, err = pgx.CollectRows(rows, pgx.RowToMap)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	if int64(len(data)) > limit {
		data = data[:limit]
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"data": data, "total": total, "limit": limit})
}

func main() {
	countSQL, listSQL = read(os.Getenv("COUNT_SQL")), read(os.Getenv("LIST_SQL"))
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE"))
	if err != nil {
		log.Fatal(err)
	}
	config.MaxConns = 8
	if pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/api/batches", list)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
