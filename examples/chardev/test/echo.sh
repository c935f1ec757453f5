# SPDX-License-Identifier: GPL-2.0-only
# Runs in the guest, in BusyBox's sh, while chardev is loaded.
set -e

[ -c /dev/chardev ]

echo "hello, chardev" > /dev/chardev
read -r line < /dev/chardev
[ "$line" = "hello, chardev" ]

# As much as the buffer holds, twice, so that it goes round; and not a byte more or less.
for round in 1 2; do
	head -c 8192 /dev/urandom > /run/written
	dd if=/run/written of=/dev/chardev bs=8192 count=1 2> /dev/null
	dd if=/dev/chardev of=/run/read bs=8192 count=1 2> /dev/null
	cmp /run/written /run/read
	echo "round $round: $(wc -c < /run/read) bytes"
done
