"""An SMTP server that accepts every mail over implicit TLS and forgets it.

Usage: smtp_server.py PORT CERTIFICATE KEY
"""

import asyncio
import ssl
import sys

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP


async def main() -> None:
    port, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Sink(), hostname="server.example"), None, int(port), ssl=context
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
