<?php
declare(strict_types=1);

namespace Guestbook;

/** Mail to the authors of entries, through the environment's sendmail. */
final class Mail
{
    private const MAX_ADDRESS = 254;

    /**
     * An address from the form, or null where the field is empty. It goes into a header: one with a line end in it would add headers.
     *
     * @throws Rejected with a sentence for the visitor
     */
    public static function address(string $text): ?string
    {
        if ($text === '') {
            return null;
        }
        if (strlen($text) > self::MAX_ADDRESS || preg_match('/[\x00-\x1f\x7f]/', $text) === 1 || filter_var($text, FILTER_VALIDATE_EMAIL) === false) {
            throw new Rejected('This is not an e-mail address that we can write to.');
        }
        return $text;
    }

    /** Thanks the author; the editor gets a copy that the author does not see. */
    public static function thanks(string $to, string $name, string $message): void
    {
        $editor = env('EDITOR_EMAIL');
        $text = "Hello $name,\n\nthank you for your entry in our guestbook:\n\n" . preg_replace('/^/m', '> ', $message) . "\n\n" . env('BASE_URL') . "/\n";
        $headers = [
            'From' => "Guestbook <$editor>",
            'Bcc' => $editor,
            'MIME-Version' => '1.0',
            'Content-Type' => 'text/plain; charset=utf-8',
            'Content-Transfer-Encoding' => 'quoted-printable',
        ];
        // sendmail takes Unix line ends; the encoding keeps no others as they are.
        $body = str_replace("\r\n", "\n", quoted_printable_encode(str_replace("\n", "\r\n", $text)));
        // -f: what cannot be delivered comes back to the editor.
        if (!mail($to, 'Thank you for your entry', $body, $headers, '-f' . escapeshellarg($editor))) {
            throw new \RuntimeException('the mail could not be handed over');
        }
    }
}
