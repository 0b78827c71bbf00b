# What the tests need beyond the toolchain, installed only where missing.
# shellcheck shell=bash

missing_packages() {
	[ -x /usr/bin/chromium ] || printf 'chromium\n'
	postgres_bin >/dev/null || printf 'postgresql\n'
	[ -x /usr/sbin/apache2 ] || printf 'apache2-bin\n'
	[ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || printf 'libapache2-mod-auth-openidc\n'
	command -v setpriv >/dev/null || printf 'util-linux\n'
	command -v openssl >/dev/null || printf 'openssl\n'
	python_with_venv >/dev/null || printf 'python3-venv\n'
}

# A Python that can make virtual environments.
python_with_venv() {
	local python
	for python in python3 /usr/bin/python3; do
		if "$python" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
			printf '%s' "$python"
			return
		fi
	done
	return 1
}

install_test_tools() {
	local -a packages
	mapfile -t packages < <(missing_packages)
	if [ "${#packages[@]}" -gt 0 ]; then
		if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
			die "Missing for the tests: ${packages[*]}. On Debian, as root: apt-get install ${packages[*]}"
		fi
		say "Installing ${packages[*]}"
		# The package would start a server of its own; the tests start theirs.
		mkdir -p /etc/postgresql-common
		[ -e /etc/postgresql-common/createcluster.conf ] ||
			echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold \
			"${packages[@]}" </dev/null >/dev/null
	fi
}

# The Python packages of the real clients, in e2e/.venv.
install_python_packages() {
	local python stamp hash
	python="$(python_with_venv)" || die 'Python with the venv module is missing (Debian: python3-venv)'
	stamp=e2e/.venv/.installed
	hash="$(hash_of e2e/clients/requirements.txt)"
	if unchanged "$stamp" "$hash"; then return; fi
	say 'Installing Python packages in e2e/.venv'
	rm -rf e2e/.venv
	"$python" -m venv e2e/.venv
	e2e/.venv/bin/python -m pip install --quiet --no-input -r e2e/clients/requirements.txt
	printf '%s' "$hash" >"$stamp"
}
