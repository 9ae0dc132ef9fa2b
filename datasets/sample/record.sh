#!/bin/bash
# Records the sample captures again: real servers and clients from Debian packages, in network
# namespaces of this machine; nothing is sent to any other machine. Needs root, /dev/net/tun and
# Debian 12 (curl 7.84 or later); takes about two minutes a run. Meant for a container or a
# machine that can be thrown away, as it installs servers (it does not start them as services).
#
# Usage: record.sh [--output FOLDER] [--seed N] [--runs 1 2 3] [--flows N] [--window SECONDS]
#        Without --output the captures of the repository beside this script are replaced.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
packages=(
  nginx-light curl wget                                             # web, download, streaming
  python3 python3-websockets                                        # websocket
  unbound knot-dnsutils bind9-dnsutils                              # doh, dot
  openssh-server openssh-client                                     # ssh, sftp
  dovecot-imapd                                                     # imap
  python3-aiosmtpd msmtp swaks libnet-ssleay-perl                   # smtp
  mosquitto mosquitto-clients                                       # mqtt
  postgresql                                                        # postgres
  wireguard-go wireguard-tools iputils-ping                         # wireguard
  tcpdump tshark iproute2 openssl procps util-linux
)

fail() {
  echo "record.sh: $1" >&2
  exit "$2"
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

# Debian starts a server when its package is installed, unless this file says no.
install_packages() {
  local policy=/usr/sbin/policy-rc.d made=no
  echo "record.sh: installing $*"
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made=yes
  fi
  apt-get update -q
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; then
    [[ $made == no ]] || rm "$policy"
    fail "apt-get could not install the packages above" 4
  fi
  [[ $made == no ]] || rm "$policy"
}

[[ $(id -u) == 0 ]] || fail "needs root for network namespaces; run it with sudo" 4
[[ -c /dev/net/tun ]] || fail "there is no /dev/net/tun; give the container that device" 4

output=$here
arguments=()
while (($#)); do
  case $1 in
    --output) output=${2:?--output needs a folder} && shift ;;
    --help | -h) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

mapfile -t missing < <(missing_packages)
((${#missing[@]} == 0)) || install_packages "${missing[@]}"

# A neutral environment: no variable of this machine's user reaches a server or a client.
clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1)
mkdir -p "$output"
recorder=(/usr/bin/python3 "$here/recording/record.py" --output "$output" "${arguments[@]}")
"${clean[@]}" timeout 1800 "${recorder[@]}" &
trap 'kill "$!"; wait; exit 143' INT TERM # the recorder removes its namespaces before it ends
wait "$!"

cd "$output"
sha256sum run*/*.pcap* >SHA256SUMS
"${clean[@]}" /usr/bin/python3 "$here/recording/summary.py" "$output"
