CREATE TABLE visits (
    id         INTEGER PRIMARY KEY,
    page       TEXT NOT NULL,
    visited_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
