<?php
declare(strict_types=1);

namespace Guestbook;

/** The entries. */
final class Guestbook
{
    public const PER_PAGE = 10;
    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    public function count(): int
    {
        return (int) $this->database->value('SELECT COUNT(*) FROM entries');
    }

    /** One page, the newest first. @param int $page from 1 */
    public function page(int $page): array
    {
        return $this->database->rows(sprintf(
            'SELECT id, name, message, picture, thumbnail, created_at FROM entries ORDER BY created_at DESC, id DESC LIMIT %d OFFSET %d',
            self::PER_PAGE,
            ($page - 1) * self::PER_PAGE
        ));
    }

    /** Adds an entry, and jobs for its picture and for the mail to its author; all or nothing. */
    public function sign(string $name, string $message, ?string $picture, ?string $email): int
    {
        return $this->database->transaction(function () use ($name, $message, $picture, $email): int {
            $entry = ['name' => $name, 'message' => $message, 'picture' => $picture, 'email' => $email, 'created_at' => now()];
            $id = $this->database->insert('entries', $entry);
            foreach (['picture' => $picture, 'thanks' => $email] as $task => $needed) {
                if ($needed !== null) {
                    $this->database->insert('jobs', ['entry_id' => $id, 'task' => $task, 'status' => 'waiting', 'due_at' => now()]);
                }
            }
            return $id;
        });
    }
}
