<?php
declare(strict_types=1);

namespace Guestbook;

/** What each address answers. */
final class Pages
{
    private const MAX_NAME = 80;
    private const MAX_MESSAGE = 2000;

    /** GET / */
    public static function entries(): void
    {
        $database = Database::connect();
        $flash = [];
        // A visitor without a session gets none by looking.
        if (isset($_COOKIE['guestbook'])) {
            DatabaseSessions::start($database, self::secure());
            $flash = $_SESSION['flash'] ?? [];
            $_SESSION['flash'] = [];
            session_write_close();
        }
        $guestbook = new Guestbook($database);
        $count = $guestbook->count();
        $pages = max(1, (int) ceil($count / Guestbook::PER_PAGE));
        $page = min($pages, max(1, (int) ($_GET['page'] ?? 1)));
        header('Cache-Control: no-store');
        self::render(200, 'entries', [
            'title' => 'Guestbook',
            'entries' => $guestbook->page($page),
            'count' => $count,
            'page' => $page,
            'pages' => $pages,
            'flash' => $flash,
            'name' => $flash['form']['name'] ?? ($_SESSION['name'] ?? ''),
            'message' => $flash['form']['message'] ?? '',
            'email' => $flash['form']['email'] ?? ($_SESSION['email'] ?? ''),
            'token' => Csrf::token(self::secure()),
            'maxName' => self::MAX_NAME,
            'maxMessage' => self::MAX_MESSAGE,
            'engine' => $database->engine === 'mariadb' ? 'MariaDB' : 'PostgreSQL',
        ]);
    }

    /** POST /entries with name, message, email and picture (both optional) and token */
    public static function sign(): void
    {
        $database = Database::connect();
        $name = self::field('name');
        $message = self::field('message');
        $email = self::field('email');
        $picture = null;
        try {
            // PHP drops a form that is larger than post_max_size as a whole, without a word.
            if ($_POST === [] && (int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > 0) {
                throw new Rejected('The picture is larger than ' . ini_get('upload_max_filesize') . '.');
            }
            Csrf::check($_POST['token'] ?? null);
            if ($name === '' || $message === '') {
                throw new Rejected('Please write your name and a message.');
            }
            if (mb_strlen($name) > self::MAX_NAME || mb_strlen($message) > self::MAX_MESSAGE) {
                throw new Rejected(sprintf('A name has at most %d characters, a message %d.', self::MAX_NAME, self::MAX_MESSAGE));
            }
            $address = Mail::address($email);
            $picture = Picture::keep($_FILES['picture'] ?? []);
            (new Guestbook($database))->sign($name, $message, $picture, $address);
            $flash = ['kind' => 'thanks', 'text' => $picture === null ? 'Thank you for your entry.' : 'Thank you for your entry. Your picture will show in a moment.'];
        } catch (Rejected $rejected) {
            $flash = ['kind' => 'problem', 'text' => $rejected->getMessage(), 'form' => ['name' => $name, 'message' => $message, 'email' => $email]];
        } catch (\Throwable $error) {
            if ($picture !== null) {
                Picture::drop($picture);
            }
            throw $error;
        }
        DatabaseSessions::start($database, self::secure());
        $_SESSION['flash'] = $flash;
        $_SESSION['name'] = mb_substr($name, 0, self::MAX_NAME);
        $_SESSION['email'] = mb_substr($email, 0, 254);
        session_write_close();
        // See other: a reload of the next page signs nothing again.
        header('Location: /', true, 303);
    }

    /** GET /healthz: 200 if the database can be used, else 503 with the reason. */
    public static function health(): void
    {
        header('Cache-Control: no-store');
        try {
            Database::connect(2)->rows('SELECT id FROM entries LIMIT 1');
            self::text(200, "ok\n");
        } catch (\Throwable $error) {
            error_log('healthz: ' . $error->getMessage());
            // Without names, addresses and settings of the inside.
            $reason = preg_replace(['/\s+/', '/(["\'`]).*?\1/', '/\b\d+(\.\d+){3}\b/'], [' ', '...', '...'], $error->getMessage());
            self::text(503, "database: $reason\n");
        }
    }

    /** GET /self: whether the app reaches itself under its public URL, in the two ways that PHP programs use. */
    public static function self(): void
    {
        header('Cache-Control: no-store');
        $url = rtrim(env('BASE_URL'), '/') . '/healthz';

        $curl = curl_init($url);
        curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]);
        curl_exec($curl);
        $byCurl = curl_error($curl) ?: (string) curl_getinfo($curl, CURLINFO_RESPONSE_CODE);

        $context = stream_context_create(['http' => ['ignore_errors' => true, 'timeout' => 10]]);
        $stream = @fopen($url, 'r', false, $context);
        $headers = $stream === false ? [] : stream_get_meta_data($stream)['wrapper_data'];
        $byStream = preg_match('~^HTTP/\S+ (\d{3})~', (string) ($headers[0] ?? ''), $match) === 1 ? $match[1] : (error_get_last()['message'] ?? 'no answer');

        self::text($byCurl === '200' && $byStream === '200' ? 200 : 502, "url: $url\ncurl: $byCurl\nstream: $byStream\n");
    }

    /** A page with only a message. */
    public static function message(int $status, string $title, string $text): void
    {
        self::render($status, 'message', ['title' => $title, 'text' => $text]);
    }

    private static function text(int $status, string $text): void
    {
        http_response_code($status);
        header('Content-Type: text/plain; charset=utf-8');
        echo $text;
    }

    private static function render(int $status, string $template, array $values): void
    {
        http_response_code($status);
        header('Content-Type: text/html; charset=utf-8');
        extract($values, EXTR_SKIP);
        require __DIR__ . '/../templates/layout.php';
    }

    /** A text field of the form: valid UTF-8, one kind of line end, no blanks around it. */
    private static function field(string $name): string
    {
        $value = $_POST[$name] ?? '';
        if (!is_string($value) || !mb_check_encoding($value, 'UTF-8')) {
            return '';
        }
        // PostgreSQL takes no NUL in a text.
        return trim(str_replace(["\r\n", "\r", "\0"], ["\n", "\n", ''], $value));
    }

    private static function secure(): bool
    {
        return strncmp((string) getenv('BASE_URL'), 'https://', 8) === 0;
    }
}
