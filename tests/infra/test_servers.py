"""The servers that the other tests rely on do what their tests rely on."""

import smtplib
from email.message import EmailMessage

import psycopg
import pytest
import redis

from tests.support.mail import MailServer
from tests.support.postgres import Postgres
from tests.support.queue_server import QueueServer


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
