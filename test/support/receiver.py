"""A web server that prints the content of every POST as a line: receiver.py PORT."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(204)
        self.end_headers()
        print(content, flush=True)

    def log_message(self, *args):
        pass


server = HTTPServer(("", int(sys.argv[1])), Receiver)
print("listening", flush=True)
server.serve_forever()
