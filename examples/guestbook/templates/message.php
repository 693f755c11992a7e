<?php
/** @var string $title @var string $text */
use function Guestbook\e;
?>
<section class="card message">
  <h1><?= e($title) ?></h1>
  <p><?= e($text) ?></p>
  <p><a class="button" href="/">To the guestbook</a></p>
</section>
