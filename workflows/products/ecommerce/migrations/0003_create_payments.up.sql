CREATE TABLE payments (
    id           INTEGER PRIMARY KEY,
    order_id     INTEGER NOT NULL REFERENCES orders (id),
    provider     TEXT NOT NULL CHECK (provider IN ('stripe', 'paypal')),
    reference    TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    captured_at  TEXT,
    UNIQUE (provider, reference)
);
