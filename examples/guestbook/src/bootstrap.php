<?php
declare(strict_types=1);

// Shared by the pages and the programs in bin/. No framework and no Composer: a class is in the file of its name.

namespace Guestbook;

spl_autoload_register(static function (string $class): void {
    $prefix = __NAMESPACE__ . '\\';
    if (strncmp($class, $prefix, strlen($prefix)) === 0) {
        $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});

date_default_timezone_set('UTC');
mb_internal_encoding('UTF-8');

/** An environment variable that must be there. */
function env(string $name): string
{
    $value = getenv($name);
    if ($value === false || $value === '') {
        throw new \RuntimeException("the environment variable $name is not set");
    }
    return $value;
}

/** The time as both databases take it, UTC. */
function now(int $offset = 0): string
{
    return gmdate('Y-m-d H:i:s', time() + $offset);
}

/** Text for HTML. */
function e(?string $text): string
{
    return htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}
