CREATE VIEW daily_pages AS
SELECT date(occurred_at) AS day, page, count(*) AS views, count(DISTINCT session) AS sessions
FROM events
WHERE kind = 'page_view'
GROUP BY day, page;
