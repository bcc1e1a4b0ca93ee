# A small web application that runs in a bare Debian, and can be told, by its environment, to
# misbehave, as application.py can:
#
# START   seconds until it listens
# CRASH   it says so and exits with this code instead of listening
# SICK    /health answers 503
# FAIL    so many percent of its answers are 500
#
# `perl application.pl health` asks it for its health, as the engine does.

use strict;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

$| = 1;
my $port = $ENV{PORT};

if (@ARGV) {
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 2)
        or die "nobody listens\n";
    print $socket "GET /health HTTP/1.1\r\n\r\n";
    my $line = <$socket>;
    print $line;
    exit($line =~ / 200 / ? 0 : 1);
}
if (defined $ENV{CRASH}) {
    print "there is no database\n";
    exit $ENV{CRASH};
}
sleep($ENV{START} || 0);

my $server = IO::Socket::INET->new(LocalAddr => "0.0.0.0:$port", Listen => 1024, ReuseAddr => 1)
    or die "cannot listen: $!\n";
my $select = IO::Select->new($server);
my (%read, @owed);
my $ending = 0;
$SIG{TERM} = $SIG{INT} = sub { $ending = 1 };
$SIG{PIPE} = 'IGNORE';
print "$ENV{LIFTLOCK_REVISION} listens\n";

sub answer {
    my ($socket, $status, $text) = @_;
    my $length = length $text;
    syswrite $socket, "HTTP/1.1 $status X\r\ncontent-length: $length\r\n\r\n$text";
}

sub version {
    my ($socket) = @_;
    answer($socket, rand(100) < ($ENV{FAIL} || 0) ? 500 : 200, $ENV{LIFTLOCK_VERSION});
}

sub asked {
    my ($socket, $path) = @_;
    if ($path eq '/health') {
        answer($socket, $ENV{SICK} ? 503 : 200, $ENV{SICK} ? 'the database is away' : 'well');
    } elsif ($path eq '/busy') {
        answer($socket, 200, scalar @owed);
    } elsif ($path =~ m{^/env/(.*)}) {
        answer($socket, 200, $ENV{$1} // '');
    } elsif ($path =~ m{^/slow/(.*)}) {
        push @owed, [time + $1, $socket];
    } else {
        version($socket);
    }
}

until ($ending && !@owed) {
    my $wait = @owed || $ending ? 0.02 : 0.5;
    for my $ready ($select->can_read($wait)) {
        if ($ready == $server) {
            my $new = $server->accept or next;
            $select->add($new);
        } elsif (sysread $ready, $read{$ready}, 65536, length($read{$ready} // '')) {
            asked($ready, $1) while $read{$ready} =~ s{^\S+ (\S+) .*?\r\n\r\n}{}s;
        } else {
            $select->remove($ready);
            delete $read{$ready};
            close $ready;
        }
    }
    my @due = grep { $_->[0] <= time } @owed;
    @owed = grep { $_->[0] > time } @owed if @due;
    version($_->[1]) for @due;
}
print "ends as it was asked to\n";
