# shellcheck shell=bash disable=SC2034  # the pieces are sourced; each uses what others set
# Names and addresses of the demonstration, at one place.

prefix=weft-qs                 # of every namespace
run=/run/weft-quickstart       # sockets, process ids, captures; gone afterwards

hosts=(h1 h2)
declare -A vtep=([h1]=192.0.2.1 [h2]=198.51.100.1)
declare -A gateway=([h1]=192.0.2.254 [h2]=198.51.100.254)
declare -A other_host=([h1]=h2 [h2]=h1)
controller_address=203.0.113.1
controller_gateway=203.0.113.254
underlay_mtu=1600 guest_mtu=1500

# vm1a and vm1b run on host h1; networks a and b do not know of each other and use the same addresses.
guests=(vm1a vm1b vm2a vm2b)
declare -A vni=([a]=5001 [b]=5002)
network_of() { echo "${1: -1}"; }
host_of() { echo "h${1:2:1}"; }
vni_of() { echo "${vni[$(network_of "$1")]}"; }
address_of() { echo "10.0.0.${1:2:1}"; }
mac_of() { echo "02:00:00:00:00:0${1:2:1}"; }

throughput_seconds=5
transfer_megabytes=32          # what a real virtual machine sends instead: emulation is slow
