import base64, hashlib, json, os, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = os.environ.get("NAME", "upstream")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, text, status=200):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket" and self.headers.get("Connection", "").lower() == "upgrade":
            return self.echo()
        if self.path == "/headers":
            return self.answer(json.dumps({k.lower(): v for k, v in self.headers.items()}))
        if self.path.startswith("/slow/"):
            time.sleep(float(self.path.split("/")[2]))
        if self.path.startswith("/status/"):
            return self.answer("the app's own", int(self.path.split("/")[2]))
        if self.path == "/events":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for event in range(3):
                self.wfile.write(f"data: {event}\n\n".encode())
                self.wfile.flush()
                time.sleep(0.5)
            self.close_connection = True
            return
        self.answer(NAME)

    def do_POST(self):
        """Counts the body, sent with a length or in chunks."""
        count = 0
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                count += len(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        else:
            left = int(self.headers.get("Content-Length", "0"))
            while left > 0 and (piece := self.rfile.read(min(left, 1 << 20))):
                left -= len(piece)
                count += len(piece)
        self.answer(json.dumps({"name": NAME, "bytes": count}))

    def echo(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while head := self.rfile.read(2):
            mask, body = self.rfile.read(4), self.rfile.read(head[1] & 0x7F)
            if head[0] & 0x0F == 8:
                return
            plain = bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))
            said = f"{NAME}: ".encode() + plain
            self.wfile.write(bytes([0x81, len(said)]) + said)
            self.wfile.flush()


class Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Server(("", 8080), Handler).serve_forever()
