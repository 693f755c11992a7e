<?php
// smtp.php HOST PORT FILE: sends the mails of FILE ([{from, to: [...], data}] as JSON) in one connection, as they are, and prints the
// answers ([{from, to: [...], data}]) as JSON.
declare(strict_types=1);

[, $host, $port, $file] = $argv;
$connection = stream_socket_client("tcp://$host:$port", $code, $reason, 5);
if ($connection === false) {
    fwrite(STDERR, "$reason\n");
    exit(1);
}
$answer = static function () use ($connection): string {
    do {
        $line = (string) fgets($connection);
    } while (substr($line, 3, 1) === '-');
    return rtrim($line);
};
$say = static function (string $line) use ($connection, $answer): string {
    fwrite($connection, "$line\r\n");
    return $answer();
};
$answer();
$say('EHLO app');
$answers = [];
foreach (json_decode(file_get_contents($file), true) as ['from' => $from, 'to' => $to, 'data' => $data]) {
    $utf8 = preg_match('/[^\x00-\x7f]/', implode($to)) === 1 ? ' SMTPUTF8' : '';
    $said = ['from' => $say("MAIL FROM:<$from>$utf8"), 'to' => array_map(static fn (string $one): string => $say("RCPT TO:<$one>"), $to), 'data' => ''];
    if (preg_grep('/^2/', $said['to']) !== []) {
        $say('DATA');
        $said['data'] = $say(str_replace("\n", "\r\n", $data) . "\r\n.");
    } else {
        $say('RSET');
    }
    $answers[] = $said;
}
$say('QUIT');
echo json_encode($answers);
