"""The servers that the other tests rely on do what their tests rely on."""

import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tests.support.mail import MailServer
from tests.support.postgres import Postgres
from tests.support.queue_server import QueueServer

ROOT = Path(__file__).parents[2]


def test_postgresql_answers_and_copies_databases(postgres: Postgres) -> None:
    postgres.create("first")
    with psycopg.connect(postgres.url("first").replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    copy = postgres.create("second", "first")
    with psycopg.connect(copy.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT text FROM note").fetchone() == ("kept",)
    postgres.drop("first")
    postgres.drop("second")


def test_queue_server_remembers_over_a_kill(queue_server: QueueServer) -> None:
    with queue_server.connect() as client:
        client.set("name", "kept")
        client.execute_command("WAITAOF", 1, 0, 5000)
    queue_server.kill()
    with pytest.raises(redis.ConnectionError), queue_server.connect() as client:
        client.ping()
    queue_server.start()
    with queue_server.connect() as client:
        assert client.get("name") == b"kept"


def test_mail_server_keeps_mail_and_refuses_when_told(mail: MailServer) -> None:
    message = EmailMessage()
    message["Subject"] = "Überfällig"
    message["From"], message["To"] = "tidegate@example.org", "mona@example.org"
    message.set_content("The task is overdue.")
    host, port = mail.url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as connection:
        connection.send_message(message)
        mail.refusal = "451 Try later"
        with pytest.raises(smtplib.SMTPDataError):
            connection.send_message(message)
    assert [one.subject for one in mail.to("mona@example.org")] == ["Überfällig"]
    assert mail.received[0].text.strip() == "The task is overdue."


STARTER = """
import sys, time
from pathlib import Path
from tests.support.postgres import Postgres
from tests.support.queue_server import QueueServer
servers = [Postgres(Path(sys.argv[1]) / "pg"), QueueServer(Path(sys.argv[1]) / "valkey")]
for server in servers:
    server.start()
print(*(server.process.pid for server in servers), flush=True)
time.sleep(60)
"""


def test_servers_end_with_a_test_run_that_is_killed(tmp_path: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    with run:
        assert run.stdout is not None
        servers = [psutil.Process(int(word)) for word in run.stdout.readline().split()]
        assert len(servers) == 2
        run.kill()
    _, alive = psutil.wait_procs(servers, timeout=60)
    assert alive == []
