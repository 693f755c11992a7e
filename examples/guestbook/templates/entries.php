<?php
/**
 * @var array $entries @var int $page @var int $pages @var array $flash @var string $name @var string $message @var string $email
 * @var string $token
 * @var int $maxName @var int $maxMessage
 */
use function Guestbook\e;

$initials = static function (string $name): string {
    $words = preg_split('/[^\p{L}\p{N}]+/u', $name, -1, PREG_SPLIT_NO_EMPTY) ?: ['?'];
    return mb_strtoupper(mb_substr($words[0], 0, 1) . (count($words) > 1 ? mb_substr(end($words), 0, 1) : ''));
};
?>
<div class="columns">
  <section class="card form" aria-labelledby="sign">
    <h1 id="sign">Leave a few words</h1>
    <?php if (isset($flash['text'])): ?>
      <p class="flash <?= e($flash['kind']) ?>" role="status"><?= e($flash['text']) ?></p>
    <?php endif ?>
    <form method="post" action="/entries" enctype="multipart/form-data">
      <input type="hidden" name="token" value="<?= e($token) ?>">
      <label for="name">Your name</label>
      <input id="name" name="name" required maxlength="<?= $maxName ?>" autocomplete="name" value="<?= e($name) ?>">
      <label for="message">Your message</label>
      <textarea id="message" name="message" required maxlength="<?= $maxMessage ?>" rows="5"><?= e($message) ?></textarea>
      <label for="email">Your e-mail <span class="hint">if you like, never shown: we thank you by mail</span></label>
      <input id="email" type="email" name="email" maxlength="254" autocomplete="email" value="<?= e($email) ?>">
      <label for="picture">A picture <span class="hint">if you like, up to <?= e(rtrim((string) ini_get('upload_max_filesize'), 'M')) ?> MB</span></label>
      <input id="picture" type="file" name="picture" accept="image/jpeg,image/png,image/gif,image/webp">
      <button class="button" type="submit">Sign the guestbook</button>
    </form>
  </section>

  <section class="entries" aria-label="Entries">
    <?php if ($entries === []): ?>
      <p class="card empty">Nobody has signed yet. Be the first.</p>
    <?php endif ?>
    <?php foreach ($entries as $entry): ?>
      <article class="card entry">
        <span class="avatar tone<?= crc32($entry['name']) % 6 ?>" aria-hidden="true"><?= e($initials($entry['name'])) ?></span>
        <div class="body">
          <p class="who"><strong><?= e($entry['name']) ?></strong> <time datetime="<?= e(str_replace(' ', 'T', $entry['created_at'])) ?>Z"><?= e(date('j F Y, H:i', (int) strtotime($entry['created_at']))) ?></time></p>
          <p class="text"><?= nl2br(e($entry['message']), false) ?></p>
          <?php if ($entry['thumbnail'] !== null): ?>
            <a class="picture" href="/uploads/<?= e($entry['picture']) ?>"><img src="/uploads/<?= e($entry['thumbnail']) ?>" alt="Picture from <?= e($entry['name']) ?>" loading="lazy"></a>
          <?php elseif ($entry['picture'] !== null): ?>
            <p class="pending">A picture is on its way.</p>
          <?php endif ?>
        </div>
      </article>
    <?php endforeach ?>

    <?php if ($pages > 1): ?>
      <nav class="pages" aria-label="Pages">
        <?php if ($page > 1): ?><a class="button quiet" rel="prev" href="/?page=<?= $page - 1 ?>">Newer</a><?php else: ?><span></span><?php endif ?>
        <span>Page <?= $page ?> of <?= $pages ?></span>
        <?php if ($page < $pages): ?><a class="button quiet" rel="next" href="/?page=<?= $page + 1 ?>">Older</a><?php else: ?><span></span><?php endif ?>
      </nav>
    <?php endif ?>
  </section>
</div>
