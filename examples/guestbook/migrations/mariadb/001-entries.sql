-- MariaDB commits each of these on its own: IF NOT EXISTS lets an interrupted migration run again.
CREATE TABLE IF NOT EXISTS entries (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  message TEXT NOT NULL,
  picture VARCHAR(80) NULL,
  thumbnail VARCHAR(80) NULL,
  -- UTC.
  created_at DATETIME NOT NULL,
  -- 1 to N for the entries that bin/seed made, NULL for those of people.
  seed_number INT UNSIGNED NULL,
  UNIQUE KEY entries_seed (seed_number),
  KEY entries_newest (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS jobs (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  entry_id BIGINT UNSIGNED NOT NULL,
  -- waiting, running, done, failed
  status VARCHAR(10) NOT NULL,
  attempts INT NOT NULL DEFAULT 0,
  due_at DATETIME NOT NULL,
  worker VARCHAR(80) NULL,
  error VARCHAR(250) NULL,
  KEY jobs_next (status, due_at, id),
  CONSTRAINT jobs_entry FOREIGN KEY (entry_id) REFERENCES entries (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
