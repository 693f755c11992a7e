# Makes the schema (a database, in PostgreSQL's words) and the user of one variant of the app; again without harm, and a changed
# password is set. The names are lower-case letters, digits and "_".
set -eu
PGPASSWORD=$(cat /run/dockstage/secrets/root-password)
export PGPASSWORD
password=$(cat /run/dockstage/secrets/user-password)
admin() { psql -h "$DATABASE_HOST" -U postgres -v ON_ERROR_STOP=1 -qAt "$@"; }
if [ -z "$(admin -c "SELECT 1 FROM pg_roles WHERE rolname = '$DATABASE_USER'")" ]; then
  admin -c "CREATE ROLE \"$DATABASE_USER\" LOGIN"
fi
# On standard input, so that the password is in no process list.
admin <<SQL
ALTER ROLE "$DATABASE_USER" LOGIN PASSWORD '$password';
SQL
if [ -z "$(admin -c "SELECT 1 FROM pg_database WHERE datname = '$DATABASE_SCHEMA'")" ]; then
  admin -c "CREATE DATABASE \"$DATABASE_SCHEMA\" OWNER \"$DATABASE_USER\""
fi
