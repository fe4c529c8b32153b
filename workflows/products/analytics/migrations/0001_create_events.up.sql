CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
    session     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    page        TEXT NOT NULL,
    occurred_at TEXT NOT NULL
);

CREATE INDEX events_by_session ON events (session, occurred_at);
