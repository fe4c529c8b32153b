DROP VIEW daily_pages;
