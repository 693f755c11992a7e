# Makes the schema and the user of one variant of the app; again without harm, and a changed password is set.
# The names are letters, digits and "_", so that they need no quoting beyond the backquotes.
set -eu
MYSQL_PWD=$(cat /run/dockstage/secrets/root-password)
export MYSQL_PWD
password=$(cat /run/dockstage/secrets/user-password)
mariadb -h "$DATABASE_HOST" -u root <<SQL
CREATE DATABASE IF NOT EXISTS \`$DATABASE_SCHEMA\` CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '$DATABASE_USER'@'%';
ALTER USER '$DATABASE_USER'@'%' IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON \`$DATABASE_SCHEMA\`.* TO '$DATABASE_USER'@'%';
SQL
