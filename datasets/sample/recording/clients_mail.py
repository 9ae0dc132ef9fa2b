"""Reading mail (IMAP) and sending mail (SMTP), both inside TLS from the first byte."""

import imaplib
import smtplib

from content import MAILS, WORDS, make_mail
from flow import LIMIT, FlowTask

PASSWORD = "open-sesame"  # of every made-up mailbox


def imap(task: FlowTask) -> None:
    user = task.rng.choice(WORDS[:4])
    if task.rng.random() < 0.25:
        number = task.rng.randrange(1, MAILS)
        target = f"imaps://{task.name}:{task.port}/INBOX;MAILINDEX={number}"
        login = ("-u", f"{user}:{PASSWORD}")
        task.call("curl", "-sS", "-o", "/dev/null", "--cacert", task.certificate, *login, target)
        return
    client = imaplib.IMAP4_SSL(task.name, task.port, ssl_context=task.tls_context(), timeout=LIMIT)
    client.login(user, PASSWORD)
    client.select("INBOX")
    for _ in range(task.rng.randrange(1, 7)):
        act_on_mailbox(task, client)
        task.think(0.5)
    client.logout()


def act_on_mailbox(task: FlowTask, client: imaplib.IMAP4_SSL) -> None:
    number = str(task.rng.randrange(1, MAILS))
    action = task.rng.choice(("mail", "mail", "headers", "search", "flags", "noop", "append"))
    if action == "mail":
        client.fetch(number, "(RFC822)")
    elif action == "headers":
        client.fetch(f"1:{number}", "(FLAGS BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])")
    elif action == "search":
        client.search(None, "SUBJECT", task.rng.choice(WORDS))
    elif action == "flags":
        client.store(number, "+FLAGS", "\\Flagged")
    elif action == "append":
        draft = make_mail(task.rng, task.plan.size_scale, 6000)
        client.append("Drafts", None, None, draft.encode())
    else:
        client.noop()


def smtp(task: FlowTask) -> None:
    count = task.rng.choice((1, 1, 1, 2, 3))
    mails = [make_mail(task.rng, task.plan.size_scale) for _ in range(count)]
    kind = task.rng.choice(("curl", "msmtp", "swaks", "python", "python"))
    sender, receiver = "rose@amber.example", "fern@birch.example"
    if kind == "curl":
        mail = task.scratch(mails[0].replace("\n", "\r\n").encode())
        envelope = ("--mail-from", sender, "--mail-rcpt", receiver, "-T", mail)
        address = f"smtps://{task.name}:{task.port}/client.example"
        task.call("curl", "-sS", "--cacert", task.certificate, *envelope, address)
    elif kind == "msmtp":
        server = (f"--host={task.name}", f"--port={task.port}", "--tls=on", "--tls-starttls=off")
        trust = f"--tls-trust-file={task.certificate}"
        task.call("msmtp", *server, trust, f"--from={sender}", receiver, feed=mails[0].encode())
    elif kind == "swaks":
        server = ("--server", task.name, "--port", str(task.port), "--tls-on-connect")
        envelope = ("--helo", "client.example", "--from", sender, "--to", receiver)
        mail = task.scratch(mails[0].encode())
        task.call("swaks", "-S", *server, *envelope, "--data", f"@{mail}")
    else:
        with smtplib.SMTP_SSL(
            task.name, task.port, "client.example", context=task.tls_context(), timeout=LIMIT
        ) as client:
            for mail in mails:
                client.sendmail(sender, [receiver], mail)
                task.think(0.4)
