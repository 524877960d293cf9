"""A web server for notifyUrl."""

import http.server
import json
import threading

import support

TOKEN = "/hooks/T0p-S3cret"


class Receiver:
    """A web server that remembers every POST, and answers as told first."""

    def __init__(self, namespace=None) -> None:
        # Of the next answers the status, or (status, content); 0 closes the connection instead; then 204, or `usual`.
        self.answers = []
        self.usual = 204
        self.posts = []  # (path, headers, content)
        self.taken = []  # contents that were answered with a 2xx
        started = threading.Event()

        def serve():
            if namespace:
                support.enter_namespace(namespace)
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
            self.server.daemon_threads = True
            started.set()
            self.server.serve_forever(poll_interval=0.05)

        threading.Thread(target=serve, daemon=True).start()
        started.wait()
        self.url = "http://127.0.0.1:%d%s" % (self.server.server_port, TOKEN)

    @classmethod
    def of(cls, node):
        """One of a node under test, which its notifyUrl names."""
        receiver = cls(node.namespace)
        node.addCleanup(receiver.close)
        with open(node.etc + "/notify_url", "w") as file:
            file.write(receiver.url + "\n")
        return receiver

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                content = json.loads(body.decode())
                answer = receiver.answers.pop(0) if receiver.answers else receiver.usual
                status, said = answer if isinstance(answer, tuple) else (answer, b"")
                if 200 <= status < 300:
                    receiver.taken.append(content)
                receiver.posts.append((self.path, dict(self.headers), content))
                if status:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(said)

            def log_message(self, *args):
                pass

        return Handler

    def contents(self):
        return [content for _, _, content in list(self.posts)]
