/**
 * The ways of Enterprise Linux (TencentOS, OpenCloudOS, Rocky, AlmaLinux, CentOS Stream) on Debian's packages: NetworkManager,
 * firewalld, dnf with a repository of the lab's own, in which keepalived is packed as theirs is, and a login without sbin
 * on its path. apt and dpkg are taken out once all is there.
 */
import { firstBootAfter, type Layer } from "./imageFiles.ts";

/** What their package brings beside the programs: a unit of its own, and a pair of somebody else's as a sample. */
const keepalivedUnit = `[Unit]
Description=LVS and VRRP High Availability Monitor
After=network-online.target syslog.target
Wants=network-online.target

[Service]
Type=forking
PIDFile=/run/keepalived.pid
KillMode=process
EnvironmentFile=-/etc/sysconfig/keepalived
ExecStart=/usr/sbin/keepalived $KEEPALIVED_OPTIONS
ExecReload=/bin/kill -HUP $MAINPID

[Install]
WantedBy=multi-user.target
`;
const keepalivedSample = `! Configuration File for keepalived

vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.168.200.16
    }
}
`;

const spec = `Name: keepalived
Version: %{version}
Release: 1.lab
Summary: High availability monitor, from Debian's build
License: GPLv2+
AutoReqProv: no
%description
keepalived and the libraries that it needs.
%install
cp -a /build/keepalived/. %{buildroot}
%files -f /build/keepalived.files
`;

export const enterpriseLinuxLike: Layer = {
  packages: ["createrepo-c", "dbus", "dnf", "firewalld", "isc-dhcp-client", "netbase", "network-manager", "rpm"],
  files: [
    ...firstBootAfter("NetworkManager.service", "firewalld.service"),
    { path: "/etc/NetworkManager/NetworkManager.conf", mode: 0o644, content: "[main]\n" },
    { path: "/etc/ssh/sshd_config.d/60-path.conf", mode: 0o644, content: "SetEnv PATH=/usr/local/bin:/usr/bin:/bin\n" },
    {
      path: "/etc/yum.repos.d/lab.repo",
      mode: 0o644,
      content: "[lab]\nname=Lab\nbaseurl=http://mirrors.tencentyun.com/SUITE/rpm\ngpgcheck=0\n",
    },
  ],
  units: ["NetworkManager.service", "firewalld.service"],
  setUp: `
    systemctl disable -q systemd-networkd.service systemd-networkd.socket
    rpm=/build/keepalived
    for deb in /build/pool/*.deb; do
      case $deb in */prometheus-*) ;; *) dpkg-deb -x "$deb" $rpm ;; esac
    done
    [ ! -d $rpm/lib ] || { cp -a $rpm/lib/. $rpm/usr/lib/; rm -r $rpm/lib; }
    rm -rf $rpm/usr/share/doc $rpm/usr/share/man $rpm/usr/share/lintian $rpm/etc/init.d $rpm/etc/default
    mkdir -p $rpm/etc/keepalived $rpm/etc/sysconfig
    cat >$rpm/usr/lib/systemd/system/keepalived.service <<'UNIT'
${keepalivedUnit}UNIT
    cat >$rpm/etc/keepalived/keepalived.conf <<'SAMPLE'
${keepalivedSample}SAMPLE
    echo 'KEEPALIVED_OPTIONS="-D"' >$rpm/etc/sysconfig/keepalived
    cat >/build/keepalived.spec <<'SPEC'
${spec}SPEC
    (cd $rpm && find . ! -type d -printf '/%P\n') >/build/keepalived.files
    version=$(dpkg-deb -f /build/pool/keepalived_*.deb Version | sed 's/^.*://; s/[-+].*//')
    rpmbuild --quiet -bb --define '_topdir /build/rpmbuild' --define "version $version" --define 'debug_package %{nil}' \\
      --define '__os_install_post %{nil}' --define '_build_id_links none' /build/keepalived.spec
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    sed -i s/SUITE/$release/ /etc/yum.repos.d/lab.repo
    mkdir -p /build/repository/$release
    mv /build/rpmbuild/RPMS/* /build/repository/$release/rpm
    createrepo_c -q /build/repository/$release/rpm
    rm -rf /var/lib/rpm/* && rpmdb --initdb
    rm -f /usr/bin/apt* /usr/bin/dpkg*
  `,
};
