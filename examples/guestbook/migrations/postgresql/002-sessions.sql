CREATE TABLE sessions (
  -- SHA-256 of the session's id, so that a copy of the table opens no session.
  id CHAR(64) PRIMARY KEY,
  data TEXT NOT NULL,
  updated_at TIMESTAMP(0) NOT NULL
);
CREATE INDEX sessions_old ON sessions (updated_at);
