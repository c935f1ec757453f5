echo before
# A shell of its own dies, and what waits for it goes on; what touches a parameter then does not.
sh -c "echo 1 > /sys/module/oops_write/parameters/now"
echo 2 > /sys/module/oops_write/parameters/now
