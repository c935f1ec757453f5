# SPDX-License-Identifier: GPL-2.0-only
# The one parameter that can be changed afterwards; what is bad is refused then too.
set -e
duty=/sys/module/params/parameters/duty

echo 75 > $duty
[ "$(cat $duty)" = 75 ]

if echo 101 > $duty; then
	echo "a duty of 101 was taken"
	exit 1
fi
[ "$(cat $duty)" = 75 ]
