CREATE TABLE IF NOT EXISTS sessions (
  -- SHA-256 of the session's id, so that a copy of the table opens no session.
  id CHAR(64) NOT NULL PRIMARY KEY,
  data TEXT NOT NULL,
  updated_at DATETIME NOT NULL,
  KEY sessions_old (updated_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
