# Writes what the kernel says of each task that ends (taskstats, Documentation/accounting/taskstats.rst)
# to a file, as it comes: listen.pl FILE CPUS. Says "ready", then listens until SIGTERM. Perl, because
# Node has no netlink sockets and every Debian has perl-base. Exits 1 if the kernel lost a message.
use strict;
use warnings;
use Socket;

my ($file, $cpus) = @ARGV;
my ($AF_NETLINK, $NETLINK_GENERIC, $GENL_ID_CTRL, $SO_RCVBUFFORCE) = (16, 16, 16, 33);

socket(my $kernel, $AF_NETLINK, SOCK_RAW, $NETLINK_GENERIC) or die "no netlink socket: $!\n";
# A make starts and ends thousands of processes: none may be lost while this one waits for a CPU.
setsockopt($kernel, SOL_SOCKET, $SO_RCVBUFFORCE, pack('i', 64 << 20)) or die "receive buffer: $!\n";
bind($kernel, pack('S S L L', $AF_NETLINK, 0, 0, 0)) or die "bind: $!\n";

# A generic netlink request with one attribute; gives the messages up to its acknowledgement.
sub request {
  my ($type, $command, $attribute, $value) = @_;
  my $body = pack('C C S S S', $command, 1, 0, 4 + length $value, $attribute) . $value;
  $body .= "\0" x (-length($body) % 4);
  defined send($kernel, pack('L S S L L', 16 + length $body, $type, 5, 1, 0) . $body, 0)
    or die "send: $!\n";
  my $answer = '';
  while (1) {
    defined recv($kernel, my $message, 65536, 0) or die "recv: $!\n";
    my ($length, $got, undef, undef, undef, $error) = unpack('L S S L L l', $message);
    if ($got == 2) { # NLMSG_ERROR, also of an acknowledgement
      die "the kernel refuses taskstats: error $error\n" if $error != 0;
      return $answer;
    }
    $answer = $message;
  }
}

# CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME -> CTRL_ATTR_FAMILY_ID
my $answer = request($GENL_ID_CTRL, 3, 2, "TASKSTATS\0");
my $family;
for (my $at = 20; $at + 4 <= length $answer;) {
  my ($length, $type) = unpack('S S', substr($answer, $at, 4));
  $family = unpack('S', substr($answer, $at + 4, 2)) if $type == 1;
  $at += ($length + 3) & ~3;
}
die "the kernel has no taskstats\n" if !defined $family;
request($family, 1, 3, "$cpus\0"); # TASKSTATS_CMD_GET, REGISTER_CPUMASK

open(my $out, '>', $file) or die "$file: $!\n";
my ($ended, $lost, $kept) = (0, 0, '');
$SIG{TERM} = sub { $ended = 1 };
$| = 1;
print "ready\n";
while (1) {
  # The last messages are there already when the signal comes.
  my $flags = $ended ? 0x40 : 0; # MSG_DONTWAIT
  if (defined recv($kernel, my $message, 65536, $flags)) {
    $kept .= $message;
  } elsif ($!{ENOBUFS}) {
    $lost = 1;
  } elsif ($!{EAGAIN}) {
    last;
  } elsif (!$!{EINTR}) {
    die "recv: $!\n";
  }
  if (length $kept > 1 << 20) {
    syswrite($out, $kept) or die "$file: $!\n";
    $kept = '';
  }
}
if (length $kept > 0) { syswrite($out, $kept) or die "$file: $!\n"; }
die "the kernel lost messages: they came too fast\n" if $lost;
