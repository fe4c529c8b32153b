#!/usr/bin/env bash
# Puts products.csv into the database whose path below the state folder is in DATABASE. What is already there stays as it is.
set -euo pipefail

python3 - "$INNOMINATUS_STATE_DIR/$DATABASE" "$(dirname "${BASH_SOURCE[0]}")/products.csv" <<'PYTHON'
import csv
import sqlite3
import sys

database, products = sys.argv[1:]
with sqlite3.connect(database) as connection, open(products, newline="", encoding="utf-8") as file:
    connection.executemany(
        "INSERT OR IGNORE INTO products (sku, title, price_cents, stock) VALUES (:sku, :title, :price_cents, :stock)",
        csv.DictReader(file),
    )
    (count,) = connection.execute("SELECT count(*) FROM products").fetchone()
print(f"OUTPUT_products={count}")
PYTHON
