-- What is already there stays as it is. `\copy` reads the file beside this one, on the machine where psql runs.
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMPORARY TABLE incoming (LIKE products INCLUDING DEFAULTS) ON COMMIT DROP;
\copy incoming (sku, title, price_cents, stock) FROM 'products.csv' WITH (FORMAT csv, HEADER true)
INSERT INTO products SELECT * FROM incoming ON CONFLICT (sku) DO NOTHING;
SELECT 'OUTPUT_products=' || count(*) FROM products;
COMMIT;
