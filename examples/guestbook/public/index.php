<?php
declare(strict_types=1);

namespace Guestbook;

require __DIR__ . '/../src/bootstrap.php';

// All requests that are no file come here.
$path = parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH) ?: '/';
$method = $_SERVER['REQUEST_METHOD'] ?? 'GET';

header('X-Content-Type-Options: nosniff');
header('Referrer-Policy: same-origin');
header("Content-Security-Policy: default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");

try {
    if ($path === '/healthz') {
        Pages::health();
    } elseif ($path === '/self') {
        Pages::self();
    } elseif ($path === '/' && ($method === 'GET' || $method === 'HEAD')) {
        Pages::entries();
    } elseif ($path === '/entries' && $method === 'POST') {
        Pages::sign();
    } else {
        Pages::message(404, 'There is nothing here', 'The guestbook has only one page.');
    }
} catch (\Throwable $error) {
    // The log gets everything, the visitor nothing.
    error_log((string) $error);
    if (!headers_sent()) {
        Pages::message(500, 'Something went wrong', 'The guestbook cannot answer just now. Please try again in a moment.');
    }
}
