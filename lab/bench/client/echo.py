"""Says back what it hears on a TCP port: the server of connections.py. Usage, on a node: echo.py PORT."""
import selectors
import socket
import sys


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", int(sys.argv[1])))
    listener.listen(4096)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            try:
                heard = key.fileobj.recv(4096)
                if heard:
                    key.fileobj.send(heard)
            except OSError:
                heard = b""
            if not heard:
                selector.unregister(key.fileobj)
                key.fileobj.close()


if __name__ == "__main__":
    main()
