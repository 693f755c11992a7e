<?php
/** @var string $template @var string $title */
use function Guestbook\e;
?>
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title><?= e($title) ?></title>
  <link rel="stylesheet" href="/style.css">
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
</head>
<body>
  <header class="top">
    <div class="inner">
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="36" height="36">Guestbook</a>
      <?php if (isset($count)): ?><span class="count"><?= number_format($count) ?> <?= $count === 1 ? 'entry' : 'entries' ?></span><?php endif ?>
    </div>
  </header>
  <main class="inner">
    <?php require __DIR__ . "/$template.php"; ?>
  </main>
  <footer class="inner">
    An example for dockstage. PHP <?= PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION ?><?= PHP_SAPI === 'apache2handler' ? ', apache' : (PHP_SAPI === 'fpm-fcgi' ? ', nginx' : '') ?><?= isset($engine) ? ', ' . e($engine) : '' ?>
  </footer>
</body>
</html>
