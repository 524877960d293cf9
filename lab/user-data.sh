#!/bin/sh
# The lab's own service: a web server on port 80 that answers with the name of its node, a or b.
set -eu
name=$(hostname)
cat > /usr/local/sbin/say-name <<PY
#!/usr/bin/python3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SayName(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"${name##*-}")

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("", 80), SayName).serve_forever()
PY
chmod 0755 /usr/local/sbin/say-name
cat > /etc/systemd/system/say-name.service <<UNIT
[Unit]
Description=Answers with the name of this node
After=network.target

[Service]
ExecStart=/usr/local/sbin/say-name
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
# What a user lets in where the nodes have a firewall: the service, and all that the nodes say to each other.
subnet=$(ip -4 route show dev eth0 scope link | cut -d ' ' -f 1)
if command -v ufw >/dev/null; then
  ufw allow 80/tcp
  ufw allow from "$subnet"
elif command -v firewall-cmd >/dev/null; then
  firewall-cmd --permanent --add-port=80/tcp
  firewall-cmd --permanent --zone=trusted --add-source="$subnet"
  firewall-cmd --reload
fi
systemctl daemon-reload
systemctl enable --now say-name.service
