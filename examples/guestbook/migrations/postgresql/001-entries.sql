CREATE TABLE entries (
  id BIGSERIAL PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  message TEXT NOT NULL,
  picture VARCHAR(80) NULL,
  thumbnail VARCHAR(80) NULL,
  -- UTC.
  created_at TIMESTAMP(0) NOT NULL,
  -- 1 to N for the entries that bin/seed made, NULL for those of people.
  seed_number INTEGER NULL UNIQUE
);
CREATE INDEX entries_newest ON entries (created_at, id);

CREATE TABLE jobs (
  id BIGSERIAL PRIMARY KEY,
  entry_id BIGINT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  -- waiting, running, done, failed
  status VARCHAR(10) NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at TIMESTAMP(0) NOT NULL,
  worker VARCHAR(80) NULL,
  error VARCHAR(250) NULL
);
CREATE INDEX jobs_next ON jobs (status, due_at, id);
