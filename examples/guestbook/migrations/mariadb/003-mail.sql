-- Where a thank-you goes; never shown.
ALTER TABLE entries ADD COLUMN IF NOT EXISTS email VARCHAR(254) NULL;
-- What the worker has to do: picture or thanks.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS task VARCHAR(10) NOT NULL DEFAULT 'picture';
