# Makes the schema and the user of one variant of the app; again without harm, and a changed password is set.
# The names are letters, digits and "_", so that they need no quoting beyond the backquotes.
set -eu
MYSQL_PWD=$(cat /run/dockstage/secrets/root-password)
export MYSQL_PWD
password=$(cat /run/dockstage/secrets/user-password)
# In a GRANT, "_" stands for any character: without the backslash one variant's user could reach another's schema.
pattern=$(printf %s "$DATABASE_SCHEMA" | sed 's/_/\\_/g')
mariadb -h "$DATABASE_HOST" -u root <<SQL
CREATE DATABASE IF NOT EXISTS \`$DATABASE_SCHEMA\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER IF NOT EXISTS '$DATABASE_USER'@'%';
ALTER USER '$DATABASE_USER'@'%' IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON \`$pattern\`.* TO '$DATABASE_USER'@'%';
SQL
