<?php
declare(strict_types=1);

namespace Guestbook;

/**
 * A form is taken only with a token that this app signed for the browser's own cookie: another site can make a browser send the
 * cookie, but cannot read or make the token. Nothing is stored, so that a mere visit writes nothing.
 */
final class Csrf
{
    private const COOKIE = 'guestbook_form';

    /** The token for a form; sets the cookie if the browser has none. */
    public static function token(bool $secure): string
    {
        $cookie = self::cookie();
        if ($cookie === null) {
            $cookie = bin2hex(random_bytes(16));
            setcookie(self::COOKIE, $cookie, ['path' => '/', 'httponly' => true, 'samesite' => 'Lax', 'secure' => $secure]);
        }
        return self::sign($cookie);
    }

    /** @param mixed $token what the form brought */
    public static function check($token): void
    {
        $cookie = self::cookie();
        if ($cookie === null || !is_string($token) || !hash_equals(self::sign($cookie), $token)) {
            throw new Rejected('The form was too old. Please send it again.');
        }
    }

    private static function cookie(): ?string
    {
        $cookie = $_COOKIE[self::COOKIE] ?? null;
        return is_string($cookie) && preg_match('/^[0-9a-f]{32}$/', $cookie) === 1 ? $cookie : null;
    }

    private static function sign(string $cookie): string
    {
        return hash_hmac('sha256', "form/$cookie", env('APP_SECRET'));
    }
}
