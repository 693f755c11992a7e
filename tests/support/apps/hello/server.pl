# A small HTTP server for tests: "hello <version>" at /, its variables' names at /env, 500 at /healthz where the version is "broken".
use strict;
use warnings;
use IO::Socket::INET;

open my $file, '<', '/srv/version' or die $!;
chomp(my $version = <$file>);
die "this version crashes at once\n" if $version eq 'crash';
$| = 1;
my $stop = 0;
my $server = IO::Socket::INET->new(LocalPort => 3000, Listen => 128, ReuseAddr => 1) or die $!;
my @children;
for (1 .. 8) {
  my $pid = fork;
  if ($pid) { push @children, $pid; next }
  # A request under way is finished; the next one is not taken.
  $SIG{TERM} = sub { $stop = 1; close $server };
  while (!$stop) {
    my $client = $server->accept or next;
    my $request = '';
    while (sysread $client, my $part, 4096) { $request .= $part; last if $request =~ /\r\n\r\n/ }
    my ($path) = $request =~ m{^\w+ (\S+)};
    my ($status, $body) = ('200 OK', "hello $version\n");
    ($status, $body) = ('500 Internal Server Error', "broken\n") if ($path // '') eq '/healthz' && $version eq 'broken';
    $body = join '', map { "$_\n" } sort keys %ENV if ($path // '') eq '/env';
    syswrite $client, "HTTP/1.1 $status\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
    close $client;
  }
  exit 0;
}
print "version $version listens on 3000\n";
$SIG{TERM} = sub { kill 'TERM', @children };
1 while wait != -1;
