<?php
declare(strict_types=1);

namespace Guestbook;

/** What a visitor sent cannot be taken; the message is for the visitor. */
final class Rejected extends \Exception
{
}
