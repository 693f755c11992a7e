<?php
// Before each page where errors are displayed (95-mounted.ini): PHP would answer 200 with the message of a fatal error in the page, so that a
// health check passes and `up` is green with an app that is broken. The page is in a buffer until it ends, so the status can still be set.
register_shutdown_function(static function (): void {
    $fatal = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;
    if (((error_get_last()['type'] ?? 0) & $fatal) !== 0 && !headers_sent() && http_response_code() === 200) {
        http_response_code(500);
    }
});
