<?php
declare(strict_types=1);

namespace Guestbook;

/** Uploaded pictures: what is taken, where it goes, and how it is made small. */
final class Picture
{
    public const FOLDER = __DIR__ . '/../public/uploads';
    private const TYPES = [IMAGETYPE_JPEG => 'jpg', IMAGETYPE_PNG => 'png', IMAGETYPE_GIF => 'gif', IMAGETYPE_WEBP => 'webp'];
    /** Four bytes of memory each, while the picture is made small. */
    private const MAX_PIXELS = 20000000;
    private const THUMBNAIL_WIDTH = 640;
    private const THUMBNAIL_HEIGHT = 480;

    /**
     * Keeps an uploaded file under a new name.
     *
     * @param array $file an element of $_FILES
     * @return string|null the name in the folder; null if there was no file
     * @throws Rejected with a sentence for the visitor
     */
    public static function keep(array $file): ?string
    {
        $error = $file['error'] ?? UPLOAD_ERR_NO_FILE;
        if ($error === UPLOAD_ERR_NO_FILE) {
            return null;
        }
        if ($error === UPLOAD_ERR_INI_SIZE || $error === UPLOAD_ERR_FORM_SIZE) {
            throw new Rejected('The picture is larger than ' . ini_get('upload_max_filesize') . '.');
        }
        if ($error !== UPLOAD_ERR_OK || !is_uploaded_file($file['tmp_name'])) {
            throw new Rejected('The picture did not arrive. Please try again.');
        }
        // The content decides, not the name or the type that the browser says.
        $info = @getimagesize($file['tmp_name']);
        $extension = self::TYPES[$info[2] ?? 0] ?? null;
        if ($extension === null) {
            throw new Rejected('The picture must be a JPEG, PNG, GIF or WebP.');
        }
        if ($info[0] * $info[1] > self::MAX_PIXELS) {
            throw new Rejected('The picture has more than 20 megapixels.');
        }
        $name = bin2hex(random_bytes(12)) . '.' . $extension;
        if (!move_uploaded_file($file['tmp_name'], self::FOLDER . '/' . $name)) {
            throw new \RuntimeException('cannot write to ' . self::FOLDER);
        }
        chmod(self::FOLDER . '/' . $name, 0664);
        return $name;
    }

    /** Removes a kept picture. */
    public static function drop(string $name): void
    {
        @unlink(self::FOLDER . '/' . $name);
    }

    /** Makes the small picture; its name in the folder. */
    public static function thumbnail(string $name): string
    {
        $path = self::FOLDER . '/' . $name;
        $content = @file_get_contents($path);
        if ($content === false) {
            throw new \RuntimeException("$name cannot be read");
        }
        $image = @imagecreatefromstring($content);
        if ($image === false) {
            throw new \RuntimeException("$name cannot be decoded");
        }
        $image = self::upright($image, $path);
        $scale = min(self::THUMBNAIL_WIDTH / imagesx($image), self::THUMBNAIL_HEIGHT / imagesy($image), 1);
        $width = max(1, (int) round(imagesx($image) * $scale));
        $height = max(1, (int) round(imagesy($image) * $scale));
        $small = imagecreatetruecolor($width, $height);
        // JPEG knows no transparency.
        imagefill($small, 0, 0, imagecolorallocate($small, 255, 255, 255));
        imagecopyresampled($small, $image, 0, 0, 0, 0, $width, $height, imagesx($image), imagesy($image));

        $thumbnail = pathinfo($name, PATHINFO_FILENAME) . '-small.jpg';
        // Whole or not at all: a reader never sees half a picture.
        $partial = self::FOLDER . '/' . $thumbnail . '.' . getmypid();
        if (!imagejpeg($small, $partial, 82) || !chmod($partial, 0664) || !rename($partial, self::FOLDER . '/' . $thumbnail)) {
            @unlink($partial);
            throw new \RuntimeException("$thumbnail cannot be written");
        }
        return $thumbnail;
    }

    /** Cameras turn pictures by a note in the file. */
    private static function upright($image, string $path)
    {
        $turns = [3 => 180, 6 => -90, 8 => 90];
        $exif = function_exists('exif_read_data') ? @exif_read_data($path) : false;
        $turn = $turns[$exif['Orientation'] ?? 1] ?? 0;
        return $turn === 0 ? $image : imagerotate($image, $turn, 0);
    }
}
