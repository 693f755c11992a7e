<?php
declare(strict_types=1);

namespace Guestbook;

/** PHP's sessions in the database: they survive a new container, and all containers see them. */
final class DatabaseSessions implements \SessionHandlerInterface, \SessionUpdateTimestampHandlerInterface
{
    private const LIFETIME = 86400;
    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    /** Only visitors who come back with a session, or need one now, have a row in the database. */
    public static function start(Database $database, bool $secure): void
    {
        session_set_save_handler(new self($database), true);
        session_name('guestbook');
        session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'cookie_secure' => $secure, 'use_strict_mode' => true, 'gc_probability' => 1, 'gc_divisor' => 100]);
    }

    #[\ReturnTypeWillChange]
    public function open($path, $name)
    {
        return true;
    }

    #[\ReturnTypeWillChange]
    public function close()
    {
        return true;
    }

    #[\ReturnTypeWillChange]
    public function read($id)
    {
        $data = $this->database->value('SELECT data FROM sessions WHERE id = ? AND updated_at > ?', [hash('sha256', $id), now(-self::LIFETIME)]);
        return (string) base64_decode((string) $data, true);
    }

    #[\ReturnTypeWillChange]
    public function write($id, $data)
    {
        $row = [base64_encode($data), now(), hash('sha256', $id)];
        $sql = $this->database->engine === 'mariadb'
            ? 'INSERT INTO sessions (data, updated_at, id) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE data = VALUES(data), updated_at = VALUES(updated_at)'
            : 'INSERT INTO sessions (data, updated_at, id) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at';
        $this->database->run($sql, $row);
        return true;
    }

    /** An id that this app did not make opens no session. */
    #[\ReturnTypeWillChange]
    public function validateId($id)
    {
        return $this->database->value('SELECT id FROM sessions WHERE id = ? AND updated_at > ?', [hash('sha256', $id), now(-self::LIFETIME)]) !== null;
    }

    #[\ReturnTypeWillChange]
    public function updateTimestamp($id, $data)
    {
        return $this->write($id, $data);
    }

    #[\ReturnTypeWillChange]
    public function destroy($id)
    {
        $this->database->run('DELETE FROM sessions WHERE id = ?', [hash('sha256', $id)]);
        return true;
    }

    #[\ReturnTypeWillChange]
    public function gc($lifetime)
    {
        return $this->database->run('DELETE FROM sessions WHERE updated_at < ?', [now(-self::LIFETIME)]);
    }
}
