<?php
declare(strict_types=1);

namespace Guestbook;

use PDO;
use PDOException;

/** The database of DATABASE_URL: mysql://user:password@host:3306/name or postgresql://user:password@host:5432/name. */
final class Database
{
    /** "mariadb" or "postgresql"; also the name of the folder under migrations/. */
    public string $engine;
    private PDO $pdo;

    private function __construct(string $engine, PDO $pdo)
    {
        $this->engine = $engine;
        $this->pdo = $pdo;
    }

    /** @param int $timeout seconds that a connection may take */
    public static function connect(int $timeout = 3): self
    {
        $url = env('DATABASE_URL');
        $parts = parse_url($url);
        $engines = ['mysql' => 'mariadb', 'mariadb' => 'mariadb', 'postgresql' => 'postgresql', 'postgres' => 'postgresql', 'pgsql' => 'postgresql'];
        $engine = $engines[$parts['scheme'] ?? ''] ?? null;
        $name = rawurldecode(ltrim($parts['path'] ?? '', '/'));
        if ($engine === null || !isset($parts['host']) || $name === '') {
            // The URL itself holds a password: it is not shown.
            throw new \RuntimeException('DATABASE_URL must be like mysql://user:password@host:3306/name or postgresql://user:password@host:5432/name');
        }
        $user = rawurldecode($parts['user'] ?? '');
        $password = rawurldecode($parts['pass'] ?? '');
        $options = [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
            PDO::ATTR_TIMEOUT => $timeout,
        ];
        if ($engine === 'mariadb') {
            $dsn = sprintf('mysql:host=%s;port=%d;dbname=%s;charset=utf8mb4', $parts['host'], $parts['port'] ?? 3306, $name);
        } else {
            $dsn = sprintf('pgsql:host=%s;port=%d;dbname=%s', $parts['host'], $parts['port'] ?? 5432, $name);
        }
        $pdo = new PDO($dsn, $user, $password, $options);
        if ($engine === 'mariadb') {
            $pdo->exec("SET time_zone = '+00:00', sql_mode = 'TRADITIONAL'");
        }
        return new self($engine, $pdo);
    }

    /** The same, trying again for a while: at a start the database may come a moment later. */
    public static function await(int $seconds): self
    {
        $until = time() + $seconds;
        while (true) {
            try {
                return self::connect();
            } catch (PDOException $error) {
                if (time() >= $until) {
                    throw $error;
                }
                usleep(250000);
            }
        }
    }

    /** Runs a statement with parameters; the number of rows it changed. */
    public function run(string $sql, array $parameters = []): int
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute($parameters);
        return $statement->rowCount();
    }

    /** All rows. */
    public function rows(string $sql, array $parameters = []): array
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute($parameters);
        return $statement->fetchAll();
    }

    /** The first column of the first row, or null. */
    public function value(string $sql, array $parameters = []): ?string
    {
        $row = $this->rows($sql, $parameters)[0] ?? null;
        $value = $row === null ? null : reset($row);
        return $value === null ? null : (string) $value;
    }

    /** Inserts a row; its new id. */
    public function insert(string $table, array $row): int
    {
        $sql = sprintf('INSERT INTO %s (%s) VALUES (%s)', $table, implode(', ', array_keys($row)), implode(', ', array_fill(0, count($row), '?')));
        if ($this->engine === 'postgresql') {
            return (int) $this->value("$sql RETURNING id", array_values($row));
        }
        $this->run($sql, array_values($row));
        return (int) $this->pdo->lastInsertId();
    }

    /** Several statements, as in a file of migrations/. */
    public function script(string $sql): void
    {
        foreach (preg_split('/;\s*(\n|$)/', $sql) as $statement) {
            if (trim(preg_replace('/^\s*--.*$/m', '', $statement)) !== '') {
                $this->pdo->exec($statement);
            }
        }
    }

    /** All or nothing (but for changes of tables in MariaDB, which commits each of them). */
    public function transaction(callable $work)
    {
        $this->pdo->beginTransaction();
        try {
            $result = $work();
            if ($this->pdo->inTransaction()) {
                $this->pdo->commit();
            }
            return $result;
        } catch (\Throwable $error) {
            if ($this->pdo->inTransaction()) {
                $this->pdo->rollBack();
            }
            throw $error;
        }
    }

    /** Holds a lock by name while the work is done; others wait for it. */
    public function locked(string $name, callable $work)
    {
        if ($this->engine === 'mariadb') {
            // Such locks are the server's, not the database's: the name holds both.
            $name = substr(sha1($this->value('SELECT DATABASE()') . '/' . $name), 0, 40);
            if ($this->value('SELECT GET_LOCK(?, 120)', [$name]) !== '1') {
                throw new \RuntimeException('another process has held the lock for two minutes');
            }
            try {
                return $work();
            } finally {
                $this->rows('SELECT RELEASE_LOCK(?)', [$name]);
            }
        }
        $this->run("SET lock_timeout = '120s'");
        $this->rows('SELECT pg_advisory_lock(?)', [crc32($name)]);
        try {
            return $work();
        } finally {
            $this->rows('SELECT pg_advisory_unlock(?)', [crc32($name)]);
        }
    }
}
