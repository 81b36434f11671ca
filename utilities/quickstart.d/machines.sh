# shellcheck shell=bash
# Real virtual machines: QEMU with a Debian kernel and an initramfs of a few files.
#
# The kernel comes out of Debian's package, which is downloaded and opened but not installed: this machine's own boot
# is not touched. machine_init is the machine's first and only program; it takes commands from a serial line, of which
# each end is a named pipe: $run/vm1a.in and $run/vm1a.out.

machine_files=$root/build/quickstart-vm
machine_memory=160

start_machine() {
  local guest=$1
  prepare_machines
  mkfifo "$run/$guest.in" "$run/$guest.out"
  in_background "$guest" ip netns exec "$prefix-$(host_of "$guest")" qemu-system-x86_64 \
    -machine "q35,accel=$acceleration" -m "$machine_memory" -nodefaults -display none -no-reboot \
    -kernel "$machine_files/vmlinuz" -initrd "$machine_files/initramfs" \
    -append "console=ttyS0 quiet panic=-1 weft.address=$(address_of "$guest")/24 weft.mtu=$guest_mtu" \
    -netdev "tap,id=net,ifname=$guest,script=no,downscript=no" \
    -device "virtio-net-pci,netdev=net,mac=$(mac_of "$guest")" \
    -chardev "file,id=console,path=$run/$guest.console.log" -serial chardev:console \
    -chardev "pipe,id=commands,path=$run/$guest" -serial chardev:commands
  # Held open at both ends: neither QEMU nor we wait for the other, and no end of file comes between two commands.
  exec {machine_in[$guest]}<>"$run/$guest.in" {machine_out[$guest]}<>"$run/$guest.out"
  wait_for 20 "QEMU to open the tap $guest" machine_has_tap "$guest"
  inside "$(host_of "$guest")" ip link set "$guest" up
}
declare -A machine_in machine_out

machine_has_tap() {
  is_running "$1" || fail "QEMU for $1 ended: $(tail -n 3 "$run/$1.log")"
  inside "$(host_of "$1")" ip link show "$1"
}

# Once: the files, and which acceleration works here.
prepare_machines() {
  [[ -z $acceleration ]] || return 0
  make_machine_files
  acceleration=tcg
  if [[ -w /dev/kvm ]] && kvm_works; then
    acceleration=kvm
  fi
  say "   QEMU with acceleration \"$acceleration\"; starting four machines takes a while"
}
acceleration=''

# A /dev/kvm can be there, open, and yet never run a guest. The machine that is tried switches itself off at once.
kvm_works() {
  timeout --kill-after 1 10 qemu-system-x86_64 -machine q35,accel=kvm -m "$machine_memory" -nodefaults -display none \
    -no-reboot -kernel "$machine_files/vmlinuz" -initrd "$machine_files/initramfs" \
    -append 'quiet panic=-1 weft.probe' </dev/null
}

wait_for_machines() {
  local guest
  for guest in "${guests[@]}"; do
    wait_for_machine "$guest"
  done
}

# It says so on its command line when it has an address; emulated, that takes a while.
wait_for_machine() {
  local line deadline=$((SECONDS + 180))
  while (( SECONDS < deadline )); do
    is_running "$1" || fail "QEMU for $1 ended; its console is at the end of the log"
    if read -r -t 2 -u "${machine_out[$1]}" line && [[ $line == *"weft: ready"* ]]; then
      return
    fi
  done
  fail "$1 did not start within three minutes; its console is at the end of the log"
}

# tell_machine GUEST COMMAND...: prints what it prints; its status is the command's.
tell_machine() {
  local guest=$1 line
  shift
  printf '%s\n' "$*" >&"${machine_in[$guest]}"
  while read -r -t 120 -u "${machine_out[$guest]}" line; do
    line=${line%$'\r'}
    if [[ $line == "weft: status "* ]]; then
      return "${line##* }"
    fi
    printf '%s\n' "$line"
  done
  fail "$guest did not answer: $*"
}

# Each machine has a small web server; the time for a file of known size is the throughput.
transfer_between_machines() {
  local seconds
  seconds=$(tell_machine vm1a "/transfer http://10.0.0.2/data $transfer_megabytes" | awk '/^seconds/ { print $2 }')
  awk -v megabytes="$transfer_megabytes" -v seconds="$seconds" \
    'BEGIN { if (seconds > 0) printf "%.2f Gbits/sec (QEMU)", megabytes * 8 * 1048576 / seconds / 1e9 }'
}

# The package is fetched once; the initramfs is quick to make.
make_machine_files() {
  as_user mkdir -p "$machine_files"
  if ! compgen -G "$machine_files/*.deb" >/dev/null; then
    fetch_kernel
  fi
  mkdir "$run/kernel"
  dpkg-deb --extract "$machine_files"/*.deb "$run/kernel"
  cp "$run/kernel"/boot/vmlinuz-* "$machine_files/vmlinuz"
  make_initramfs "$run/kernel"
  rm -rf "$run/kernel"
}

# The package that the metapackage names; apt checks its signature. It is opened, not installed.
fetch_kernel() {
  local package
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  [[ -n $package ]] || fail "apt knows no linux-image-cloud-amd64; try apt-get update"
  say "   fetching the kernel of $package (about 27 MB; it is not installed)"
  mkdir "$run/download"
  (cd "$run/download" && apt-get -o APT::Sandbox::User=root --quiet=2 download "$package") ||
    fail "apt-get could not download $package"
  mv "$run/download/$package"_*.deb "$machine_files/"
}

# What virtio-net on PCI needs, in the order of loading.
machine_modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net)

make_initramfs() {
  local work=$1 tree=$1/tree module file
  mkdir -p "$tree"/{bin,proc,sys,dev,modules,www,usr/share/udhcpc}
  cp /bin/busybox "$tree/bin/busybox"
  cp "$pieces/machine_init" "$tree/init"
  cp "$pieces/machine_transfer" "$tree/transfer"
  chmod 755 "$tree/init" "$tree/transfer"
  for module in "${machine_modules[@]}"; do
    file=$(find "$work/lib/modules" -name "$module.ko*" | head -n 1)
    # What is not a module is part of the kernel.
    if [[ -n $file ]]; then
      unpack_module "$file" "$tree/modules/$module.ko"
      echo "$module" >>"$tree/modules/order"
    fi
  done
  (cd "$tree" && find . | cpio --quiet --create --format=newc --owner=0:0 | gzip -1) >"$machine_files/initramfs"
}

unpack_module() {
  case $1 in
    *.xz) xz --decompress --stdout "$1" >"$2" ;;
    *) cp "$1" "$2" ;;
  esac
}
